"""The table against torch: signatures, shapes, costs, reach, and what backward needs."""

from __future__ import annotations

import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import black
import pytest
import torch
from op_grid import GRID, cases, complete
from op_symbol import Symbol, evaluated
from op_torch import (
    BATCH,
    build,
    express,
    measure,
    module_class,
    names,
    runner,
    signature,
)

from archdsl.ops.op import REQUIRED, SAME, Op, OpError, Size, form, known
from archdsl.ops.rules import scalar
from archdsl.ops.table import ENTRIES, OPS, check_arguments, lookup

NAMES = [op.name for op in ENTRIES]

# Refusals of cases that torch would take, or would take on some inputs only.
STRICTER = {"E230", "E231", "E235", "E237", "E239", "E240", "E244", "E246", "E247", "E248", "E381"}


def entry(name: str) -> Op:
    op = lookup(name)
    assert op is not None
    return op


def accepted(name: str) -> list[tuple[dict[str, Any], tuple[int, ...]]]:
    """The cases of the grid that the table takes."""
    op, kept = entry(name), []
    for args, x in cases(name):
        try:
            op.shape(args, x)
        except OpError:
            continue
        kept.append((dict(args), x))
    return kept


def test_names_and_aliases_are_unique() -> None:
    every = [name for op in ENTRIES for name in (op.name, *op.aliases)]
    assert len(set(every)) == len(every) == len(OPS)
    assert lookup("no_such_op") is None
    assert set(GRID) <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_keywords_and_defaults_are_those_of_the_torch_class(name: str) -> None:
    op = entry(name)
    for args, x in accepted(name):
        torch_form = form(op, args, x)
        if torch_form.module is None:
            assert torch_form.expression is not None
            continue
        assert torch_form.arguments is not None
        parameters = signature(module_class(op, args, x))
        by_name = {parameter.name: parameter for parameter in parameters}
        variadic = any(parameter.kind is parameter.VAR_POSITIONAL for parameter in parameters)
        position = 0
        for argument in torch_form.arguments(args, x):
            if argument.name is None and variadic:
                continue
            taken = by_name[argument.name or parameters[position].name]
            position += argument.name is None
            if argument.default is REQUIRED:
                continue
            if argument.name == "align_corners":
                assert (argument.default, taken.default) == (False, None)  # one and the same
            elif argument.name == "stride" and "kernel" in args and name.endswith("pool"):
                assert (argument.default, taken.default) == (scalar(args["kernel"]), None)
            else:
                assert argument.default == taken.default, (name, argument)


@pytest.mark.parametrize("name", NAMES)
def test_shapes_and_costs_are_torchs(name: str) -> None:
    op = entry(name)
    taken = 0
    for args, x in cases(name):
        try:
            out = op.shape(args, x)
        except OpError as error:
            # torch's interpolation goes down to no pixels at all.
            if error.code not in STRICTER and name != "upsample":
                with pytest.raises((RuntimeError, ValueError, IndexError)):
                    measure(op, args, x, "cpu")  # the meta device lets some pass
            continue
        taken += 1
        costs = (tuple(out), op.params(args, x), op.macs(args, x, out))
        # Without momentum, torch reads its count of batches.
        device = "cpu" if args.get("momentum", 0) is None else "meta"
        assert costs == measure(op, args, x, device), (args, x)
    assert taken


@pytest.mark.parametrize("name", NAMES)
def test_state_is_torchs(name: str) -> None:
    """The keys of the module's state, in their order, and their shapes."""
    op = entry(name)
    for args, x in accepted(name):
        found = op.state(args, x)
        if form(op, args, x).module is None:
            assert not found
            continue
        with torch.device("meta"):
            state = build(op, args, x).state_dict()
        assert list(found.items()) == [(key, tuple(value.shape)) for key, value in state.items()]


@pytest.mark.parametrize("name", NAMES)
def test_good_arguments_pass_their_check(name: str) -> None:
    for args, _ in accepted(name):
        check_arguments(entry(name), args)


@pytest.mark.parametrize("name", [op.name for op in ENTRIES if op.torch.expression])
def test_function_form_equals_module(name: str) -> None:
    op = entry(name)
    compared = 0
    for args, x in accepted(name):
        torch_form = form(op, args, x)
        if torch_form.expression is None:
            continue
        torch.manual_seed(0)
        values = {
            p.name: torch.rand(BATCH, *args[p.name])
            for p in op.parameters
            if p.type == "value" and args[p.name] is not None
        }
        known_names = names(torch_form.helper)
        a, b = torch.rand(BATCH, *x), torch.rand(BATCH, *x)
        known_names.update(values, x=a + b, a=a, b=b)
        short = eval(express(op, args, x, "x"), known_names)
        if name != "identity":
            assert torch.equal(short, eval(express(op, args, x, "(a + b)"), known_names))
        assert tuple(short.shape[1:]) == tuple(op.shape(args, x))
        if torch_form.module is None:
            continue
        compared += 1
        assert torch.equal(short, build(op, args, x)(a + b)), (args, x)
    assert compared or op.torch.module is None


LOCAL_OPS = [op.name for op in ENTRIES if op.rank != 1]
# These take statistics over the whole map, and count as local: the input's mean carries no place.
STATISTICS = {"instance_norm", "group_norm"}
HIDES_NAN = {"sign"}


SIDE, OTHER = 72, 15  # of the probed map: along the axis in question, and across


def footprint(op: Op, args: Any, axis: int) -> list[tuple[int, int]]:
    """For each output pixel along an axis, the first and last input pixel that it depends on.

    One sample for each place along the axis, with NaN there: outputs that are NaN depend on it.
    """
    sides = (SIDE, OTHER) if axis == 0 else (OTHER, SIDE)
    module = build(op, args, (8, *sides)).double().eval()
    x = torch.rand(SIDE, 8, *sides, dtype=torch.float64) + 0.5
    for place in range(SIDE):
        x[place].select(axis + 1, place).fill_(torch.nan)
    touched = module(x).isnan().any(1).any(2 - axis)
    spans = []
    for pixel in range(touched.shape[1]):
        places = touched[:, pixel].nonzero().flatten().tolist()
        spans.append((places[0], places[-1]) if places else (-1, -1))
    return spans


def is_size(value: Any) -> bool:
    return isinstance(value, Size)


def local_cases(name: str) -> list[dict[str, Any]]:
    op, kept = entry(name), []
    for args, x in accepted(name):
        if len(x) != 3 or op.window(args) is None or form(op, args, x).module is None:
            continue
        if args in kept or args.get("axis", 0) not in (0, -3) or args.get("last"):
            continue
        if args.get("pad_mode", "zeros") != "zeros" or name in ("crop", "pad"):
            continue  # the borders repeat other places
        if args.get("keep") is False:
            continue  # no map leaves
        if args.get("track") is False:
            continue  # statistics of the batch, in evaluation too
        if args.get("align_corners") or (args.get("mode") == "bicubic" and is_size(args["factor"])):
            continue  # a stride that is only nearly in/out; weights of 0, which let NaN through
        kept.append(args)
    return kept[:12]


@pytest.mark.parametrize("name", [name for name in LOCAL_OPS if name not in STATISTICS | HIDES_NAN])
def test_windows_are_the_footprint(name: str) -> None:
    op = entry(name)
    for args in local_cases(name):
        window = op.window(args)
        assert window is not None
        for axis in (0, 1):
            try:
                op.shape(args, (8, SIDE, OTHER) if axis == 0 else (8, OTHER, SIDE))
            except OpError:
                continue
            extent, stride = window.extent[axis], Fraction(window.stride[axis])
            inner = {
                pixel: (low, high - low + 1)
                for pixel, (low, high) in enumerate(footprint(op, args, axis))
                if low >= extent and high < SIDE - extent
            }
            assert max(width for _, width in inner.values()) == extent, (name, args, axis)
            period = stride.denominator
            steps = {
                inner[pixel + period][0] - low
                for pixel, (low, _) in inner.items()
                if pixel + period in inner
            }
            assert steps == {stride.numerator}, (name, args, axis)


@pytest.mark.parametrize("name", NAMES)
def test_shape_rules_run_on_symbols(name: str) -> None:
    op = entry(name)
    for args, x in accepted(name):
        out = tuple(op.shape(args, x))
        sizes = tuple(Symbol(str(axis), size) for axis, size in enumerate(x))
        assert evaluated(op.shape(args, sizes)) == out, (args, x)

        unknown = {key: symbolic(key, value) for key, value in args.items()}
        if "ceil" in args or "axis" in args or "axes" in args or "start" in args:
            continue  # those must be plain
        if name in ("permute", "transpose", "select"):
            continue
        assert evaluated(op.shape(unknown, sizes)) == out, (args, x)


def symbolic(name: str, value: Any) -> Any:
    if isinstance(value, Size):
        return Size(Symbol(f"{name}.h", value[0]), Symbol(f"{name}.w", value[1]))
    if isinstance(value, int) and not isinstance(value, bool):
        return Symbol(name, value)
    return value


@pytest.mark.parametrize("name", NAMES)
def test_arguments_run_on_symbols(name: str) -> None:
    op = entry(name)
    for args, x in accepted(name):
        sizes = tuple(Symbol(str(axis), size) for axis, size in enumerate(x))
        torch_form, concrete = form(op, args, sizes), form(op, args, x)
        assert (torch_form.module, torch_form.helper) == (concrete.module, concrete.helper)
        if torch_form.arguments is None or concrete.arguments is None:
            continue
        ours = [a.value for a in torch_form.arguments(args, sizes)]
        theirs = [a.value for a in concrete.arguments(args, x)]
        assert [evaluated(value) for value in ours] == [evaluated(value) for value in theirs]


def test_same_padding_of_symbolic_kernels() -> None:
    conv = entry("conv")
    assert conv.torch.arguments is not None

    def padding(**given: Any) -> Any:
        args = complete(conv, width=8, pad=SAME, **given)
        assert conv.torch.arguments is not None
        (found,) = [a for a in conv.torch.arguments(args, (8, 9, 9)) if a.name == "padding"]
        return found.value

    kernel, dilation = Symbol("kernel", 5), Symbol("dilation", 3)
    assert str(padding(kernel=kernel)) == "(kernel // 2)"
    assert str(padding(kernel=3, dilation=dilation)) == "dilation"
    assert str(padding(kernel=5, dilation=dilation)) == "(dilation * 2)"
    assert str(padding(kernel=kernel, dilation=2)) == "((2 * (kernel - 1)) // 2)"
    assert padding(kernel=Size(1, 7)) == Size(0, 3)
    assert padding(kernel=Size(3, 3)) == 1


@pytest.mark.parametrize("name", NAMES)
def test_saves_output_is_what_backward_says(name: str) -> None:
    """An in-place change of the output breaks backward where the entry says so, and only there."""
    op, broken = entry(name), False
    for args, x in accepted(name):
        torch.manual_seed(0)
        stream = torch.rand(BATCH, *x, requires_grad=True) - 0.5
        runs = [runner(op, args, x)]
        if op.inplace:
            module: Any = build(op, args, x)
            module.inplace = True
            runs.append(module)
        for run in runs:
            try:
                out = run(stream * 1)
            except ValueError:  # batch norm of one value
                continue
            if not out.requires_grad:
                continue
            out.relu_()
            try:
                out.sum().backward(retain_graph=True)
            except RuntimeError:
                broken = True
    assert broken == op.saves_output


@pytest.mark.parametrize("name", [op.name for op in ENTRIES if op.activation])
def test_inplace_is_what_the_class_takes(name: str) -> None:
    op = entry(name)
    args, x = accepted(name)[0]
    parameters = {parameter.name for parameter in signature(module_class(op, args, x))}
    assert op.inplace == ("inplace" in parameters)


@pytest.mark.parametrize("name", [op.name for op in ENTRIES if op.torch.module])
def test_stateful_is_what_the_module_holds(name: str) -> None:
    op = entry(name)
    random_ops = {"dropout", "dropout2d", "alpha_dropout", "stochastic_depth", "rrelu"}
    holds = any(
        bool(list(module.parameters()) + list(module.buffers()))
        for args, x in accepted(name)
        if form(op, args, x).module is not None
        for module in [build(op, args, x)]
    )
    assert op.stateful == (holds or name in random_ops)


HELPERS = sorted(
    {
        helper
        for name in NAMES
        for args, x in accepted(name)
        if (helper := form(entry(name), args, x).helper)
    }
)


@pytest.mark.parametrize("helper", HELPERS, ids=lambda source: source.split("(")[0].split()[-1])
def test_helpers_are_formatted(helper: str) -> None:
    assert black.format_str(helper, mode=black.Mode(line_length=88)) == helper
    assert '"""' in helper.splitlines()[1]


def expressions() -> list[str]:
    """Every function form, as a typed function."""
    functions = {}
    for name in NAMES:
        for args, x in accepted(name):
            if form(entry(name), args, x).expression is not None:
                for stream in ("x", "(x + x)"):
                    source = express(entry(name), args, x, stream)
                    functions[source] = None
    head = "def f{}(x: Tensor, k: Tensor, like: Tensor) -> Tensor:\n    return {}\n"
    return [head.format(index, source) for index, source in enumerate(functions)]


@pytest.mark.slow
def test_helpers_and_function_forms_pass_a_strict_type_check(tmp_path: Path) -> None:
    head = "import math\nfrom collections.abc import Sequence\n\nimport torch\nimport torch.nn.functional as F\n"
    text = "\n\n".join([head + "from torch import Tensor, nn\n", *HELPERS, *expressions()])
    (tmp_path / "forms.py").write_text(text)
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path / "cache")]
    done = subprocess.run(
        [*command, "forms.py"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def test_stochastic_depth_keeps_the_mean_and_whole_samples() -> None:
    op = entry("stochastic_depth")
    torch.manual_seed(0)
    x = torch.ones(2000, 3, 2, 2)
    rows = build(op, {"p": 0.25, "mode": "row"}, (3, 2, 2))(x)
    kept = rows.flatten(1)
    assert set(kept.unique().tolist()) == {0.0, float(torch.tensor(1.0) / torch.tensor(0.75))}
    assert bool((kept == kept[:, :1]).all())
    assert float(kept.mean()) == pytest.approx(1, abs=0.05)
    batch = build(op, {"p": 0.5, "mode": "batch"}, (3, 2, 2))(x)
    assert len(batch.unique()) == 1
    assert not build(op, {"p": 1, "mode": "row"}, (3, 2, 2))(x).any()
    assert torch.equal(build(op, {"p": 0.5, "mode": "row"}, (3, 2, 2)).eval()(x), x)


def test_symbols_are_not_known() -> None:
    assert not known(Symbol("n", 3))
    assert known(3, Size(1, 2))


@pytest.mark.parametrize("name", [op.name for op in ENTRIES if op.pointwise])
def test_pointwise_ops_need_no_batch(name: str) -> None:
    """A tensor without a batch becomes what it would as the one sample of a batch."""
    op = entry(name)
    for args, x in accepted(name):
        torch.manual_seed(0)
        module = None if form(op, args, x).module is None else build(op, args, x).eval()
        values = {p.name: torch.rand(args[p.name]) for p in op.parameters if p.type == "value"}
        tensor = torch.rand(x)

        def run(value: Any, given: dict[str, Any]) -> Any:
            if module is not None:  # noqa: B023
                return module(value)  # noqa: B023
            return eval(express(op, args, x, "x"), names() | given | {"x": value})  # noqa: B023

        batched = run(tensor[None], {key: value[None] for key, value in values.items()})
        assert torch.equal(run(tensor, values), batched[0]), (args, x)

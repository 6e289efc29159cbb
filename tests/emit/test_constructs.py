"""Every construct of the language in a small spec: its text, and what the text does."""

from __future__ import annotations

import copy
import functools
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from emit_text import (
    CONSTRUCTS,
    HERE,
    Emitted,
    emitted,
    images,
    meta,
    module_of,
    results_of,
    specs_in,
)
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from archdsl.ir.design import Design

PATHS = specs_in(CONSTRUCTS)


def stem(path: str) -> str:
    return os.path.splitext(os.path.basename(path))[0]


@pytest.fixture(params=PATHS, ids=stem)
def spec(request: pytest.FixtureRequest) -> Emitted:
    return emitted(request.param)


@pytest.mark.parametrize("path", PATHS, ids=stem)
def test_text(path: str, golden: Callable[[str, Path], None]) -> None:
    golden(emitted(path).text, Path(HERE, "goldens", f"{stem(path)}.py"))


def test_no_golden_is_left_over() -> None:
    goldens = {path.stem for path in Path(HERE, "goldens").glob("*")}
    assert goldens == {stem(path) for path in PATHS}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All texts as files."""
    folder = tmp_path_factory.mktemp("constructs")
    for path in PATHS:
        (folder / f"{stem(path)}.py").write_text(emitted(path).text, encoding="utf-8")
    return folder


def test_constants_hold_their_lists() -> None:
    model = module_of(emitted(os.path.join(CONSTRUCTS, "tensors.arch")).text).tensors(n=3)
    assert model.bits.bits.tolist() == [[1, 0, 1], [0, 1, 0], [0, 1, 1]]
    assert model.bits.places.tolist() == [[1, 2, 4]]
    assert model.bits.units.tolist() == torch.eye(3).tolist()


def test_rules_of_init_find_their_places() -> None:
    module = module_of(emitted(os.path.join(CONSTRUCTS, "initialised.arch")).text)
    values = {
        "conv": (2, 1),
        "side.reduce": (2, 1),
        "side.fc": (3, 0),
        "features.0.conv1": (1, None),
        "features.1": (1, 0),
        "fc": (0.5, 0),
    }
    for model, absent in ((module.placed(), ()), (module.placed_alone(), ("side.",))):
        state = model.state_dict()
        for path, (weight, bias) in values.items():
            if path.startswith(absent):
                assert f"{path}.weight" not in state
                continue
            assert (state[f"{path}.weight"] == weight).all(), path
            if bias is not None:
                assert (state[f"{path}.bias"] == bias).all(), path


BIASES = """\
block Head(op, bias) { flatten -> op(8) -> relu -> linear(10, bias=bias) }
model M: [3, 4, 4] -> [10] {
    OP
    init { linear: zeros, bias=1 }
}
variant m = M()
"""


@pytest.mark.parametrize(
    ("op", "lacks"),
    [
        ("flatten -> linear(10)", False),
        ("flatten -> linear(10, bias=true)", False),
        ("flatten -> linear(8, bias=false) -> relu -> linear(10)", True),
        ("Head(linear, true)", True),
        ("conv(8, 3x3, bias=false) -> flatten -> linear(10)", False),
    ],
)
def test_bias_is_asked_for_where_a_layer_may_lack_it(op: str, lacks: bool, tmp_path: Path) -> None:
    text = BIASES if "Head" in op else "".join(BIASES.splitlines(keepends=True)[1:])
    spec = tmp_path / "m.arch"
    spec.write_text(text.replace("OP", op), encoding="utf-8")
    found = emitted(str(spec)).text
    assert ("if module.bias is not None:" in found) is lacks
    assert module_of(found).m()


@pytest.mark.parametrize(
    "command",
    [
        ("black", "--check", "--quiet", "--line-length", "88"),
        ("ruff", "check", "--isolated", "--no-cache", "--select", "E,F,W,I,UP,B,C4,SIM"),
        pytest.param(
            ("mypy", "--strict", "--no-incremental", "--config-file="), marks=pytest.mark.slow
        ),
    ],
    ids=["black", "ruff", "mypy"],
)
def test_reads_as_written_by_hand(folder: Path, command: tuple[str, ...]) -> None:
    files = sorted(map(str, folder.glob("*.py")))
    done = subprocess.run(
        [sys.executable, "-m", *command, *files], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_figures_are_torchs(spec: Emitted) -> None:
    """Parameters, multiply-adds and output shapes are those that the checker announces."""
    module = module_of(spec.text)
    for design in spec.designs:
        model = meta(getattr(module, design.name)).eval()
        assert sum(parameter.numel() for parameter in model.parameters()) == design.params
        with FlopCounterMode(display=False) as counter, torch.no_grad():
            result = results_of(model(*images(design, 1, "meta")))
        assert counter.get_total_flops() == 2 * design.macs
        assert [tuple(part.shape[1:]) for part in result] == [shape for _, shape in design.outputs]


def test_leaves_are_the_checkers(spec: Emitted) -> None:
    """Every module that the checker names is there, makes what it says, and no other has weights."""
    module = module_of(spec.text)
    for design in spec.designs:
        model = meta(getattr(module, design.name)).eval()
        leaves = {
            name: child
            for name, child in model.named_modules()
            if type(child).__module__.startswith("torch.") and not list(child.children())
            if not isinstance(child, nn.Sequential)
        }
        seen: dict[str, list[tuple[int, ...]]] = {}

        def keep(name: str, child: nn.Module, given: Any, output: Tensor) -> None:
            seen.setdefault(name, []).append(tuple(output.shape[1:]))  # noqa: B023

        for name, child in leaves.items():
            child.register_forward_hook(functools.partial(keep, name))
        with torch.no_grad():
            model(*images(design, 1, "meta"))
        checked: dict[str, list[tuple[int, ...]]] = {}
        for step in design.walk():
            if step.path in leaves and not step.aux:
                checked.setdefault(step.path, []).append(step.outputs[0])
        assert seen == checked
        known = {step.path for step in design.walk()}
        assert all(name in known for name, child in leaves.items() if list(child.parameters()))


def run(
    text: str, design: Design, train: bool
) -> tuple[tuple[Tensor, ...], dict[str, Tensor], dict[str, Tensor]]:
    """Outputs, gradients and buffers after a step; inputs are left as they were."""
    torch.manual_seed(0)
    model = getattr(module_of(text), design.name)().train(train)
    given = images(design, 4)
    kept = copy.deepcopy(given)
    torch.manual_seed(1)
    outputs = results_of(model(*given))
    assert all(torch.equal(one, other) for one, other in zip(given, kept))
    loss = torch.stack([output.square().mean() + output.sum() for output in outputs]).sum()
    loss.backward()  # type: ignore[no-untyped-call]
    gradients = {
        name: parameter.grad
        for name, parameter in model.named_parameters()
        if parameter.grad is not None
    }
    assert train <= (gradients.keys() == dict(model.named_parameters()).keys())
    return outputs, gradients, dict(model.named_buffers())


def without_inplace(text: str) -> str:
    return re.sub(r"(,\s*)?inplace=True", "", text)


@pytest.mark.parametrize("train", [False, True], ids=["eval", "train"])
def test_in_place_changes_nothing(spec: Emitted, train: bool) -> None:
    """Forward and backward run, and give what they would if nothing worked in place."""
    for design in spec.designs:
        outputs, gradients, buffers = run(spec.text, design, train)
        assert all(bool(torch.isfinite(output).all()) for output in outputs)
        others = run(without_inplace(spec.text), design, train)
        assert all(torch.equal(one, other) for one, other in zip(outputs, others[0], strict=True))
        _equal(gradients, others[1])
        _equal(buffers, others[2])


def _equal(left: dict[str, Tensor], right: dict[str, Tensor]) -> None:
    assert left.keys() == right.keys()
    assert [name for name in left if not torch.equal(left[name], right[name])] == []


def test_several_activations_are_in_place() -> None:
    """Or the comparison above would compare a text with itself."""
    texts = [emitted(path).text for path in PATHS]
    assert sum("inplace=True" in text for text in texts) > 10
    assert all("inplace" not in without_inplace(text) for text in texts)


ARGUMENTS = [
    ("steps", "steps", {"in_channels": 3}, [(3, 28, 28)], (10,)),
    ("steps", "steps", {"num_classes": 7}, [(1, 28, 28)], (7,)),
    ("blocks", "separable", {"in_channels": 5}, [(5, 20, 24)], (10,)),
    ("value_families", "u_shape", {"in_channels": 1}, [(1, 32, 16)], (1, 32, 16)),
    ("residuals", "residuals", {"in_channels": 4}, [(4, 17, 19)], (10,)),
    ("merges", "merges", {"in_channels": 2}, [(2, 9, 9)], (10,)),
    ("loops", "loops", {"in_channels": 1}, [(1, 64, 40)], (10,)),
    ("side_heads", "side_heads", {"num_classes": 3}, [(3, 48, 48)], (3,)),
]


@pytest.mark.parametrize(("name", "factory", "arguments", "inputs", "output"), ARGUMENTS)
def test_other_arguments_and_sizes(
    name: str,
    factory: str,
    arguments: dict[str, Any],
    inputs: list[tuple[int, ...]],
    output: tuple[int, ...],
) -> None:
    """Channels, classes and sizes that no variant has."""
    module = module_of(emitted(os.path.join(CONSTRUCTS, f"{name}.arch")).text)
    model = meta(getattr(module, factory), **arguments).eval()
    (result,) = results_of(model(*(torch.empty(2, *shape, device="meta") for shape in inputs)))
    assert tuple(result.shape) == (2, *output)

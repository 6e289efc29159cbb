"""What each construct does to shapes, paths and figures."""

from __future__ import annotations

import pytest
import torch
from analysis_text import RESNET, body, design, designs, finding, findings, program, steps

from archdsl.analysis.elaborate import Session, elaborate
from archdsl.diagnostics import Bag
from archdsl.ir import program as p
from archdsl.ir.design import Callee, Design


def _shapes(found: Design) -> list[tuple[str, str, tuple[int, ...]]]:
    return [(step.path, step.op, step.output) for step in found.walk()]


def test_chain_and_names() -> None:
    found = body("conv(4, 3x3, stride=2) -> bn -> relu -> head1: conv(2, 1x1)")
    assert _shapes(found) == [
        ("conv", "conv", (4, 8, 8)),
        ("bn", "bn", (4, 8, 8)),
        ("relu", "relu", (4, 8, 8)),
        ("head1", "conv", (2, 8, 8)),
    ]
    assert found.outputs == ((None, (2, 8, 8)),)
    assert found.params == 4 * 8 * 9 + 8 + 2 * 4 + 2


def test_bias_goes_where_a_norm_follows() -> None:
    with_norm = steps(body("conv(4, 1x1) -> bn"))["conv"]
    without = steps(body("conv(4, 1x1) -> relu"))["conv"]
    assert (with_norm.params, without.params) == (32, 36)
    assert with_norm.arguments["bias"] is False


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("conv(8, 1x1)", "conv(8, 1x1)"),
        ("conv(8, 1x1)", "conv(1, 1x1)"),
        ("conv(8, 1x1)", "global_avgpool"),
        ("conv(1, 1x1)", "global_avgpool"),
        ("flatten", "flatten"),
    ],
)
@pytest.mark.parametrize("op", ["sum", "mul", "mean"])
def test_elementwise_merges_broadcast_as_torch(op: str, first: str, second: str) -> None:
    text = f"model M: [8, 16, 16] -> [{'_' if 'flatten' in first else '_, _, _'}]"
    found = design(f"{text} {{ {op} {{ {first}; {second} }} }}\nvariant m = M()\n")
    shapes = [step.output for step in found.walk()][:2]
    tensors = [torch.empty(2, *shape, device="meta") for shape in shapes]
    assert found.outputs[0][1] == tuple((tensors[0] + tensors[1]).shape[1:])


def test_merges_without_branches() -> None:
    found = body("split(2) as (a, b)\nfrom (b, a, in) -> concat")
    assert found.outputs[0][1] == (16, 16, 16)
    *_, last = found.walk()
    assert last.operands == ((0, 1), (0, 0), (-1, 0))


def test_arithmetic_over_values_and_tensors() -> None:
    text = "param gain [8, 1, 1] = ones\nconst rest [1] = 0.5\nfrom gain * in + (1 - rest) * in"
    found = body(text)
    ops = [(step.op, step.output) for step in found.walk()]
    assert ops == [
        ("param", (8, 1, 1)),
        ("const", (1,)),
        ("mul", (8, 16, 16)),
        ("sub", (1,)),
        ("mul", (8, 16, 16)),
        ("add", (8, 16, 16)),
    ]
    assert (found.params, found.totals.buffers) == (8, 1)


def test_residual_projects_by_channels_and_stride_only() -> None:
    text = RESNET + "variant tiny = ResNet(Basic, [1, 1, 1, 1])\n"
    normal = {item.name: item for item in designs(text)}["tiny"]
    small = {item.name: item for item in designs(text, (3, 1, 1))}["tiny"]
    assert small.overridden and not normal.overridden
    assert small.params == normal.params
    projected = [step.path for step in small.walk() if step.path.endswith("downsample.0")]
    assert projected == [f"layer{n}.0.downsample.0" for n in (2, 3, 4)]


@pytest.mark.parametrize(
    ("skip", "ops"),
    [
        ("skip none", ["conv"]),
        ("skip identity if false", ["conv"]),
        ("skip identity if true", ["conv", "add"]),
        ("skip { relu }", ["conv", "relu", "add"]),
        ("skip identity else { relu }", ["conv", "add"]),
    ],
)
def test_forms_of_skip(skip: str, ops: list[str]) -> None:
    assert [step.op for step in body(f"residual {{ conv(8, 3x3) }} {skip}").walk()] == ops


def test_scaled_residual() -> None:
    found = body("residual(scale=0.1) { conv(8, 3x3) }")
    assert [step.op for step in found.walk()] == ["conv", "scale", "add"]
    assert [step.operands for step in found.walk()] == [((-1, 0),), ((0, 0),), ((1, 0), (-1, 0))]


def test_values_of_the_body_are_seen_by_the_skip() -> None:
    text = (
        "residual { bn -> active: relu -> conv(16, 3x3) } "
        "skip identity else { from active -> conv(16, 1x1) }"
    )
    found = list(body(text).walk())
    assert found[3].operands == ((1, 0),)


def test_a_let_of_the_file_holds_a_block_or_op() -> None:
    more = "let ACT = silu\nblock Unit(act = ACT) { conv(4, 1x1) -> act }"
    assert [step.op for step in body("Unit -> Unit(relu)", more=more).walk()] == [
        *("conv", "silu"),
        *("conv", "relu"),
    ]


def test_families_are_lists() -> None:
    family = "for i in range(3) { conv(2 * (i + 1), 1x1) as xs[i] }\n"
    for given, channels in [("xs", 12), ("xs[1:]", 10), ("xs[:-1]", 6), ("xs[::2]", 8)]:
        assert body(f"{family}from {given} -> concat").outputs == ((None, (channels, 16, 16)),)
    assert body(f"{family}from xs[-2] -> relu").outputs[0][1] == (4, 16, 16)
    pair = "block Pair in (a, bs[]) -> (c) { from bs -> concat as b; from (a, b) -> concat as c }"
    assert body(f"{family}from (in, xs) -> Pair", more=pair).outputs[0][1] == (20, 16, 16)


def test_split_and_join() -> None:
    found = body("split([2, 6]) { conv(3, 1x1); relu }")
    assert found.outputs[0][1] == (9, 16, 16)
    assert body("split(2, join=sum) { relu; relu }").outputs[0][1] == (4, 16, 16)


def test_paths_in_containers() -> None:
    more = "sequence S { conv(4, 1x1) -> bn; last: relu }\nblock B { S -> S }"
    found = body(
        "stage a { conv(4, 1x1, bias=false) -> { bn -> relu }; x: B }\nlayers: B * 2\ng: { relu }",
        more=more,
    )
    paths = list(dict.fromkeys(step.path for step in found.walk()))
    assert paths[:4] == ["a.0", "a.1.0", "a.1.1", "a.x.s1.0"]
    assert "layers.1.s2.last" in paths
    assert paths[-1] == "g.0"


def test_loops_in_a_class_make_families() -> None:
    found = body(
        "for w in [4, 6] { conv(w, 1x1) -> relu }\nfor i in range(2) { c[i]: conv(8, 1x1) }"
    )
    paths = [(step.path, step.output[0]) for step in found.walk() if step.op == "conv"]
    assert paths == [("conv.0", 4), ("conv.1", 6), ("c.0", 8), ("c.1", 8)]


def test_computed_labels() -> None:
    found = body('stage s { for i in range(3) { "block{i + 1}": relu } }')
    assert [step.path for step in found.walk()] == ["s.block1", "s.block2", "s.block3"]


def test_families_of_values() -> None:
    text = "for i in range(3) { conv(i + 1, 1x1) as x[i] }\nfrom (x[2], x[0]) -> concat"
    assert body(text).outputs[0][1] == (4, 16, 16)


def test_branches_made_by_loops_and_conditions() -> None:
    text = "concat { for w in [1, 2, 3] { conv(w, 1x1) }\n if true { relu } else { bn } }"
    found = body(text)
    assert found.outputs[0][1] == (14, 16, 16)
    assert [step.path for step in found.walk()][:3] == ["conv.0", "conv.1", "conv.2"]


def test_blocks_with_several_inputs_and_outputs() -> None:
    more = (
        "block Cell(w) in (prev, cur) -> (out, cur) {\n"
        "    from prev -> conv(w, 1x1) as a\n    from a + cur -> relu as out\n}"
    )
    found = body("from (in, in) -> Cell(8) * 3 as (x, y)\nfrom x", more=more)
    assert found.outputs[0][1] == (8, 16, 16)
    assert found.totals.convs == 3
    assert found.depth == 3


def test_lists_of_values() -> None:
    more = (
        "block Pyramid(w) in (c[]) -> (p[]) { "
        "for i in range(len(c)) { from c[i] -> conv(w, 1x1) as p[i] } }"
    )
    found = body("from [in, in, in] -> Pyramid(2) -> concat", more=more)
    assert found.outputs[0][1] == (6, 16, 16)


def test_recursive_blocks() -> None:
    more = "block Tree(n, w) { if n > 0 { sum { Tree(n - 1, w); conv(w, 3x3) } } else { relu } }"
    found = body("Tree(5, 8)", more=more)
    assert (found.totals.convs, found.depth) == (5, 1)


def test_shared_modules_count_once_and_run_each_time() -> None:
    found = body("share c = conv(8, 3x3)\nc -> c -> c")
    once = 8 * 8 * 9 + 8
    assert (found.params, found.macs, found.depth) == (once, 3 * 8 * 8 * 9 * 256, 3)
    assert [(step.path, step.params) for step in found.walk()] == [
        ("c", once), ("c", 0), ("c", 0),
    ]  # fmt: skip


def test_shared_blocks_count_once() -> None:
    more = "block B { conv(8, 3x3) -> bn }"
    found = body("share c = B\nc -> c", more=more)
    assert found.params == 8 * 8 * 9 + 16
    assert sum(step.params for step in found.walk()) == found.params


def test_blocks_and_ops_as_arguments() -> None:
    more = (
        "block U(w, act = relu, norm = none) { conv(w, 1x1, bias=false) -> norm -> act }\n"
        "block Twice(unit, w) { unit(w) -> unit(w) }"
    )
    found = body("Twice(U(act=sigmoid, norm=bn), 4) -> Twice(conv(kernel=3x3), 2)", more=more)
    ops = [step.op for step in found.walk()]
    assert ops == ["conv", "bn", "sigmoid"] * 2 + ["conv"] * 2
    assert list(found.walk())[-1].output == (2, 16, 16)


def test_defaults_may_use_what_stands_before() -> None:
    more = "block B(w, inner = w * 2, out = inner + 1) { conv(inner, 1x1) -> conv(out, 1x1) }"
    assert [step.output[0] for step in body("B(3)", more=more).walk()] == [6, 7]


def test_models_as_steps_and_taps() -> None:
    text = RESNET.split("variant")[0] + (
        "model D: [3, 64, 64] -> [_, _, _] {\n"
        "    ResNet(Basic, [1, 1, 1, 1]) tap (layer2, layer4) as (c3, c5)\n    from c3 }\n"
        "variant d = D()\n"
    )
    found = design(text)
    assert found.outputs[0][1] == (128, 8, 8)
    assert not any(step.op == "linear" for step in found.walk())


def test_models_with_several_inputs_and_outputs() -> None:
    found = design(
        "model M: (left: [3, 8, 8], right: [5, 8, 8]) -> (same: [8, 8, 8], kind: [4]) {\n"
        "    from (left, right) -> concat as same\n"
        "    from same -> flatten -> linear(4) as kind\n}\nvariant m = M()\n"
    )
    assert found.inputs == (("left", (3, 8, 8)), ("right", (5, 8, 8)))
    assert found.outputs == (("same", (8, 8, 8)), ("kind", (4,)))


def test_names_of_dimensions() -> None:
    found = design(
        "model M(n = 2): [3, h: 8, w: 4] -> [_, h // n, w // n] { conv(h, 1x1) -> avgpool(2x2) }\n"
        "variant m = M()\n"
    )
    assert found.outputs[0][1] == (8, 4, 2)


def test_externs() -> None:
    text = (
        'extern Same(p) = "lib.module:Same" shape same\n'
        'extern Twice(n) = "lib.module:Twice" shape [n * in.channels, in.height, in.width]\n'
    )
    found = body("Same(0.1) -> t: Twice(2)", more=text)
    assert _shapes(found) == [("same", "Same", (8, 16, 16)), ("t", "Twice", (16, 16, 16))]


def test_receptive_fields_that_are_not_square() -> None:
    found = body("conv(4, 1x7) -> conv(4, 3x1, stride=2) -> conv(4, 3x3)")
    assert found.receptive_field == (7, 11)


def test_receptive_field_of_gates_and_enlarged_maps() -> None:
    gated = body("conv(8, 3x3) as x\nglobal_avgpool -> conv(8, 1x1) -> sigmoid as g\nfrom x * g")
    assert gated.receptive_field == (3, 3)
    shape = body("maxpool(2x2) -> conv(8, 3x3) -> upsample(2) -> conv(8, 3x3)")
    assert shape.receptive_field[0] >= 2 + 4 + 2


def test_an_other_input() -> None:
    text = (
        "model M: [3, 32, 32] -> [10] { stage s -> [8, 16, 16] { conv(8, 3x3, stride=2) }\n"
        "    global_avgpool -> flatten -> linear(10) }\nvariant m = M() expect { macs: 55_376 }\n"
    )
    (found,) = designs(text, (3, 20, 24))
    assert found.overridden and "not the declared one" in found.notes[0]
    assert steps(found)["s.0"].output == (8, 10, 12)
    assert [
        item.code for item in findings(text.replace("-> [8, 16", "-> [9, 16"), (3, 20, 24))
    ] == ["E413"]


def test_what_is_stated_of_an_other_input_holds() -> None:
    """Only numbers are about the declared input: names of sizes are about any."""
    half = "maxpool(2x2)\n let low = h // 2\n identity -> %s\n upsample(2) -> conv(2, 1x1)"
    text = f"model M: [3, h: 64, w: 64] -> [2, %s] {{ {half} }}\nvariant m = M()\n"
    right = text % ("h, w", "[3, 32, 32] -> [3, low, w // 2] -> [_, in.height // 2, 32]")
    assert designs(right, (3, 100, 48))[0].outputs[0][1] == (2, 100, 48)
    for output, inner, wanted in [
        ("«h», w", "relu", "[2, 100, 100] arrives"),
        ("64, 64", "[3, low, «(w + 1) // 2»]", ""),
        ("64, 64", "identity\n let up = low + 1; identity -> [3, «up», 32]", ""),
        ("64, 64", "[3, _, «in.width - 50»]", ""),
    ]:
        found = finding(text % (output, inner), (3, 101, 101))
        assert found.code == "E413"
        assert wanted in found.label.text


def test_instances_are_shared() -> None:
    found = {item.name: item for item in designs(RESNET)}["resnet50"]
    names = [entry.definition.name for entry in found.instances()]
    assert names.count("Bottleneck") == 8
    assert names[-1] == "ResNet"
    spec = program(RESNET)
    session = Session(spec, Bag())
    both = [elaborate(spec, variant, None, Bag(), session) for variant in spec.variants[:1] * 2]
    assert both[0] is not None and both[1] is not None and both[0].root is both[1].root


def test_work_does_not_grow_with_repeats() -> None:
    text = RESNET.split("variant")[0] + "variant m = ResNet(Bottleneck, [%d, 4, 6, 3])\n"
    few, many = design(text % 3), design(text % 300)
    assert len(list(few.instances())) == len(list(many.instances()))
    assert many.totals.nodes > 1_000


def test_observations() -> None:
    more = "block B(unit, n) { repeat n as i { if i > 0 { unit(i * 2, 1x1) } } }"
    found = body("B(conv, 3)", more=more)
    instance = next(iter(found.instances()))
    (repeat,) = instance.definition.body.items
    assert isinstance(repeat, p.Repeat)
    (choice,) = repeat.body.items
    assert isinstance(choice, p.If)
    (call,) = choice.then.items
    assert [seen.value for seen in instance.observed[repeat.uid]] == [(0, 1, 2)]
    assert [seen.value for seen in instance.observed[choice.uid]] == [False, True, True]
    first, second = instance.observed[call.uid]
    assert (first.inputs, first.outputs) == (((8, 16, 16),), ((2, 16, 16),))
    assert second.arguments["width"] == 4
    assert isinstance(second.value, Callee) and second.value.name == "conv"

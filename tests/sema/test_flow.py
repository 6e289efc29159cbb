"""Steps as items: merges, residuals, loops, parts, taps, arguments."""

from __future__ import annotations

import pytest
from sema_text import MODEL, UNIT, body, definition, first, names, program, walk

from archdsl import expr as e
from archdsl.ir import program as p
from archdsl.syntax.unparse import expression


def parameters(call: p.Call) -> list[str]:
    return [argument.parameter for argument in call.arguments]


def test_arguments_are_bound() -> None:
    call = first(body("conv(8, 3x3, stride=2)"), p.Call)
    assert parameters(call) == ["width", "kernel", "stride"]
    assert call.arguments[2].value == e.Number(value=2, text="2", span=call.span)


def test_a_parameters_call_keeps_positions() -> None:
    assert parameters(first(body("act(1, 2, x=3)"), p.Call)) == ["0", "1", "x"]


def test_a_conv_has_a_bias_unless_a_norm_is_the_next_step() -> None:
    test = body(
        "conv(8, 3x3) -> bn\nconv(8, 3x3)\nbn\nconv(8, 3x3) -> relu -> bn\n"
        "conv(8, 3x3)\nif flag { bn }\n{ conv(8, 3x3) } -> bn\nconv(8, 3x3, bias=true) -> bn"
    )
    convs = [i for i in walk(test) if isinstance(i, p.Call) and i.callee == "conv"]
    assert [c.bias for c in convs] == [False, False, True, True, True, None]
    assert first(body("linear(8) -> layer_norm"), p.Call).bias is None


def test_a_stated_shape_and_a_let_do_not_change_the_bias() -> None:
    assert first(body("conv(8, 3x3) -> [8, _, _] -> bn"), p.Call).bias is False
    assert first(body("conv(8, 3x3)\nlet m = 2\nbn"), p.Call).bias is False


def test_chains_are_numbered() -> None:
    assert [i.chain for i in body("relu -> relu\nrelu").body.items] == [0, 0, 1]


def test_branches() -> None:
    merge = first(
        body(
            "concat {\n a: relu\n { Unit(8) -> Unit(9) }\n from in\n"
            "let k = 3\nfor i in range(n) { conv(k, 1x1) -> relu }\n"
            "repeat n { relu }\nif flag { b: relu } else { bn; relu }\nnone }"
        ),
        p.Merge,
    )
    kinds = [type(branch).__name__ for branch in merge.branches]
    assert kinds == ["Branch", "Branch", "Branch", "Let", "BranchLoop", "BranchLoop", "BranchIf"]
    named, group, passing, _, loop, repeat, choice = merge.branches
    assert [named.name, group.name, passing.name] == ["a", None, None]
    assert len(group.body.items) == 2 and isinstance(passing.body.items[0], p.From)
    assert (loop.names, loop.repeat, repeat.names, repeat.repeat) == (("i",), False, (), True)
    assert repeat.iterable.function == "range"
    assert (len(choice.then), len(choice.otherwise)) == (1, 2)


def test_merges_without_a_body_join_what_arrives() -> None:
    merge = first(body("from (in, in) -> concat"), p.Merge)
    assert merge.branches is None and merge.op == "concat"


def test_split() -> None:
    split = first(body("split(2, join=sum) { a: relu; b: bn }"), p.Split)
    assert (split.join, len(split.branches)) == ("sum", 2)
    assert first(body("split([1, n]) { relu; bn }"), p.Split).join == "concat"


def test_residuals() -> None:
    plain = first(body("residual(scale=0.2) { relu }"), p.Residual)
    assert (plain.skip, plain.projection, plain.scale.value) == ("identity", None, 0.2)
    assert first(body("residual { relu } skip none"), p.Residual).skip == "none"
    chosen = first(body("residual { relu } skip identity if flag"), p.Residual)
    assert chosen.skip == "identity" and isinstance(chosen.condition, e.Name)
    applied = first(body("residual { relu } skip Unit(8) if flag"), p.Residual)
    assert applied.skip == "apply" and names(applied.projection) == ["downsample"]


def test_a_plain_projection_is_a_sequential_of_its_own() -> None:
    text = "residual { relu } skip identity else { conv(8, 1x1) -> bn }"
    assert names(first(body(text), p.Residual).projection) == ["downsample", None, None]
    two = body(f"{text}\n{text}")
    assert [n for n in names(two) if n and n.startswith("down")] == ["downsample1", "downsample2"]


def test_a_labelled_or_forked_projection_is_inline() -> None:
    labelled = first(body("residual { relu } skip { skip: conv(8, 1x1) -> bn }"), p.Residual)
    assert names(labelled.projection) == ["skip", "bn"]
    forked = first(body("residual { relu } skip { from in -> conv(8, 1x1) }"), p.Residual)
    assert names(forked.projection) == ["conv"]


def test_dense_is_one_region() -> None:
    dense = first(body("dense { bn -> relu\n conv(8, 3x3) }"), p.Dense)
    assert [i.chain for i in dense.body.items] == [0, 0, 1]


def test_none_is_no_step() -> None:
    assert len(body("relu -> none -> relu").body.items) == 2


def test_parts() -> None:
    model = definition(UNIT + MODEL)
    stage, head = (i for i in model.body.items if isinstance(i, p.Part))
    assert (stage.kind, stage.name, head.kind) == ("stage", None, "head")
    named = definition("model M: [3, 8, 8] -> [3, 8, 8] { stage s -> [_, 8, 8] { relu } }")
    part = first(named, p.Part)
    assert part.name.base == "s" and part.body.sequential and part.dims[0] is None


def test_side_heads() -> None:
    model = definition(
        UNIT + "model M: [3, 8, 8] -> [3, 8, 8] { aux(weight=0.3) a: Unit(8)\n aux Unit(9)\n relu }"
    )
    labelled, plain = (i for i in walk(model) if isinstance(i, p.Aux))
    assert (labelled.name, labelled.weight.value, labelled.step.name.base) == ("a", 0.3, "a")
    assert (plain.name, plain.step.name.base) == ("unit", "unit")


def test_learned_tensors_and_init() -> None:
    test = body(
        "param gamma [n, 1, 1] = ones\nconst eps [1] = 0.5\nfrom in * gamma + eps\n"
        "init { conv, linear: trunc_normal(std=0.02), bias=0\n bn: ones }"
    )
    gamma, eps = (i for i in walk(test) if isinstance(i, p.Tensor))
    assert (gamma.kind, gamma.name, len(gamma.shape)) == ("param", "gamma", 3)
    assert gamma.init.id == "ones" and eps.init.value == 0.5
    rule, norm = test.init
    assert (rule.kinds, rule.scheme, rule.bias.value) == (("conv", "linear"), "trunc_normal", 0)
    assert [a.parameter for a in rule.arguments] == ["std"]
    assert (norm.kinds[0], norm.scheme, norm.bias) == (norm.kinds[0], "ones", None)


def test_partial_application_binds_keywords() -> None:
    model = program(UNIT + MODEL + "variant v = Net(Unit(8), depth=3)").variants[0]
    unit = model.arguments[0].value
    assert isinstance(unit, e.CallExpr)
    assert [(a.name, a.value.span.text) for a in unit.arguments] == [("width", "8")]


def test_variants_of_variants_hold_all_arguments() -> None:
    text = (
        UNIT + MODEL + "variant a = Net(depth=3, num_classes=5)\n"
        "variant b = a(num_classes=7, unit=Unit(stride=2)) expect { params: 1.5M }"
    )
    variant = program(text).variants[1]
    assert (variant.base, variant.definition) == ("a", "Net")
    found = {a.parameter: a.value.span.text for a in variant.arguments}
    assert list(found.items()) == [("unit", "Unit(stride=2)"), ("depth", "3"), ("num_classes", "7")]
    assert [claim.key for claim in variant.claims] == ["params"]


def test_functions_and_constants_stand_behind_what_they_use() -> None:
    text = "let w = double(base)\nfn double(x) = x * two\nlet two = 2\nlet base = 4\n"
    found = program(text + "block B { conv(w, 1x1) }")
    assert [c.names[0] for c in found.constants] == ["two", "base", "w"]
    assert [f.name for f in found.functions] == ["double"]


def test_keywords_of_functions_become_positions() -> None:
    text = "fn sub(a, b) = a - b\nlet c = sub(b=1, a=2)"
    call = program(text).constants[0].value
    assert isinstance(call, e.CallExpr)
    assert [(a.name, a.value.span.text) for a in call.arguments] == [(None, "2"), (None, "1")]


def test_taps_make_a_block_cut_behind_the_last() -> None:
    text = (
        UNIT
        + MODEL
        + "block Detector { Net(depth=4, num_classes=3) tap (layer1, layer2) as (a, b)\n"
        "from a -> relu }"
    )
    found = program(text)
    cut = next(d for d in found.definitions if d.name == "NetTap")
    assert [q.name for q in cut.params] == ["unit", "depth"]
    assert [q.name for q in cut.outputs] == ["layer1", "layer2"]
    assert names(cut) == ["conv1", "layer1", None, "layer2"]
    call = first(next(d for d in found.definitions if d.name == "Detector"), p.Call)
    assert (call.callee, parameters(call), call.unpack) == ("NetTap", ["depth"], True)
    assert [d.name for d in found.definitions] == ["Unit", "Net", "NetTap", "Detector"]


def test_a_shared_model_is_cut_behind_its_taps() -> None:
    text = (
        UNIT
        + MODEL
        + "block Twins in (x, y) -> (z) { share net = Net(depth=4) tap (layer1, layer2)\n"
        "from x -> net as (a, b); from y -> net as (c, d); from (a, c) -> concat as z }"
    )
    found = program(text)
    twins = next(d for d in found.definitions if d.name == "Twins")
    share = first(twins, p.Share)
    assert (share.call.callee, parameters(share.call)) == ("NetTap", ["depth"])
    uses = [i for i in walk(twins) if isinstance(i, p.Call) and i.kind == "shared"]
    assert [(use.callee, use.unpack) for use in uses] == [("net", True)] * 2


@pytest.mark.parametrize(
    ("loop", "pieces"),
    [
        (
            'for i, w in enumerate(ws) { stage "s{i + 1}" { conv(w, 3x3) } }',
            ["range(0, 1)", "range(1, 2)", "range(2, 3)"],
        ),
        (
            'for i in range(1, n) { "s{i}": conv(ws[i], 3x3) -> relu }',
            ["range(1, 2)", "range(1, 2)", "range(2, 3)", "range(3, 4)"],
        ),
        (
            'repeat n as i { let w = ws[i]; relu; "s{2 * i - 1}": conv(w, 3x3) }',
            ["range(0, 1)", "range(1, 2)", "range(2, 3)"],
        ),
    ],
)
def test_a_loop_is_divided_behind_what_is_tapped(loop: str, pieces: list[str]) -> None:
    text = (
        f"model Net(n, ws): [3, 8, 8] -> [4] {{ {loop}; flatten -> linear(4) }}\n"
        "block B { Net(4, [1, 2, 3, 4]) tap (s1, s3) as (a, b); from a -> relu }"
    )
    cut = definition(text, "NetTap")
    loops = [item for item in cut.body.items if isinstance(item, p.For)]
    assert [expression(loop.iterable) for loop in loops] == pieces
    assert [t.base for loop in loops for t in loop.targets] == ["s1", "s3"]
    assert [q.name for q in cut.outputs] == ["s1", "s3"]


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ("c: conv(4, 1x1) -> bn", True),
        ("conv(4, 1x1) as c; bn", True),
        ("c: conv(4, 1x1); relu -> bn", False),
        ("c: conv(4, 1x1, bias=true) -> bn", True),
    ],
)
def test_a_cut_keeps_what_a_norm_said_of_the_bias(steps: str, said: bool) -> None:
    text = f"model N: [3, 8, 8] -> [4, 8, 8] {{ {steps} }}\nblock B {{ N tap (c) }}"
    call = first(definition(text, "NTap"), p.Call)
    assert ("bias" in parameters(call)) is said


def test_a_rule_about_some_modules_has_the_bias_of_the_rule_about_all() -> None:
    rules = "conv: zeros, bias=1; linear: ones; {0} in f: ones"
    text = (
        "model M: [3, 8, 8] -> [4] { f: { conv(4, 1x1) -> flatten -> linear(4) }; init { RULES } }"
    )

    def placed(kinds: str, bias: str = "") -> list[tuple[tuple[str, ...], str | None]]:
        found = definition(text.replace("RULES", rules.replace("{0}", kinds) + bias), "M").init
        return [
            (rule.kinds, None if rule.bias is None else rule.bias.span.text)
            for rule in found
            if rule.places
        ]

    assert placed("conv") == [(("conv",), "1")]
    assert placed("linear, bn") == [(("linear", "bn"), None)]
    assert placed("depthwise, linear") == [(("depthwise",), "1"), (("linear",), None)]
    assert placed("conv, linear", ", bias=2") == [(("conv", "linear"), "2")]


def test_a_variant_is_a_step() -> None:
    text = UNIT + MODEL + "variant small = Net(depth=1)\nblock B { small(num_classes=4) }"
    call = first(definition(text, "B"), p.Call)
    assert (call.callee, parameters(call)) == ("Net", ["depth", "num_classes"])


def test_an_extern_calls_its_parameters_as_its_class_does() -> None:
    text = 'extern Cv(in_channels, type, nn = 1) = "lib:Cv" shape [type, in.height, in.width]'
    found = program(text + "\nblock B { Cv(in.channels, type=8) }")
    assert [q.name for q in found.externs[0].params] == ["in_channels", "type", "nn"]
    assert parameters(first(found.definitions[0], p.Call)) == ["in_channels", "type"]


def test_functions_take_blocks_and_give_them() -> None:
    text = (
        UNIT + "fn pick(c, a, b) = a if c else b\n"
        "block B(n) { let u = pick(n > 1, Unit, Unit(stride=2)); let f = pick(n > 1, relu, none)\n"
        "u(n) -> f }"
    )
    calls = [c for c in walk(definition(text, "B")) if isinstance(c, p.Call)]
    assert [(c.kind, c.callee) for c in calls] == [("param", "u"), ("param", "f")]


def test_externs() -> None:
    text = 'extern Drop(rate = 0.1) = "lib.layers:Drop" shape same\nblock B { Drop(0.2) }'
    found = program(text)
    assert (found.externs[0].module, found.externs[0].attribute) == ("lib.layers", "Drop")
    call = first(found, p.Call)
    assert (call.kind, call.name.base) == ("extern", "drop")


def test_the_paper_is_text() -> None:
    found = program('paper { title: "T", year: 2015, authors: ["A", "B"] }\nblock B { relu }')
    assert found.paper == (("title", "T"), ("year", "2015"), ("authors", "A, B"))


def test_uids_are_unique() -> None:
    found = [item.uid for item in walk(program(UNIT + MODEL)) if not isinstance(item, p.Branch)]
    assert len(found) == len(set(found))


def test_lists_of_values_have_a_length() -> None:
    test = definition(
        "block Fuse in (x[]) -> (y[]) { for i, v in enumerate(x) { from v -> relu as y[i] } }"
    )
    assert test.inputs[0].many and test.outputs[0].many

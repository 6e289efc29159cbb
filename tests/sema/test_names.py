"""What names mean, and what modules are called."""

from __future__ import annotations

import pytest
from sema_text import MODEL, UNIT, body, definition, first, names, program, walk

from archdsl import expr as e
from archdsl.ir import program as p
from archdsl.sema.naming import common_stem, snake_case


def test_kinds_are_numbered_in_text_order_and_equal_activations_shared() -> None:
    found = names(body("conv(8, 3x3) -> bn -> relu -> conv(8, 3x3) -> bn -> relu -> maxpool(2x2)"))
    assert found == ["conv1", "bn1", "relu*", "conv2", "bn2", "relu*", "maxpool"]


def test_activations_that_differ_are_numbered() -> None:
    found = names(body("leaky_relu(0.1) -> leaky_relu(0.2) -> prelu -> prelu"))
    assert found == ["leaky_relu1", "leaky_relu2", "prelu1", "prelu2"]


def test_an_activation_that_depends_on_a_loop_is_not_shared() -> None:
    found = names(body("for s in [0.1, 0.2] { leaky_relu(s) }\nleaky_relu(0.3)"))
    assert found == ["leaky_relu1", "leaky_relu2"]


def test_labels_of_the_form_are_counted_and_others_not() -> None:
    found = names(body("conv1: conv(8, 3x3) -> conv(8, 3x3) -> last: conv(8, 3x3)"))
    assert found == ["conv1", "conv2", "last"]
    assert names(body("last: conv(8, 3x3) -> conv(8, 3x3)")) == ["last", "conv"]


def test_blocks_are_called_in_snake_case_and_parameters_by_their_name() -> None:
    assert names(body("Unit(8) -> act -> Unit(9)")) == ["unit1", "act", "unit2"]


@pytest.mark.parametrize(
    ("name", "snake"),
    [
        ("DenseLayer", "dense_layer"),
        ("ConvBN", "conv_bn"),
        ("SEBlock", "se_block"),
        ("Mixed3a", "mixed3a"),
        ("Conv2dBN", "conv2d_bn"),
    ],
)
def test_snake_case(name: str, snake: str) -> None:
    assert snake_case(name) == snake


def test_a_sequential_numbers_by_position() -> None:
    found = names(body("rest: { conv(8, 3x3) -> bn -> { relu } -> last: conv(8, 3x3) }"))
    assert found == ["rest", None, None, None, None, "last"]


def test_braces_without_a_label_belong_to_the_class() -> None:
    group = first(body("{ conv(8, 3x3) -> bn }"), p.Group)
    assert group.name is None
    assert not group.body.sequential
    assert names(group) == [None, "conv", "bn"]


def test_arms_may_share_labels_but_rule_names_count_through() -> None:
    test = body("if flag { a: conv(8, 3x3) -> bn } else { a: Unit(8) -> bn }")
    assert names(test) == ["a", "bn1", "a", "bn2"]


def test_containers() -> None:
    test = body(
        "Unit(8) * 3\nrest: Unit(8) * 3\nmany: repeat n { relu }\nrepeat n { conv(8, 3x3) }"
    )
    assert names(test) == ["unit", None, "rest", None, "many", None, "conv"]
    counted, labelled, many, inline = (i for i in walk(test) if isinstance(i, p.Repeat))
    assert [r.inline for r in (counted, labelled, many, inline)] == [False, False, False, True]
    assert [r.body.sequential for r in (counted, many, inline)] == [True, True, False]


def test_in_a_sequential_a_count_is_inline() -> None:
    test = body("rest: { Unit(8) * 3 -> deep: Unit(8) * 2 }")
    plain, labelled = (i for i in walk(test) if isinstance(i, p.Repeat))
    assert plain.inline and plain.container is None
    assert not labelled.inline and labelled.container.base == "deep"


def test_computed_labels_and_families() -> None:
    test = body(
        'rest: { repeat n as i { "unit{i + 1}": Unit(8) } }\nfor i in range(n) { u[i]: Unit(8) }'
    )
    assert names(test) == ["rest", '"unit{i + 1}"', "u[]"]


def test_a_template_without_expressions_is_a_plain_label() -> None:
    assert names(body('"first": relu')) == ["first"]


def test_a_label_that_is_referred_to_is_a_target() -> None:
    test = body("a: conv(8, 3x3) -> b: relu\nfrom a + b -> bn")
    calls = [i for i in walk(test) if isinstance(i, p.Call)]
    assert [[t.base for t in call.targets] for call in calls] == [["a"], ["b"], []]


def test_a_label_never_hides_a_parameter() -> None:
    test = body("n: conv(n, 3x3)\nlet m = n + 1\nconv(m, 1x1)")
    assert first(test, p.Call).targets == ()
    assert first(test, p.Let).value.left == e.Name(id="n", span=test.span)


def test_a_label_in_both_arms_is_visible_behind() -> None:
    test = body("if flag { a: relu } else { a: bn }\nfrom a -> relu")
    calls = [i for i in walk(test) if isinstance(i, p.Call)]
    assert [[t.base for t in call.targets] for call in calls] == [["a"], ["a"], []]


def test_labels_of_a_residual_are_visible_in_its_skip() -> None:
    test = body("residual { act1: relu -> conv(8, 3x3) } skip { from act1 -> conv(8, 1x1) }")
    assert [t.base for t in first(test, p.Call).targets] == ["act1"]


def test_members_of_a_family_are_visible_outside_a_loop() -> None:
    test = body("for i in range(n) { x[i]: conv(8, 3x3) }\nfrom [x[i] for i in range(n)] -> concat")
    target = first(test, p.Call).targets[0]
    assert target.base == "x" and len(target.indices) == 1


def test_values_of_an_unnamed_part_are_visible_behind_it() -> None:
    text = UNIT + "model M: [3, 8, 8] -> [8, 8, 8] { stem { conv(8, 3x3) as a }\nfrom a -> relu }"
    assert first(definition(text), p.Call).targets[0].base == "a"


def test_as_takes_a_tuple_apart() -> None:
    split = first(body("split(2) as (a, b)\nfrom a * b -> relu"), p.Split)
    assert split.unpack and [t.base for t in split.targets] == ["a", "b"]
    assert split.branches is None


def test_a_call_finds_the_op_and_an_argument_the_value() -> None:
    call = first(definition("block B(dropout) { dropout(dropout) }"), p.Call)
    assert (call.kind, call.callee) == ("op", "dropout")
    assert isinstance(call.arguments[0].value, e.Name)


def test_a_parameter_that_holds_an_op_hides_the_op() -> None:
    call = first(definition("block B(relu = gelu) { relu }"), p.Call)
    assert (call.kind, call.callee) == ("param", "relu")
    typed = first(definition("block B(relu: block) { relu }"), p.Call)
    assert typed.kind == "param"


def test_shared_modules() -> None:
    test = body("share once = Unit(8)\nonce -> once -> relu")
    share = first(test, p.Share)
    assert share.call.name.base == "once" and share.call.callee == "Unit"
    calls = [i for i in walk(test) if isinstance(i, p.Call) and i.kind == "shared"]
    assert [(c.callee, c.name) for c in calls] == [("once", None)] * 2


def test_ops_that_make_no_module_have_no_name() -> None:
    test = definition("block B(k) { resize(2) }")
    call = first(test, p.Call)
    assert (call.name is None) == (call.op.torch.module is None and call.op.torch.helper is None)


def test_named_dimensions_are_names() -> None:
    text = "model M: [3, h: 32, w: 32] -> [8, h // 2, w // 2] { conv(8, 3x3, stride=2) }"
    model = definition(text)
    assert model.inputs[0].dim_names == (None, "h", "w")
    assert model.inputs[0].name == "in" and model.outputs[0].name is None


def test_several_inputs_and_outputs() -> None:
    cell = definition(
        "block Cell(f) in (prev, cur) -> (out, cur) {\n"
        "    from prev + cur -> conv(f, 3x3) as out\n}"
    )
    assert [q.name for q in cell.inputs] == ["prev", "cur"]
    assert [q.name for q in cell.outputs] == ["out", "cur"]


def test_a_labelled_output_becomes_a_target() -> None:
    cell = definition("block Cell -> (out) { out: conv(8, 3x3) -> relu }")
    assert first(cell, p.Call).targets[0].base == "out"


def test_a_block_may_use_itself() -> None:
    text = "block Tree(n) { if n > 0 { Tree(n - 1) } else { relu } }"
    assert [d.name for d in program(text).definitions] == ["Tree"]


def test_definitions_stand_behind_what_they_use() -> None:
    text = MODEL + "block B { A }\nblock A { Unit(8) }\nblock Unit(width) { conv(width, 3x3) }"
    assert [d.name for d in program(text).definitions] == ["Unit", "Net", "A", "B"]


@pytest.mark.parametrize(
    ("labels", "stem"),
    [
        ([], None),
        (["branch1x1"], "branch1x1"),
        (["branch3x3_1", "branch3x3_2a", "branch3x3_2b"], "branch3x3"),
        (["conv1", "conv2"], "conv"),
        (["conv10", "conv11"], "conv"),
        (["pointwise", "pool"], None),
        (["bn1", "relu"], None),
    ],
)
def test_what_a_branch_is_called(labels: list[str], stem: str | None) -> None:
    assert common_stem(labels) == stem

"""What is said where shapes, values and merges don't fit: text, place, way there, and fix."""

from __future__ import annotations

import pytest
from analysis_text import finding, findings, wrong

BOTTLENECK = """
block Bottleneck(width, stride = 1) {
    residual {
        conv(width, 1x1) -> bn -> relu
        conv(width, 3x3, stride=stride) -> bn -> relu
        conv(4 * width, 1x1) -> bn
    } «skip identity»
    relu
}
model ResNet(unit, depths): [64, 56, 56] -> [256, 56, 56] {
    stage layer1 { unit(64) * depths[0] }
}
"""


ONE_OF_A_LIST = """
block L in (xs[]) -> (ys[]) { from xs[0] -> relu as ys[0] }
model M: [3, 8, 8] -> [3, 8, 8] { from [[in]] -> L as ys; from ys[0] -> relu }
variant m = M()
"""


def test_residual_channels() -> None:
    found = finding(BOTTLENECK + "variant resnet50 = ResNet(Bottleneck, [3])\n")
    assert found.code == "E204"
    assert found.message == "the two sides of this residual differ in channels"
    assert found.label.text == "64 channels here, 256 from the body"
    assert found.notes == (
        "in Bottleneck(width=64) at 11:20, iteration 1 of 3, stage layer1, variant resnet50",
    )
    assert found.help == (
        "project where they differ: `skip identity else { conv(4 * width, 1x1, stride=stride) -> bn }`"
    )


def test_a_projection_in_words_that_hold_in_the_skip() -> None:
    loop = "for w in [4, 9] { conv(w, 3x3) }"
    assert "conv(9, 1x1)" in str(wrong(f"«residual» {{ {loop} }}").help)
    strides = "conv(9, 3x3, stride=2) -> conv(9, 3x3, stride=2)"
    assert "conv(9, 1x1, stride=4)" in str(wrong(f"«residual» {{ {strides} }}").help)
    block = "block B { «residual» { conv(in.channels - 5, 3x3) } }"
    assert "conv(3, 1x1)" in str(wrong("B", more=block).help)
    block = "block B(w) { let v = 2 * w\n «residual» { relu -> conv(v + 1, 3x3) -> bn } }"
    assert "{ conv(v + 1, 1x1) -> bn }" in str(wrong("B(4)", more=block).help)


def test_one_broken_block_is_reported_once() -> None:
    text = BOTTLENECK + "variant a = ResNet(Bottleneck, [3])\nvariant b = ResNet(Bottleneck, [9])\n"
    assert finding(text).code == "E204"


def test_independent_blocks_are_each_reported() -> None:
    found = findings(
        "block A { residual { conv(4, 1x1) } }\nblock B { conv(6, 3x3, groups=4) }\n"
        "model M(f): [8, 8, 8] -> [_, _, _] { f -> relu }\n"
        "variant a = M(A)\nvariant b = M(B)\n"
    )
    assert [item.code for item in found] == ["E204", "E233"]


def test_residual_stride() -> None:
    found = wrong("«residual» { conv(8, 3x3, stride=2) -> relu }")
    assert found.message == "the two sides of this residual differ in height and width"
    assert found.label.text == "16x16 here, 8x8 from the body"
    assert found.help == (
        "project where they differ: `skip identity else { conv(8, 1x1, stride=2) }`"
    )


def test_residual_padding() -> None:
    found = wrong("«residual» { conv(8, 3x3, pad=0) -> relu }")
    assert found.notes[0] == "`conv` at 3:12 takes 16x16 to 14x14"
    assert found.help == "`conv` without `pad` keeps the size"


def test_projection_that_does_not_fit() -> None:
    found = wrong("residual { conv(16, 3x3, stride=2) } «skip identity else { conv(16, 1x1) }»")
    assert found.label.text == "16x16 from the projection, 8x8 from the body"
    assert found.help == "a projection that fits: `{ conv(16, 1x1, stride=2) }`"


def test_concat_sizes() -> None:
    found = wrong(
        "«concat» {\n    a: conv(4, 1x1)\n    b: { conv(4, 1x1) -> conv(4, 3x3) }\n"
        "    c: { maxpool(3x3, stride=1) -> conv(4, 1x1) }\n}"
    )
    assert found.code == "E201"
    assert found.message == "the branches of this `concat` differ in height and width"
    assert found.label.text == "16x16 from `a`, 14x14 from `c`"
    assert [label.text for label in found.others] == ["14x14", "16x16"]
    assert found.notes[0] == "`maxpool` at 6:10 takes 16x16 to 14x14"
    assert found.help == "`maxpool(..., pad=1)` keeps the size"


@pytest.mark.parametrize("op", ["sum", "mul", "mean"])
def test_sum_channels(op: str) -> None:
    found = wrong(f"«{op}» {{ conv(16, 1x1); conv(32, 1x1) }}")
    assert found.code == "E202"
    assert found.message == f"the branches of this `{op}` differ in channels"
    assert found.label.text == "16 from branch 1, 32 from branch 2"
    assert found.help == "a 1x1 convolution brings one to the other: `conv(16, 1x1)`"


def test_maps_and_vectors() -> None:
    found = wrong("«concat» { conv(4, 1x1); flatten }")
    assert found.message == "the branches of this `concat` are maps and vectors"
    assert found.label.text == "[4, 16, 16] from branch 1, [2048] from branch 2"


def test_dense() -> None:
    found = wrong("«dense» { conv(4, 3x3, stride=2) }")
    assert found.code == "E205"
    assert found.label.text == "16x16 from the input, 8x8 from the body"


def test_split() -> None:
    found = wrong("split(«3») as (a, b, c)")
    assert (found.code, found.message) == ("E203", "8 channels do not divide into 3 parts")
    assert found.help == "give the widths: `split([4, 2, 2])`"
    found = wrong("split(«[3, 4]») as (a, b)")
    assert found.message == "the parts of this split are 7 channels of 8"
    assert found.help == "the last part would be 5"
    found = wrong("split(2) { relu; relu; «relu» }")
    assert (found.code, found.message) == ("E212", "a branch too many: `split` makes 2 parts")


def test_several_values() -> None:
    found = wrong("from (in, in) -> «relu»")
    assert (found.code, found.message) == ("E206", "2 values arrive where `relu` takes one")
    assert found.help == "`concat` or `sum` joins them; `as (a, b)` names them"
    found = wrong("relu -> «concat»")
    assert (found.code, found.message) == ("E206", "`concat` joins several values, and one arrives")


def test_a_list_of_one_is_no_value() -> None:
    more = "block L in (xs[]) -> (ys[]) { from xs[0] -> relu as ys[0] }"
    found = wrong("from [[in]] -> L -> «relu»", more=more)
    assert (found.code, found.message) == ("E206", "a list of 1 arrives where `relu` takes a value")
    assert found.help == "the value of such a list is its first: `xs[0]`"
    assert not findings(ONE_OF_A_LIST)


def test_inputs_of_a_block() -> None:
    more = "block Two in (a, b) -> (c) { from a + b -> relu as c }"
    found = wrong("relu -> «Two»", more=more)
    assert found.code == "E207"
    assert found.message == "`Two` takes 2 values (`a`, `b`), and 1 arrives"


def test_arithmetic() -> None:
    found = wrong("conv(4, 1x1) as s\nfrom «in + s»")
    assert (found.code, found.message) == ("E208", "the sides of `+` differ in channels")
    assert found.label.text == "8 from the left, 4 from the right"


def test_from_takes_what_flows() -> None:
    found = wrong("for x in [1] { from «x» -> relu }")
    assert (found.code, found.message) == ("E209", "`from` takes values that flow, not 1")
    found = wrong("from «(in, [in, 3])» -> sum")
    assert (found.code, found.message) == ("E209", "`from` takes values that flow, not 3")


def test_values_are_shown_in_words() -> None:
    found = wrong("for a, b in «[[in, in, 3]]» { from a + b }")
    assert found.code == "E408"
    assert found.message.endswith("and [a tensor, a tensor, 3] has 3")


FAMILY = "split(4) as s\nfor i in range(3) { from s[i] -> relu as outs[i] }\n"


@pytest.mark.parametrize(
    ("text", "code", "what"),
    [
        ("from «outs + [s[3]]» -> concat", "E402", "a family of tensors and a list"),
        ("from «outs + s[3]» -> concat", "E402", "a family of tensors and a tensor"),
    ],
)
def test_a_family_and_a_value_more(text: str, code: str, what: str) -> None:
    found = wrong(FAMILY + text)
    assert found.code == code
    assert found.message.endswith(what)
    assert found.help == (
        "make the value a member, `as outs[3]`, and join all of them: `from outs -> ...`"
    )


@pytest.mark.parametrize("given", ["(outs, s[3])", "[outs, s[3]]", "(outs[:2], s[3])"])
def test_a_list_is_no_branch(given: str) -> None:
    found = wrong(FAMILY + f"from {given} -> «concat»")
    count = 2 if "[:2]" in given else 3
    assert found.code == "E206"
    assert found.message == f"value 1 of those that `concat` joins is a list of {count}"
    assert found.help is not None and "join the list first" in found.help


def test_a_slice_counts_members_from_0() -> None:
    found = wrong("for i in range(1, 4) { relu as outs[i] }\nfrom «outs[1:]» -> concat")
    assert (found.code, found.message) == (
        "E402",
        "a slice counts members from 0, and `outs` has [1], [2], [3]",
    )
    found = wrong("for i in reversed(range(3)) { relu as outs[i] }\nfrom «outs[-1]»")
    assert (found.code, found.message) == ("E410", "`outs` has no value at [-1]")
    found = wrong("from «in[1:]» -> relu")
    assert (found.code, found.message) == ("E402", "a tensor has no items to slice")


def test_names_for_values() -> None:
    found = wrong("split(4) as («a, b»)\nfrom a")
    assert (found.code, found.message) == ("E210", "2 names for 4 values")


def test_nothing_to_join() -> None:
    found = wrong("«concat» { for i in [] { relu } }")
    assert (found.code, found.message) == ("E211", "`concat` has nothing to join")


def test_sharing() -> None:
    found = wrong("share c = conv(8, 3x3)\nc -> conv(9, 3x3) -> «c»")
    assert found.code == "E213"
    assert found.message == "the shared `c` was made for 8 channels, and gets 9 channels here"


def test_an_ops_finding_stands_at_its_argument() -> None:
    found = wrong("conv(6, 3x3, «groups=4»)")
    assert found.code == "E233"
    found = wrong("conv(8, «7x7», pad=0)", shape="[8, 4, 4]")
    assert found.code == "E232"


def test_channels_in_the_manner_of_torch() -> None:
    found = wrong("conv(8, «64», 3)")
    assert (found.code, found.help) == (
        "E235",
        "input channels are never written: `conv(64, 3)`",
    )
    assert wrong("conv(8, «65», 3, pad=0)").help == found.help.replace("64", "65")
    found = wrong("conv(8, «64», stride=3)")
    assert found.help is not None and found.help.startswith("say the padding")
    found = wrong("conv(8, 3x3) -> bn(«8»)")
    assert (found.code, found.help) == ("E381", "channels are never written: `bn`")


def test_arguments_of_a_parameter() -> None:
    text = "model M(f): [8, 8, 8] -> [_, _, _] { %s }\nvariant m = M(conv)\n"
    found = finding(text % "f(8, 3x3, «strid»=2)")
    assert (found.code, found.message) == ("E310", "`conv` has no parameter `strid`")
    assert found.help == "did you mean `stride`?"
    found = finding(text % "«f»(8)")
    assert (found.code, found.message) == ("E311", "`conv` needs `kernel`")
    found = finding(text.replace("M(conv)", "M(relu)") % "f(«8»)")
    assert found.code == "E313"
    found = finding(text.replace("M(conv)", "M(3)") % "«f»(8)")
    assert found.message == "`f` is 3, and only a block or op can be a step"


def test_declared_types() -> None:
    found = finding(
        "block B(w: int) { conv(w, 1x1) }\n"
        "model M(w): [8, 8, 8] -> [_, _, _] { «B(w)» }\nvariant m = M(0.5)\n"
    )
    assert found.code == "E411"
    assert found.message == "`w` of `B` is declared as int, and this is a float"


def test_require() -> None:
    found = finding(
        'block B(w, g) { require «w % g == 0»: "{w} channels do not divide into {g} groups"\n'
        "conv(w, 3x3, groups=g) }\n"
        "model M: [8, 8, 8] -> [_, _, _] { B(9, 2) -> conv(8, 1x1) }\nvariant m = M()\n"
    )
    assert (found.code, found.message) == ("E412", "9 channels do not divide into 2 groups")
    assert found.notes == ("in B(w=9, g=2) at 3:35, variant m",)


def test_stated_shapes() -> None:
    found = wrong("stage -> [_, «8», 16] { relu }")
    assert found.code == "E413"
    assert found.message == "the shape of this stage is [8, 16, 16], and the spec says [_, 8, 16]"
    assert found.help == "`-> [_, 16, 16]`"
    found = finding("model M: [8, 4, 4] -> [«10»] { flatten -> linear(9) }\nvariant m = M()\n")
    assert found.message == "the shape of this output is [9], and the spec says [10]"
    found = wrong("relu -> [«9», _, _] -> relu")
    assert found.message == "the shape here is [8, 16, 16], and the spec says [9, _, _]"


def test_inputs_of_a_model() -> None:
    text = "model M(n = 3): «[n, _, 8]» -> [_, _, _] { relu }\nvariant m = M()\n"
    found = finding(text)
    assert (found.code, found.message) == ("E415", "the input of `M` has an open size")
    found = finding("model M: «[]» -> [_] { concat { relu; identity } }\nvariant m = M()\n")
    assert (found.code, found.message) == ("E415", "the input of `M` has no size")
    found = finding(text, (3, 8))
    assert found.message == "`M` takes an input of 3 sizes, not 2"
    assert found.notes[0] == "the input asked for is 3x8 (`--input`)"
    assert not findings(text, (3, 8, 8))


def test_counts() -> None:
    found = wrong("let n = 2\nconv(8, 1x1) * «(n - 9)»")
    assert (found.code, found.message) == ("E409", "a count is -7, and must be at least 0")
    found = wrong("let n = 3\nconv(8, 1x1) * «(n / 2)»")
    assert found.code == "E402"
    assert found.help == "`//` divides ints, `int(...)` cuts, `round(...)` rounds"


def test_values_that_a_variant_does_not_set() -> None:
    found = wrong("for i in range(2) { relu as x[i] }\nfrom «x[2]»")
    assert (found.code, found.message) == ("E410", "`x` has no value at [2]")
    assert found.help == "it has [0], [1]"


def test_recursion() -> None:
    found = finding(
        "block A(n) { conv(8, 3x3) -> «A(n + 1)» }\n"
        "model M: [8, 8, 8] -> [_, _, _] { A(0) }\nvariant m = M()\n"
    )
    assert found.code == "E421"
    assert found.message == "blocks stand more than 64 deep in each other"
    assert found.notes == (
        "in A(n=62) at 1:30, A(n=61) at 1:30, A(n=60) at 1:30, 59 more blocks, A(n=0) at 2:35, "
        "variant m",
    )
    found = finding(
        "block A { conv(8, 3x3) -> «A» }\nmodel M: [8, 8, 8] -> [_, _, _] { A }\nvariant m = M()\n"
    )
    assert found.message == ("`A` uses itself with the same arguments and shapes: it never ends")


def test_too_many_nodes() -> None:
    text = (
        "sequence A { repeat 100 { relu } }\nsequence B { «A * 100» }\n"
        "model M: [8, 8, 8] -> [_, _, _] { B * 50 }\nvariant m = M()\n"
    )
    (found,) = findings(text, max_nodes=5_000)
    assert (found.code, found.message) == ("E420", "this network has more than 5,000 nodes")
    assert findings(text) == []
    (found,) = findings(text.replace("B * 50", "B * 51"))
    assert found.message == "this network has more than 500,000 nodes"


@pytest.mark.parametrize("text", ["conv(8, 3x3) * «(10 ** 8)»", "repeat «1_000_001» { relu }"])
def test_a_count_above_the_limit_is_refused_at_once(text: str) -> None:
    found = wrong(text)
    assert (found.code, found.message) == ("E420", "this network has more than 500,000 nodes")


def test_no_finding_follows_from_another() -> None:
    found = wrong(
        "let k = «3 / 0»\nconv(k, 3x3) as x\nfor i in range(3) { conv(8, 3x3) as y[i] }\n"
        "from y[2] -> bn\nfrom x.channels * x -> concat { conv(8, 1x1); conv(8, 3x3, stride=2) }"
    )
    assert found.code == "E401"


def test_findings_in_other_branches_are_kept() -> None:
    found = findings(
        "model M: [8, 8, 8] -> [_, _, _] {\n concat { conv(6, 3x3, groups=4); "
        "conv(9, 3x3, groups=2) }\n relu }\nvariant m = M()\n"
    )
    assert [item.code for item in found] == ["E233", "E233"]


@pytest.mark.parametrize(
    ("text", "code", "says"),
    [
        ("from «in / 0» -> relu", "E401", "division by zero"),
        ("from «in // 2» -> relu", "E402", "does not work on tensors"),
        ("param w [8, 1, 1] = 1\nfrom w -> «reduce_mean»([0]) as m\nfrom in * m", "E230", "batch"),
        ("param w [8, 1, 1] = 1\nfrom w -> «bn» as m\nfrom in * m", "E230", "batch"),
        ("param w [8, 1, 1] = 1\nfrom w -> «split»(2) as (a, b)\nfrom a * in", "E230", "batch"),
        (
            "param w [8, 1, 1] = 1\nfrom w -> sum { relu; sigmoid } -> «conv»(8, 1x1)",
            "E230",
            "batch",
        ),
        ("param w [8, 1, 1] = 1\nfrom w -> «dense { relu }»", "E208", "a learned tensor"),
        ("for v in [in, in] { from v -> relu as «es[0]» }\nfrom es -> concat", "E304", "already"),
    ],
)
def test_values_and_tensors_of_ones_own(text: str, code: str, says: str) -> None:
    found = wrong(text)
    assert found.code == code and says in found.message


def test_what_has_no_batch_stays_without_one() -> None:
    block = "block Place { param w [in.channels, 1, 1] = 1\nfrom w -> relu }"
    assert wrong("Place -> «conv»(8, 1x1)", more=block).code == "E230"
    text = "model M: [3, 8, 8] -> «[3, 1, 1]» { Place }\nvariant m = M()\n"
    assert finding(f"{block}\n{text}").message == (
        "a model gives a result for each image, and this is one tensor of its own for all"
    )
    body = "from in -> Place as p\nfrom in * p -> conv(8, 1x1)"
    assert findings(f"{block}\nmodel M: [3, 8, 8] -> [8, 8, 8] {{ {body} }}\nvariant m = M()") == []


def test_a_named_dimension_holds_for_other_inputs() -> None:
    text = "model M: [3, n: 8, «n»] -> [3, n, n] { relu }\nvariant m = M()\n"
    assert finding(text, (3, 8, 12)).code == "E415"
    assert findings(text.replace("«", "").replace("»", ""), (3, 12, 12)) == []


def test_a_default_that_no_call_leaves_is_evaluated() -> None:
    found = finding(
        "block A(width, stride = «2 ** 10 ** 9») { conv(width, 3x3, stride=stride) }\n"
        "model M: [3, 8, 8] -> [_, _, _] { A(4, stride=2) }\nvariant m = M()\n"
    )
    assert (found.code, found.message) == ("E405", "a number of more than 1,000 digits")


def test_computed_labels_give_each_module_a_name() -> None:
    model = "model M(n): [3, 8, 8] -> [_, _, _] {{ {} }}\nvariant m = M(3)\n"
    for body in (
        '«"c_{i // 2}"»: conv(4, 3x3)',
        'c_2: conv(4, 3x3)\n«"c_{i}"»: conv(4, 3x3)',
    ):
        steps = body.split("\n")
        loop = "for i in range(n) { " + steps.pop() + " }"
        found = finding(model.format("\n".join([*steps, loop])))
        assert found.code == "E510"
        assert found.message.startswith("two modules would be named `c_")


def test_members_of_families_are_told_by_ints() -> None:
    model = "model M: [3, 8, 8] -> [_, _, _] {{ {} }}\nvariant m = M()\n"
    for body, message in (
        ("conv(4, 3x3) as a[0]\nfrom «a[0.0]»", "an index is an int, not a float"),
        ("conv(4, 3x3) as a[«true»]\nfrom a[1]", "an index is an int, not a bool"),
    ):
        found = finding(model.format(body))
        assert (found.code, found.message) == ("E402", message)

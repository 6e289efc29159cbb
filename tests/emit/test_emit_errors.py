"""What the emitter cannot write: its codes, where they point, and the way out they offer."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest
from emit_text import findings

from archdsl.codes import CODES

TAIL = "    global_avgpool -> flatten -> linear(10)\n}\nvariant m = M({})\n"


class Case(NamedTuple):
    """A spec, with the place of the error marked `«so»`."""

    name: str
    code: str
    text: str
    message: str
    help: str | None = None
    arguments: str = ""


CASES = (
    Case(
        "computed label and label",
        "E510",
        "model M: [3, 8, 8] -> [10] {\n"
        '    for i in range(2) { "conv{i}": conv(8, 3x3) }\n'
        "    «conv1»: conv(8, 3x3)\n" + TAIL,
        "two modules would be named `conv1`",
        "`name[i]:`",
    ),
    Case(
        "computed labels in a loop of unknown length",
        "E511",
        "model M(n): [3, 8, 8] -> [10] {\n"
        '    for i in range(n) «{ "conv{i}": conv(8, 3x3) }»\n' + TAIL + "variant longer = M(3)\n",
        "labels computed in a loop whose length is an argument of the constructor",
        "`name[i]:`",
        "2",
    ),
    Case(
        "label of an argument",
        "E511",
        'block B(n) { for i in range(2) { «"conv{i + n}"»: conv(8, 3x3) } }\n'
        "model M: [3, 8, 8] -> [10] {\n    B(2) -> B(3)\n" + TAIL,
        "this label depends on an argument of the constructor",
        "`name[i]:`",
    ),
    Case(
        "labels of the arms of an `if` on an argument",
        "E511",
        "model M(g): [3, 8, 8] -> [10] {\n"
        '    for i in range(4) { if i % g == 0 { «"g{i // g}"»: conv(8, 3x3) } else { relu } }\n'
        + TAIL
        + "variant third = M(3)\n",
        "this label depends on an argument of the constructor",
        "`name[i]:`",
        "2",
    ),
    Case(
        "several values in a Sequential",
        "E516",
        "block Two in (x) -> (a, b) { relu as a; conv(4, 3x3) as b }\n"
        "block One in (a, b) -> (c) { from a + b -> relu as c }\n"
        "model M: [4, 8, 8] -> [10] {\n    s: { «Two» -> One }\n" + TAIL,
        "an `nn.Sequential` can hold only steps in a row",
        "make it a block",
    ),
    Case(
        "`same` asked for",
        "E524",
        "block P(p = same) { conv(4, 3x3, pad=p) -> maxpool(3, stride=1, pad=0 if «p == same» else p) }\n"
        "model M: [4, 8, 8] -> [10] {\n    P -> P(1)\n" + TAIL,
        "whether an argument of the constructor is `same` can't be asked",
        "an argument of its own",
    ),
    Case(
        "a split by widths and by a number",
        "E523",
        "block B(p) { split(«p») as ps\n    from ps -> concat }\n"
        "model M: [3, 8, 8] -> [10] {\n    conv(4, 1x1) -> B(2) -> B([1, 3])\n" + TAIL,
        "`split` gets the widths of its parts in one use, and their number in another",
        "in the arms of an `if`",
    ),
    Case(
        "features of several sizes",
        "E521",
        "block B { «flatten» -> linear(10) }\n"
        "model M: [3, 8, 8] -> [10] {\n"
        "    from in -> B as x\n"
        "    from in -> maxpool(2x2) -> B as y\n"
        "    from x + y\n"
        "}\nvariant m = M({})\n",
        "a linear layer has to follow a map whose size differs from use to use (4, 8)",
        "`global_avgpool`",
    ),
    Case(
        "one value for a block of lists in a Sequential",
        "E516",
        "block Wide in (x[]) -> (y) { from x -> sum as y }\n"
        "model M: [3, 8, 8] -> [10] {\n    a: { relu -> «Wide» }\n" + TAIL,
        "an `nn.Sequential` can hold only steps in a row",
        "make it a block",
    ),
    Case(
        "a list for the first of several, a value for the others",
        "E516",
        "block Wide in (x[]) -> (y) { from x -> sum as y }\n"
        "model M: [3, 8, 8] -> [10] {\n    from [in, in] -> «Wide * 2» -> relu\n" + TAIL,
        "the first of these steps gets a list and those after it one value, or the reverse",
        "write the first one apart",
    ),
    Case(
        "string in an expression of a message",
        "E526",
        "let QUOTE = \"' + evil + '\"\n"
        "block B(kind) {\n"
        '    require kind != "a": «"not {kind if kind == QUOTE else 1}"»\n'
        "    conv(4, 3x3)\n}\n"
        'model M: [3, 8, 8] -> [10] {\n    B("b") -> B("c")\n' + TAIL,
        "an expression in a label or message cannot hold a string",
        "let name",
    ),
    Case(
        "a default that no use reaches, of another kind",
        "E380",
        "block Unit(width, stride = relu) { «conv(width, 3x3, stride=stride)» -> relu }\n"
        "model Net: [3, 32, 32] -> [16, _, _] { Unit(16, stride=2) }\n"
        "variant net = Net()\n",
        "`stride` of `conv` is a whole number or a size such as 3x3, and this is a block or op",
        "a parameter or `let` of this name is missing",
    ),
    Case(
        "ops where an arm no variant takes wants a number",
        "E380",
        "block Unit(deep = false) { conv(16, 3x3); if deep { «alpha_dropout([relu, gelu])» } }\n"
        "model Net: [3, 32, 32] -> [16, 32, 32] { Unit }\n"
        "variant net = Net()\n",
        "`p` of `alpha_dropout` is a number, and this is a list",
    ),
    Case(
        "a size where an arm that no variant takes wants a number",
        "E380",
        "model Net(wide = true): [3, 32, 32] -> [_, 32, 32] { «conv(64 if wide else 2x3, 3x3)» }\n"
        "variant net = Net()\n",
        "`width` of `conv` is a whole number, and 2x3 is a size",
    ),
    Case(
        "ops that an arm no variant takes compares",
        "E402",
        "block Unit(w, deep = false) { conv(w, 3x3); if deep { if «w == relu» { bn } } }\n"
        "model Net: [3, 32, 32] -> [16, 32, 32] { Unit(16) }\n"
        "variant net = Net()\n",
        "blocks and ops are not compared, but with `none`",
        "with a parameter of its own",
    ),
    Case(
        "a number that an arm no variant takes calls",
        "E512",
        "block Unit(act, deep = false) { conv(16, 3x3); if deep { «act» } }\n"
        "model Net: [3, 32, 32] -> [16, 32, 32] { Unit(3) }\n"
        "variant net = Net()\n",
        "`act` is not a block or op here",
    ),
    Case(
        "parameter of a block that is never made",
        "E513",
        "block Inner(act) { conv(16, 3x3) -> «act» }\n"
        "\n"
        "block Row(acts) { for act in acts { Inner(act) } }\n"
        "\n"
        "block Unit(deep = false) {\n"
        "    if deep { Row([relu, gelu]) } else { conv(16, 3x3) }\n"
        "}\n"
        "\n"
        "model Net: [3, 32, 32] -> [16, 32, 32] { Unit }\n"
        "\n"
        "variant net = Net()\n",
        "nothing is ever passed as `act`: no variant comes here",
    ),
    Case(
        "ops that make different widths",
        "E515",
        "block Unit(op) { «op» -> conv(16, 1x1) }\n"
        "\n"
        "model Net: [3, 32, 32] -> [16, 32, 32] { Unit(conv(8, 3x3)) -> Unit(maxout(2)) }\n"
        "\n"
        "variant net = Net()\n",
        "what is passed as `op` makes other widths from one to the next, and the module of `maxout` "
        "does not tell its own",
        "put `maxout` into a block",
    ),
    Case(
        "arguments of other names",
        "E515",
        "block Other(width, kernel) { conv(width, kernel) }\n"
        "block Unit(op) { «op»(3) }\n"
        "model M: [3, 8, 8] -> [10] {\n"
        "    Unit(conv(kernel=3)) -> Unit(Other(3))\n" + TAIL,
        "what is passed as `op` takes its arguments in other ways from one to the next: `(3)`, and "
        "`(kernel=3)`",
        "with the same parameters",
    ),
    Case(
        "a word that decides how an op is written",
        "E515",
        "block Down(kernel, ceil) { avgpool(kernel, ceil=ceil) }\n"
        "block Unit(op) { «op»(2, ceil=true) }\n"
        "model M: [3, 8, 8] -> [10] {\n    Unit(maxpool) -> Unit(Down)\n" + TAIL,
        "what is passed as `op` is called with `ceil=true`, which decides how `maxpool` is written",
        "give that argument where it is passed",
    ),
    Case(
        "maps and vectors",
        "E515",
        "block Unit(op) { «op» -> relu }\n"
        "model M: [3, 8, 8] -> [10] {\n    Unit(abs) -> Unit(flatten) -> linear(10)\n}\n"
        "variant m = M({})\n",
        "what is passed as `op` leaves maps and vectors, from one to the next",
        "in blocks of their own",
    ),
    Case(
        "parts behind an `if`",
        "E518",
        "block A(n, deep) { split(n) { «if deep { tanh }»; for i in range(n - 1) { relu } } }\n"
        "model M: [4, 16, 16] -> [10] {\n    A(2, true) -> conv(6, 1x1) -> A(3, true)\n" + TAIL,
        "which parts the branches behind this take depends on arguments of the constructor",
        "both arms",
    ),
    Case(
        "number of listed values",
        "E519",
        "block Double in (x[]) -> (y) {\n"
        "    from «[each for each in x if each.channels > 8]» -> sum as y\n"
        "}\n"
        "\n"
        "model Net: [16, 32, 32] -> [16, 32, 32] {\n"
        "    relu as a\n"
        "    from (in, a) -> Double as b\n"
        "    from (in, a, b) -> Double\n"
        "}\n"
        "\n"
        "variant net = Net()\n",
        "how many values this lists depends on an argument of the constructor",
    ),
    Case(
        "size of the input of a block that is passed",
        "E522",
        "block Mask {\n"
        "    const mask [1, in.height, in.width] = 2\n"
        "    from in * mask\n"
        "}\n"
        "\n"
        "block Unit(act) { conv(16, 3x3) -> «act» }\n"
        "\n"
        "model Net: [3, 8, 8] -> [16, 8, 8] { Unit(Mask) }\n"
        "\n"
        "variant net = Net()\n",
        "`Mask` takes the size of its input, which `act` doesn't pass on",
        "by its name",
    ),
    Case(
        "numbers among oblong sizes",
        "E524",
        "block «Unit»(kernels) { conv(4, kernels[0]) }\n"
        "\n"
        "model Net: [3, 8, 8] -> [4, 8, 8] { Unit([3, 1x3]) -> Unit([1x3, 5]) }\n"
        "\n"
        "variant net = Net()\n",
        "numbers stand among oblong sizes, and `same` has no one text for both",
        "`3x3` for 3",
    ),
    Case(
        "width that only a loop knows",
        "E525",
        "block One(width) { conv(width, 1x1) }\n"
        "\n"
        "block Next(width) { conv(width + 1, 1x1) }\n"
        "\n"
        "block «Unit»(n, unit) {\n"
        "    repeat n {\n"
        "        unit(4) as wide\n"
        "        reshape([wide.channels, 64]) -> reshape([wide.channels, 8, 8])\n"
        "    }\n"
        "}\n"
        "\n"
        "model Net: [3, 8, 8] -> [_, 8, 8] { Unit(2, One) -> Unit(2, Next) }\n"
        "\n"
        "variant net = Net()\n",
        "`Unit` reads a width outside of the loop that makes it",
        "a block of its own",
    ),
    Case(
        "shared module whose width a loop decides",
        "E528",
        "block U(w) { conv(w, 1x1) }\n"
        "block V(w) { conv(2 * w, 1x1) }\n"
        "block Tower(unit, w) {\n"
        "    share head = conv(4, 3x3)\n"
        "    repeat 2 { unit(w) -> «head» -> relu }\n"
        "}\n"
        "model M: [3, 8, 8] -> [10] {\n    Tower(U, 6) -> Tower(V, 3)\n" + TAIL,
        "how wide `head` is made depends on a loop",
        "use it once before the loop",
    ),
    Case(
        "rows of values and numbers",
        "E529",
        "model M: (x: [3, 8, 8], y: [3, 8, 8]) -> [10] {\n"
        "    for a, w in «[[x, 4], [y, 4]]» { from a -> conv(w, 3x3) }\n" + TAIL,
        "the constructor and `forward` cannot loop over rows of both numbers and values",
        "`for x, width in zip([a, b], [8, 16])`",
    ),
    Case(
        "shared module that a loop may not use",
        "E528",
        "block Tower(n) {\n"
        "    share head = conv(3, 3x3)\n"
        "    repeat n { «head» -> relu }\n"
        "    conv(3, 1x1)\n"
        "}\n"
        "model M: [3, 8, 8] -> [10] {\n    Tower(2) -> Tower(0)\n" + TAIL,
        "whether there is a `head` depends on a loop",
        "use it once before the loop",
    ),
    Case(
        "shared module that either of two ifs may use",
        "E528",
        "block Either(a, b) {\n"
        "    share head = conv(3, 3x3)\n"
        "    if a { «head» -> relu }\n"
        "    if b { head }\n"
        "    conv(3, 1x1)\n"
        "}\n"
        "model M: [3, 8, 8] -> [10] {\n"
        "    Either(true, false) -> Either(false, true) -> Either(false, false)\n" + TAIL,
        "whether there is a `head` depends on an `if`",
        "use it once before the `if`",
    ),
    Case(
        "projection that hangs on the strides of a loop",
        "E527",
        "block Plain { conv(3, 3x3) }\n"
        "block Down { conv(3, 3x3, stride=2) }\n"
        "block Unit(inner) { residual { inner } «skip identity else { conv(3, 1x1, stride=2) }» }\n"
        "model M: [3, 8, 8] -> [10] {\n    Unit(Plain) -> Unit(Down)\n" + TAIL,
        "whether this input is projected depends on a stride that is not known here",
        "`skip { ... }`",
    ),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_error(case: Case, tmp_path: Path) -> None:
    marked = case.text.replace("M({})", f"M({case.arguments})")
    start, end = marked.index("«"), marked.index("»") - 1
    path = tmp_path / "spec.arch"
    path.write_text(marked.replace("«", "").replace("»", ""), encoding="utf-8")
    found = findings(str(path))
    assert [item.code for item in found] == [case.code]
    (finding,) = found
    assert finding.message == case.message
    assert (finding.label.span.start, finding.label.span.end) == (start, end)
    assert (finding.help is None) == (case.help is None)
    assert (case.help or "") in (finding.help or "")


def test_all_that_the_emitter_refuses_is_in_the_catalogue() -> None:
    assert {case.code for case in CASES} <= set(CODES)


@pytest.mark.parametrize(
    "label", ["x = 1; import os #{i}", "{i}", "forward{'' if i else ''}", "a.b{i}"]
)
def test_computed_labels_are_names(label: str, tmp_path: Path) -> None:
    path = tmp_path / "spec.arch"
    path.write_text(
        f'block B {{ for i in range(2) {{ "{label}": conv(4, 3x3) }} }}\n'
        "model M: [3, 8, 8] -> [10] {\n    B\n" + TAIL.replace("{}", ""),
        encoding="utf-8",
    )
    assert {item.code for item in findings(str(path))} <= {"E322", "E104", "E107"}
    assert findings(str(path))

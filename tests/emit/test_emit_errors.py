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
        "two modules of `M` would be named `conv1`",
        "label",
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
        "op of a list in a block that is never made",
        "E512",
        "block Inner(ops) { for op in ops { «op» } }\n"
        "block B(deep = false) { if deep { Inner([relu, gelu]) } else { conv(8, 3x3) } }\n"
        "model M: [3, 8, 8] -> [10] {\n    B\n" + TAIL,
        "`op` is not a block or an op here",
    ),
    Case(
        "parameter of a block that is never made",
        "E513",
        "block Inner(act) { conv(8, 3x3) -> «act» }\n"
        "block B(deep = false) { if deep { Inner(relu) } else { conv(8, 3x3) } }\n"
        "model M: [3, 8, 8] -> [10] {\n    B\n" + TAIL,
        "nothing is ever passed as `act`",
    ),
    Case(
        "block and op for one parameter",
        "E514",
        "block Act { relu }\n"
        "block B(act) { conv(8, 3x3) -> «act» }\n"
        "model M: [3, 8, 8] -> [10] {\n    B(Act) -> B(relu)\n" + TAIL,
        "`act` holds both blocks and ops, whose constructors take other arguments",
        "wrap the op in a block",
    ),
    Case(
        "ops that are made in different ways",
        "E515",
        "block B(norm) { conv(8, 3x3, bias=true) -> «norm» }\n"
        "model M: [3, 8, 8] -> [10] {\n    B(bn) -> B(relu)\n" + TAIL,
        "the ops passed as `norm` are constructed in different ways: `norm(8)`, `norm()`",
        "wrap them in blocks with the same parameters",
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
        "number of parts",
        "E518",
        "block B(n) { «split(n) { relu; conv(4, 1x1) }» }\n"
        "model M: [3, 8, 8] -> [10] {\n    conv(12, 3x3) -> B(2) -> B(2)\n" + TAIL,
        "the number of parts is an argument of the constructor",
        "write the number of parts out",
    ),
    Case(
        "number of listed values",
        "E519",
        "block B(n) {\n"
        "    for i in range(n) { convs[i]: conv(8, 3x3) as xs[i] }\n"
        "    from «[xs[i] for i in range(n)]» -> concat\n"
        "}\n"
        "model M: [3, 8, 8] -> [10] {\n    B(2) -> B(3)\n" + TAIL,
        "how many values this lists depends on an argument of the constructor",
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
        "layer of the input's height",
        "E522",
        "block «B» { conv(in.height, 3x3) }\n" "model M: [3, 8, 8] -> [10] {\n    B\n" + TAIL,
        "`B` has a layer whose size follows the height or width of its input",
        "`global_avgpool`",
    ),
    Case(
        "member under a condition",
        "E523",
        "block B(widths) { for k in widths { if k > 3 { «conv»(k, 1x1) } else { relu } } }\n"
        "model M: [3, 8, 8] -> [10] {\n    B([2, 4]) -> B([4])\n" + TAIL,
        "members of the family `conv` need an index here",
        "label it `conv[i]:`",
    ),
    Case(
        "square and oblong kernels in a loop",
        "E524",
        "block B(kernels) { for kernel in kernels { «conv(4, kernel)» } }\n"
        "model M: [3, 8, 8] -> [10] {\n    B([3x3, 1x3]) -> B([3x3])\n" + TAIL,
        "`same` has no one text for kernels that are square here and oblong there",
        "make the convolution a block of its own",
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
        "width that a loop has changed since",
        "E525",
        "block U(width) { conv(width, 1x1) }\n"
        "block V(width) { conv(width + 1, 1x1) }\n"
        "block «B»(n, unit) { repeat n { if n > 1 { unit(4) * n } } }\n"
        "model M: [3, 8, 8] -> [10] {\n    B(2, U) -> B(2, V)\n" + TAIL,
        "`B` reads a width that a loop has changed since",
        "make the part with the loop a block of its own",
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

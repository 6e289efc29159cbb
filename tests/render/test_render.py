"""How diagnostics look, against golden files; and what they are as JSON."""

from __future__ import annotations

from pathlib import Path

import pytest

from archdsl.diagnostics import Bag, Diagnostic, Full, Label
from archdsl.limits import FINDINGS
from archdsl.render import WIDTH, render, render_all, tally, to_json
from archdsl.source import Source, Span

GOLDENS = Path(__file__).parent / "goldens"

RESNET = Source(
    "specs/resnet.arch",
    "block Bottleneck(width, stride = 1) {\n"
    "    residual {\n"
    "        conv(width, 1x1) -> bn -> relu\n"
    "        conv(4 * width, 1x1) -> bn\n"
    "    } skip identity\n"
    "    relu\n"
    "}\n",
)


def span(source: Source, text: str) -> Span:
    start = source.text.index(text)
    return Span(source=source, start=start, end=start + len(text))


def finding(label: Label, **more: object) -> Diagnostic:
    values = {"code": "E204", "message": "the two sides of this residual differ in channels"}
    return Diagnostic(**{**values, "label": label, **more})


def one_place() -> Diagnostic:
    return finding(
        Label(span=span(RESNET, "skip identity"), text="64 channels here, 256 from the body"),
        notes=("in Bottleneck(width=64) at 31:28, stage layer1, variant resnet50",),
        help="project where they differ: `skip identity else { conv(256, 1x1) -> bn }`",
    )


def two_places() -> Diagnostic:
    return finding(
        Label(span=span(RESNET, "skip identity"), text="64 channels"),
        others=(Label(span=span(RESNET, "conv(4 * width, 1x1)"), text="256 channels"),),
    )


def far_apart() -> Diagnostic:
    return finding(
        Label(span=span(RESNET, "skip identity"), text="here"),
        others=(Label(span=span(RESNET, "Bottleneck"), text="in this block"),),
    )


def same_line() -> Diagnostic:
    return finding(
        Label(span=span(RESNET, "relu\n        conv"), text="goes on over two lines"),
        others=(Label(span=span(RESNET, "bn -> relu"), text=""),),
    )


def two_files() -> Diagnostic:
    other = Source("specs/parts/head.arch", "# the head\n\nblock Head(n) { linear(n) }\n")
    return finding(
        Label(span=span(RESNET, "relu\n}"), text="used here"),
        others=(Label(span=span(other, "Head"), text="declared here"),),
    )


def whole_file() -> Diagnostic:
    source = Source("specs/none.arch", "")
    return finding(Label(span=Span(source=source, start=0, end=0)), severity="warning")


def end_of_file() -> Diagnostic:
    source = Source("a.arch", "block A {\n")
    return finding(Label(span=Span(source=source, start=10, end=10), text="`}` is missing"))


def tabs() -> Diagnostic:
    source = Source("a.arch", "block A {\n\tconv(8)\t-> bm\n}\n")
    return finding(Label(span=span(source, "bm"), text="no such op"), help="did you mean\n`bn`?")


def wide_letters() -> Diagnostic:
    source = Source("a.arch", 'let a = "畳み込み層"; let c\u0327 = "é"\n')
    return finding(Label(span=span(source, "み込"), text="two letters, four cells"))


def wide_before() -> Diagnostic:
    source = Source("a.arch", 'let a = "畳み込み層"; let b = "e\u0301" + 1\n')
    return finding(Label(span=span(source, "+"), text="under the plus"))


def emoji_before() -> Diagnostic:
    """A heart that a mark of no width makes colourful, and a face of two cells."""
    source = Source("a.arch", 'let a = "\u2764\ufe0f\U0001f642"; let b = widht\n')
    return finding(Label(span=span(source, "widht"), text="under the name"))


def controls() -> Diagnostic:
    source = Source("a\x1b[31m.arch", "let a = \x1b[31m7\u202e\r\n")
    return finding(
        Label(span=span(source, "7"), text="\x07 no bell"), message="\x1b[2J", notes=("\x9b1m",)
    )


def long_line() -> Diagnostic:
    row = ", ".join(str(number) for number in range(100, 300))
    source = Source("a.arch", f"let depths = [{row}]\n")
    return finding(
        Label(span=span(source, "200"), text="this one"),
        others=(Label(span=span(source, "299"), text="off the window"),),
    )


def long_span() -> Diagnostic:
    source = Source("a.arch", f"let depths = [{'1, ' * 200}1]\n")
    return finding(Label(span=span(source, source.text[13:-1]), text="too long"))


CASES = [
    one_place,
    two_places,
    far_apart,
    same_line,
    two_files,
    whole_file,
    end_of_file,
    tabs,
    wide_letters,
    wide_before,
    emoji_before,
    controls,
    long_line,
    long_span,
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_golden(case, golden) -> None:
    golden(render(case()) + "\n", GOLDENS / f"{case.__name__}.txt")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_color_changes_nothing_but_color(case) -> None:
    import re

    colored = render(case(), color=True)
    assert colored != render(case())
    assert re.sub(r"\x1b\[[0-9;]*m", "", colored) == render(case())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_no_line_steers_the_terminal_or_trails(case) -> None:
    for line in render(case()).split("\n"):
        assert "\x1b" not in line
        assert "\x07" not in line
        assert line == line.rstrip()


def test_long_lines_are_cut_to_the_window() -> None:
    lines = render(long_line()).split("\n")
    assert max(map(len, lines)) <= WIDTH + len(" 1 | ") + len("off the window ")
    source, mark = lines[3], lines[4]
    assert source[mark.index("^") :].startswith("200")


def test_underline_stands_below_its_text() -> None:
    for case in (one_place, two_places, far_apart):
        diagnostic = case()
        lines = render(diagnostic).split("\n")
        at = next(i for i, line in enumerate(lines) if "^" in line)
        marks = lines[at]
        start, end = marks.index("^"), marks.rindex("^") + 1
        assert lines[at - 1][start:end] == diagnostic.label.span.text


def test_json() -> None:
    assert to_json(two_places()) == {
        "code": "E204",
        "severity": "error",
        "message": "the two sides of this residual differ in channels",
        "file": "specs/resnet.arch",
        "line": 5,
        "column": 7,
        "end_line": 5,
        "end_column": 20,
        "help": None,
        "notes": ["64 channels", "256 channels (specs/resnet.arch:4:9)"],
        "fix": None,
    }


def test_json_of_several_lines_and_of_a_whole_file() -> None:
    several = to_json(same_line())
    assert (several["line"], several["end_line"], several["end_column"]) == (3, 4, 13)
    whole = to_json(whole_file())
    assert (whole["line"], whole["column"], whole["end_line"]) == (1, 1, 1)


def test_columns_count_characters_not_cells() -> None:
    assert to_json(wide_before())["column"] == wide_before().label.span.start + 1


def test_several_and_the_count() -> None:
    both = [one_place(), whole_file()]
    assert render_all(both) == render(both[0]) + "\n\n" + render(both[1])
    assert render_all([]) == ""
    assert tally(both) == "1 error, 1 warning"
    assert tally([one_place(), one_place()]) == "2 errors"
    assert tally([]) == ""


def test_an_error_takes_the_place_of_a_warning() -> None:
    """At most `FINDINGS` are kept; what is wrong is not left out for what is unmeant."""
    source = Source("long.arch", "x" * (2 * FINDINGS + 1))
    places = [
        Label(span=Span(source=source, start=at, end=at + 1)) for at in range(2 * FINDINGS + 1)
    ]
    bag = Bag()
    for place in places[:FINDINGS]:
        bag.add(finding(place, severity="warning"))
    for place in places[FINDINGS : 2 * FINDINGS]:
        bag.add(finding(place))
    assert [item.severity for item in bag.items] == ["error"] * FINDINGS
    bag.add(finding(places[0], severity="warning", code="E201"))
    assert len(bag.items) == FINDINGS
    with pytest.raises(Full):
        bag.add(finding(places[-1]))

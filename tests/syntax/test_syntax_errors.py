"""What does not parse: each mistake reported once, where it is, in words."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from archdsl.codes import CODES
from archdsl.diagnostics import Bag, Diagnostic
from archdsl.limits import DEPTH, LIMITS
from archdsl.source import Source
from archdsl.syntax.parser import parse

ERRORS = Path(__file__).parent / "errors"
SPECS = sorted(ERRORS.glob("*.arch"))


def diagnose(text: str) -> list[Diagnostic]:
    bag = Bag()
    tree = parse(Source("test.arch", text), bag)
    assert (tree is None) == bool(bag.items)
    return bag.items


def render(item: Diagnostic) -> str:
    span = item.label.span
    line, column = span.source.position(span.start)
    shown = span.text.split("\n")[0]
    lines = [f"{item.code} {line}:{column} [{shown}] {item.message}"]
    lines += [f"    here: {item.label.text}"] if item.label.text else []
    lines += [f"    also: [{other.span.text}] {other.text}" for other in item.others]
    lines += [f"    help: {item.help}"] if item.help else []
    return "\n".join(lines)


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_messages(path: Path, golden: Callable[[str, Path], None]) -> None:
    items = diagnose(path.read_text(encoding="utf-8"))
    assert items
    golden("\n".join(map(render, items)) + "\n", path.with_suffix(".txt"))


def test_every_syntax_code_is_raised() -> None:
    raised = {item.code for path in SPECS for item in diagnose(path.read_text(encoding="utf-8"))}
    raised |= {item.code for item in diagnose("a\0b")}
    assert raised == {code for code in CODES if code.startswith("E1")}


def test_one_run_reports_independent_errors_in_order() -> None:
    text = "block A {\n  conv(1 2)\n  relu\n  let = 3\n}\nblok B { relu }\nmodel M: [3 -> [1] { relu }\n"
    places = [item.label.span.start for item in diagnose(text)]
    assert len(places) == 4
    assert places == sorted(places)


def test_missing_brace_points_at_its_opening() -> None:
    text = "block A {\n    residual {\n        relu\n    bn\n}\nmodel M: [3] -> [1] { relu }\n"
    (item,) = diagnose(text)
    assert (item.code, item.label.span.start) == ("E102", text.index("{\n        relu"))


@pytest.mark.parametrize(
    "text",
    [
        "let a = " + "(" * 5000,
        "let a = " + "-" * 5000 + "1",
        "let a = " + "not " * 5000 + "b",
        "let a = 1" + " + 1" * 5000,
        "let a = 1" + " ** 1" * 5000,
        "let a = b" + ".c" * 5000,
        "let a = b" + "[0]" * 5000,
        "let a = " + "1 if b else " * 5000 + "2",
        "block A " + "{" * 5000 + "}" * 5000,
        "block A { if a { relu }" + " else if b { relu }" * 5000 + " }",
        "block A { conv" + "(f(" * 3000 + "))" * 3000 + " }",
    ],
)
def test_depth_is_refused(text: str) -> None:
    assert "E105" in [item.code for item in diagnose(text)]


def test_depth_below_the_limit_is_fine() -> None:
    depth = DEPTH - 3
    assert diagnose("let a = " + "(" * depth + "1" + ")" * depth) == []
    assert diagnose("let a = [" + "1, " * 5000 + "]") == []
    assert diagnose("block A { relu" + " -> relu" * 3000 + " }") == []


def test_odd_text() -> None:
    assert diagnose("") == []
    assert diagnose("\ufeff# only a comment") == []
    assert diagnose("block A {\r\n    relu\r\n    bn\r\n}\r\n") == []
    assert diagnose("block A {\n\trelu\n\tbn\n}") == []
    assert [item.code for item in diagnose("block A { relu\x01 }")] == ["E104"]
    assert [item.code for item in diagnose("#" * (LIMITS["bytes"] + 1))] == ["E106"]


@pytest.mark.parametrize(
    ("text", "seen", "help"),
    [
        ("conv(64, 3X3)", "3X3", "a size has a small x: `3x3`"),
        ("from x -> conv(64, 3) + x", "+", "`from a + b`; what adds its input"),
        ("relu - in", "-", "`from a - b`"),
        ("for i, (a, b) in c { relu }", "(", "`for i, pair in ...`"),
        ("let s = [a for i, (a, b) in c]", "(", "`pair[0]`"),
    ],
)
def test_what_users_of_python_write(text: str, seen: str, help: str) -> None:
    (item,) = diagnose(f"block A {{\n    {text}\n}}\n")
    assert item.label.span.text == seen
    assert help in str(item.help)

"""Parse, print, parse: an equal tree; print again: the same text."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archdsl import expr
from archdsl.diagnostics import Bag
from archdsl.source import Source
from archdsl.syntax import ast
from archdsl.syntax.parser import parse
from archdsl.syntax.printer import WIDTH, print_file

RICH = (Path(__file__).parent / "rich.arch").read_text(encoding="utf-8")


def tree(text: str) -> ast.File:
    bag = Bag()
    file = parse(Source("test.arch", text), bag)
    assert file is not None, [(item.message, item.label.span.text) for item in bag.items]
    return file


def value(text: str) -> expr.Expr:
    item = tree(f"let x = {text}").items[0]
    assert isinstance(item, ast.FileLet)
    return item.value


def check_round_trip(text: str) -> str:
    file = tree(text)
    printed = print_file(file)
    again = tree(printed)
    assert (file.doc, file.items) == (again.doc, again.items)
    assert sorted(c.text for c in file.comments) == sorted(c.text for c in again.comments)
    assert print_file(again) == printed
    return printed


def statements(body: str) -> tuple[ast.Statement, ...]:
    item = tree(f"block B {{\n{body}\n}}").items[0]
    assert isinstance(item, ast.Block)
    return item.body.statements


def step(text: str) -> ast.Step:
    (chain,) = statements(text)
    assert isinstance(chain, ast.Chain)
    return chain.steps[0]


def test_rich_file() -> None:
    printed = check_round_trip(RICH)
    assert max(map(len, printed.split("\n"))) <= WIDTH


def test_every_kind_of_node_stands_in_the_rich_file() -> None:
    seen: set[str] = set()

    def walk(node: object) -> None:
        if isinstance(node, tuple):
            for item in node:
                walk(item)
        elif hasattr(node, "_fields"):
            seen.add(type(node).__name__)
            for field in node._fields:
                walk(getattr(node, field))

    walk(tree(RICH))
    abstract = {"Action", "Statement", "Item", "Node", "Expr", "Span"}
    kinds = {
        name
        for module in (ast, expr)
        for name, cls in vars(module).items()
        if isinstance(cls, type) and hasattr(cls, "_fields")
    }
    assert kinds - abstract <= seen


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("1 + 2 * 3", "1 + 2 * 3"),
        ("(1 + 2) * 3", "(1 + 2) * 3"),
        ("((1) + ((2)))", "1 + 2"),
        ("a - (b - c)", "a - (b - c)"),
        ("(a - b) - c", "a - b - c"),
        ("(a ** b) ** c", "(a ** b) ** c"),
        ("a ** (b ** c)", "a ** b ** c"),
        ("(-a) ** 2", "(-a) ** 2"),
        ("-(a ** 2)", "-a ** 2"),
        ("not (a and b)", "not (a and b)"),
        ("(not a) and b", "not a and b"),
        ("(not a) == b", "(not a) == b"),
        ("(a < b) < c", "(a < b) < c"),
        ("a not in b", "a not in b"),
        ("not a in b", "not a in b"),
        ("(a if b else c) if d else e", "(a if b else c) if d else e"),
        ("a if b else (c if d else e)", "a if b else c if d else e"),
        ("[x for x in (a if b else c) if d]", "[x for x in (a if b else c) if d]"),
        ("(1).x", "(1).x"),
        ("-a.b[0]", "-a.b[0]"),
        ("(a + b)[1:2]", "(a + b)[1:2]"),
        ("(1,)", "(1,)"),
        ('"a\\n\\"b\\\\\\u0001é"', '"a\\n\\"b\\\\\\u0001é"'),
    ],
)
def test_expressions(text: str, printed: str) -> None:
    assert check_round_trip(f"let x = {text}") == f"let x = {printed}\n"


def test_precedence() -> None:
    match value("-a ** 2 + b * c == d and not e or f"):
        case expr.Binary(op="or", left=expr.Binary(op="and", left=expr.Compare(), right=right)):
            assert isinstance(right, expr.Unary)
        case other:
            pytest.fail(repr(other))
    match value("a < b <= c"):
        case expr.Compare(ops=ops):
            assert ops == ("<", "<=")


@pytest.mark.parametrize(
    ("text", "number"),
    [("25.6M", 25_600_000), ("4.09G", 4_090_000_000), ("1_000", 1000), ("2K", 2000), (".5", 0.5)],
)
def test_numbers(text: str, number: float) -> None:
    (item,) = tree(f"variant v = M() expect {{ params: {text} }}").items
    assert isinstance(item, ast.Variant)
    claim = item.expect[0].value
    assert isinstance(claim, expr.Number)
    assert (claim.value, claim.text, type(claim.value)) == (number, text, type(number))


def test_newlines() -> None:
    assert len(statements("relu\n-> bn\n\n# c\nrelu")) == 2
    assert len(statements("let a = b // 4\nif c { relu }")) == 2
    assert len(statements("conv(\n64,\n3x3\n)\nbn; relu")) == 3
    assert len(statements("residual { relu }\n skip identity\nif a { b }\nelse { c }")) == 2
    assert len(statements("residual { relu }\nskip: conv(8)")) == 2
    assert len(statements("from a\nb")) == 2


def test_labels_and_keywords() -> None:
    for word in ("skip", "repeat", "head", "from", "aux", "share", "in", "param", "tap", "as"):
        label = step(f"{word}: conv(8)").label
        assert label is not None
        assert label.base == word
    for word in ("head", "stem", "init", "param", "expect", "same", "identity", "model"):
        action = step(f"{word}(3) -> relu").action
        assert isinstance(action, ast.Call)
        assert action.name.text == word
    assert len(statements("head\nrelu")) == 2


def test_values_after_else_are_no_labels() -> None:
    for word in ("in", "true", "false", "none"):
        printed = check_round_trip(f'block B {{ require 1 if none else ({word}): "why" }}')
        assert f'else {word}: "why"' in printed


def test_a_form_feed_is_a_blank() -> None:
    assert statements("head\f{ relu }") == statements("head { relu }")
    assert statements("repeat\f2 { relu }") == statements("repeat 2 { relu }")


def test_skips() -> None:
    def skip(text: str) -> ast.Skip:
        action = step(f"residual {{ a }} {text}").action
        assert isinstance(action, ast.Merge)
        assert action.skip is not None
        return action.skip

    assert skip("skip none").source == "none"
    assert skip("skip none").step is None
    assert skip("skip identity").source == "identity"
    assert skip("skip identity else { b }").otherwise is not None
    assert skip("skip { b }").source == "body"
    assert skip("skip x: P(8) if c").condition == expr.Name(id="c", span=step("a").span)
    assert step("residual { a } skip P(1) as x").result is not None


def test_spans_cover_what_they_name() -> None:
    found = step("a: conv(8, 3x3) * (n - 1) as x")
    assert found.span.text == "a: conv(8, 3x3) * (n - 1) as x"
    assert found.action.span.text == "conv(8, 3x3)"
    assert found.count is not None
    assert found.count.span.text == "(n - 1)"


def test_template_expressions_keep_their_place() -> None:
    label = step('"block{i + 1}x": relu').label
    assert label is not None
    assert isinstance(label.base, expr.Template)
    assert label.base.parts[0] == "block"
    place = label.base.parts[1]
    assert isinstance(place, expr.Expr)
    assert place.span.text == "i + 1"


def test_comments_stay() -> None:
    text = (
        "# first\n\nblock A {  # opening\n    # own\n    relu  # behind\n\n    bn\n    # last\n}\n"
        "# end\n"
    )
    assert check_round_trip(text) == text


TABLES = """\
let T = [ [1, 2, 3],   # one
   [4, 5, 6], # two
   # before three
   [7, 8, 9]  # three
   # end
]
let U = [[1, 2], [3, 4]]
let V = [[1, 2],
  [3, 4], [5, 6]]
model M(rows): [3, 8, 8] -> [_, _, _] {
    let W = [[[1,2],[3,4]],
        [[1,2],
        [3, 4]]]  # after
    relu
}
variant m = M([[1, 2],
   [3, 4]])   # behind
"""
IN_ROWS = """\
let T = [
    [1, 2, 3],  # one
    [4, 5, 6],  # two
    # before three
    [7, 8, 9]  # three
    # end
]
let U = [[1, 2], [3, 4]]
let V = [[1, 2], [3, 4], [5, 6]]
model M(rows): [3, 8, 8] -> [_, _, _] {
    let W = [
        [[1, 2], [3, 4]],
        [
            [1, 2],
            [3, 4]
        ]
    ]  # after
    relu
}
variant m = M([
    [1, 2],
    [3, 4]
])  # behind
"""


def test_tables_keep_a_row_a_line() -> None:
    """Where they were written so; their comments stay at their rows."""
    assert check_round_trip(TABLES) == check_round_trip(IN_ROWS) == IN_ROWS


def test_an_empty_map_behind_a_head_of_several_lines() -> None:
    variants = ", ".join(f"variant_number_{number}" for number in range(9))
    printed = check_round_trip(f"train once for {variants} {{ }}\n")
    assert printed.endswith(" { }\n") and printed.count("\n") > 1


def test_layout() -> None:
    assert check_round_trip("block  A{relu->bn}") == "block A { relu -> bn }\n"
    wide = " -> ".join(["conv(64, 3x3, stride=2)"] * 6)
    printed = check_round_trip(f"block A {{ {wide} }}\n\n\n\nblock B {{ {'x' * 95} }}")
    assert printed.split("\n")[2].startswith("        -> conv")
    assert "\n\n\n" not in printed
    assert "}\n\nblock B {\n    x" in printed


WORDS = st.sampled_from(
    "block model A x conv relu ( ) [ ] { } -> : = , ; \n . * + - not in if else for as from skip "
    'identity none residual repeat let require stem "s" "{x}" 3 3x3 2K ~ # @ " \' expect variant '
    '"""d""" fn import true'.split(" ")
)


@settings(
    max_examples=150, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
@given(st.lists(WORDS, max_size=40))
def test_token_soup_gives_diagnostics(words: list[str]) -> None:
    bag = Bag()
    file = parse(Source("soup.arch", " ".join(words)), bag)
    assert (file is None) == bool(bag.items)
    if file is not None:
        check_round_trip(" ".join(words))


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.text(max_size=60))
def test_any_text_gives_diagnostics(text: str) -> None:
    bag = Bag()
    assert (parse(Source("text.arch", text), bag) is None) == bool(bag.items)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.integers(0, len(RICH)), st.integers(0, 40), WORDS)
def test_damaged_file(at: int, length: int, word: str) -> None:
    text = RICH[:at] + word + RICH[at + length :]
    bag = Bag()
    file = parse(Source("damaged.arch", text), bag)
    assert (file is None) == bool(bag.items)
    if file is not None:
        check_round_trip(text)

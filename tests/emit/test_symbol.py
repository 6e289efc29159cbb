"""Symbols: what they mean, how they are written, and that the two never part."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, assume, example, given, settings
from hypothesis import strategies as st

from archdsl.emit import symbol as s
from archdsl.ops.op import Size

A, B, C = s.name("a"), s.name("b"), s.name("c")

# Meaning


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (A + B, B + A),
        (A * (B + C), A * B + A * C),
        ((A + 1) * (A - 1), A * A - 1),
        (A - B + B, A),
        (2 * A - A, A),
        (A * B * C, C * (B * A)),
        (-(A - B), B - A),
        (A + 2.0, A + 2),
        ((A + B) // 2 + 1, 1 + (B + A) // 2),
        (s.call("max", [A + B, 1]), s.call("max", [B + A, 1])),
    ],
    ids=str,
)
def test_equal_polynomials(left: Any, right: Any) -> None:
    assert s.same(left, right)
    assert hash(s.key_of(left)) == hash(s.key_of(right))


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (A + B, A * B),
        (A // 2 * 2, A),
        ((A + B) // 2, A // 2 + B // 2),
        (A, B),
        (A, "a"),
        (s.index(A, 0), s.index(A, 1)),
        (s.call("max", [A, B]), s.call("min", [A, B])),
        (A + 0.5, A),
        (A**2, 2**A),
    ],
    ids=str,
)
def test_different_values(left: Any, right: Any) -> None:
    assert not s.same(left, right)


def test_difference_of_equals_is_a_number() -> None:
    assert (A + B) - (B + A) == 0
    assert (A * (B + 1)) - A * B - A == 0
    assert (A + 5) - (A + 2) == 3


def test_local_means_its_value() -> None:
    mid = s.name("mid", A // 2)
    assert mid == A // 2
    assert s.text(mid) == "mid"
    assert s.text(s.expanded(mid * 2)) == "a // 2 * 2"
    assert s.names_in(mid) == {"mid"}
    assert s.names_in(mid, expand=True) == {"a"}


def test_square_size_is_its_side() -> None:
    assert s.same(Size(3, 3), 3)
    assert not s.same(Size(3, 1), 3)
    assert s.text(Size(A, A)) == "a"
    assert s.text(Size(A, 1)) == "(a, 1)"


# Text


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (A - (B - C), "a - (b - c)"),
        (A - B - C, "a - b - c"),
        (A * (B + 1), "a * (b + 1)"),
        (A // (B * C), "a // (b * c)"),
        (A // B * C, "a // b * c"),
        (A % B // C, "a % b // c"),
        (A * (B % C), "a * (b % c)"),
        (A**B**C, "a**b**c"),
        ((A**B) ** C, "(a**b) ** c"),
        (2**-A, "2 ** (-a)"),
        ((-A) ** 2, "(-a) ** 2"),
        (s.Symbol("**", -2, A), "(-2) ** a"),
        (-(A + B), "-(a + b)"),
        (A + -2, "a + -2"),
        (s.compare("<", A + 1, B), "a + 1 < b"),
        (s.compare(">", 1, A), "a < 1"),
        (s.compare("==", A, None), "a is None"),
        (s.compare("!=", A, None), "a is not None"),
        (s.compare("in", A, (1, 2)), "a in (1, 2)"),
        (s.negation(s.compare("in", A, (1, 2))), "a not in (1, 2)"),
        (s.negation(s.both(A, B)), "not (a and b)"),
        (s.both(s.either(A, B), C), "(a or b) and c"),
        (s.either(A, s.both(B, C)), "a or b and c"),
        (s.choose(A, 1, s.choose(B, 2, 3)), "1 if a else 2 if b else 3"),
        (s.choose(s.choose(A, B, C), 1, 2), "1 if (b if a else c) else 2"),
        (s.choose(A, 1, 2) + B, "(1 if a else 2) + b"),
        (s.index(A + B, C), "(a + b)[c]"),
        (s.slice_of(A, None, -1, None), "a[:-1]"),
        (s.slice_of(A, 1, None, 2), "a[1::2]"),
        (s.call("ceil", [A / 2]), "math.ceil(a / 2)"),
        (s.call("unique", [A]), "tuple(dict.fromkeys(a))"),
        (s.call("count", [A, 1]), "a.count(1)"),
        ((A,), "(a,)"),
        ((A, (1, B)), "(a, (1, b))"),
        (True, "True"),
        (None, "None"),
        (0.001, "1e-3"),
        (0.00125, "1.25e-3"),
        (-0.005, "-5e-3"),
        (1e-5, "1e-5"),
        (0.01, "0.01"),
        (0.5, "0.5"),
        (1e20, "1e+20"),
    ],
    ids=str,
)
def test_text(value: Any, expected: str) -> None:
    assert s.text(value) == expected
    ast.parse(expected, mode="eval")


@given(st.text())
def test_quoted_strings_are_pythons(value: str) -> None:
    written = s.quoted(value)
    assert ast.literal_eval(written) == value
    assert written.startswith('"')


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_floats_are_pythons(value: float) -> None:
    assert ast.literal_eval(s.number(value)) == pytest.approx(value, rel=1e-15)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (A + 0, "a"),
        (A * 1, "a"),
        (0 * A, "0"),
        (A // 1, "a"),
        (A + 2 - 2, "a"),
        (A + B - A, "b"),
        (2 * A + A, "3 * a"),
        (2 * (4 * A), "8 * a"),
        (2 * (4 * A * B), "8 * a * b"),
        (2 * (A * 4), "2 * (a * 4)"),
        (((A - 1) // 2 + 1) // 2, "(a + 1) // 4"),
        (A // 2 // 2, "a // 4"),
        ((A // 2 + 3) // 2, "(a + 6) // 4"),
        (4 * A // 2, "2 * a"),
        ((4 * A + 2) // 2, "2 * a + 1"),
        (A // 2 * 2, "a // 2 * 2"),
        (A * B // 64, "a * b // 64"),
    ],
    ids=str,
)
def test_simplified(value: Any, expected: str) -> None:
    assert s.text(value) == expected


# Conditions


def test_decided_conditions() -> None:
    assert s.compare("==", A + B, B + A) is True
    assert s.compare("!=", A, A) is False
    assert s.choose(True, A, B) is A
    assert s.choose(s.compare("==", A, B), C, C) is C
    assert s.both(False, A) is False
    assert s.either(True, A) is True
    assert s.both(True, A) is A


def test_choice_between_equals() -> None:
    assert s.choose(s.compare("!=", A, B), A, B) is A
    assert s.choose(s.compare("==", A, B), B, A) is A


def test_choice_whose_arms_agree_where_it_fails() -> None:
    halved = (B - 1) // A + 1
    assert s.choose(s.compare("!=", A, 1), halved, B) is halved
    assert s.choose(s.compare("==", A, 1), B, halved) is halved
    assert (
        s.text(s.choose(s.compare("!=", A, 2), halved, B)) == f"{s.text(halved)} if a != 2 else b"
    )


def test_negation_of_negation() -> None:
    condition = s.compare("<", A, B)
    assert s.text(s.negation(condition)) == "a >= b"
    assert s.negation(s.negation(condition)) == condition
    assert s.negation(s.negation(A)) is A


# Any expression

NAMES = ("a", "b", "c")
BOUND = 2**40
DEPTH = 3


class Skip(Exception):
    """The expression has no exact value under these bindings."""


Tree = tuple[Any, ...]


INTEGERS = (1, 2, 3, 4, 8, 0, -1, -2, -6)
DYADIC = (0.5, 0.25, 1.5, 2.0, -0.5)
COMPARED = ("<", "<=", ">", ">=", "==", "!=")


@st.composite
def trees(
    draw: st.DrawFn, literals: tuple[Any, ...], arithmetic: tuple[str, ...], depth: int = DEPTH
) -> Tree:
    """Expressions as nested tuples: an operator and its operands."""

    def tree(depth: int) -> Tree:
        kind = (
            draw(st.sampled_from("leaf usual usual usual usual rare".split())) if depth else "leaf"
        )
        if kind == "leaf":
            chosen = draw(st.sampled_from((*NAMES, *literals)))
            return ("name" if isinstance(chosen, str) else "literal", chosen)
        if kind == "usual":
            op = draw(st.sampled_from(arithmetic))
            # Constants on the right are what the engine simplifies.
            constant = draw(st.booleans())
            return (op, tree(depth - 1), tree(0 if constant else depth - 1))
        match draw(st.sampled_from(("**", "neg", "max", "min", "ternary"))):
            case "**":
                power = draw(st.sampled_from(("c", 0, 1, 2, 3)))
                exponent = ("name" if power == "c" else "literal", power)
                return ("**", tree(depth - 1), exponent)
            case "neg":
                return ("neg", tree(depth - 1))
            case "ternary":
                return ("ternary", condition(depth - 1), tree(depth - 1), tree(depth - 1))
            case op:
                return (op, tree(depth - 1), tree(depth - 1))

    def condition(depth: int) -> Tree:
        match draw(st.sampled_from(("compare", "compare", "not", "and", "or"))):
            case "not":
                return ("not", condition(depth))
            case ("and" | "or") as op:
                return (op, comparison(depth), comparison(depth))
            case _:
                return comparison(depth)

    def comparison(depth: int) -> Tree:
        return (draw(st.sampled_from(COMPARED)), tree(depth), tree(depth))

    return tree(depth)


WHOLE = trees(INTEGERS, ("+", "-", "*", "//", "%"))
REAL = trees((*INTEGERS, *DYADIC), ("+", "-", "*", "*", "//", "/"))
POLYNOMIAL = trees(INTEGERS, ("+", "-", "*"))
BINDINGS = st.fixed_dictionaries({name: st.integers(-6, 9) for name in NAMES})

Apply = Callable[[str, list[Any]], Any]


def fold(tree: Tree, leaf: Callable[[Tree], Any], apply: Apply) -> Any:
    """Work a tree out from its leaves."""
    if tree[0] in ("name", "literal"):
        return leaf(tree)
    return apply(tree[0], [fold(part, leaf, apply) for part in tree[1:]])


def python_of(op: str, args: list[Any]) -> Any:
    """What Python makes of an operator; exact, or skipped."""
    if op == "**" and (args[1] < 0 or args[1] > 4):
        raise Skip
    try:
        value = {
            **s.CONCRETE,
            **s.COMPARISONS,
            "neg": lambda a: -a,
            "not": lambda a: not a,
            "and": lambda a, b: a and b,
            "or": lambda a, b: a or b,
            "max": max,
            "min": min,
            "ternary": lambda condition, then, other: then if condition else other,
        }[op](*args)
    except ZeroDivisionError:
        raise Skip from None
    if isinstance(value, (int, float)) and abs(value) > BOUND:
        raise Skip
    if isinstance(value, float) and (value * 2**24) % 1:
        raise Skip
    return value


def symbol_of(op: str, args: list[Any]) -> Any:
    """What the engine makes of an operator."""
    if op in s.CONCRETE:
        if not any(isinstance(arg, s.Symbol) for arg in args):
            return python_of(op, args)
        return s.binary(op, args[0], args[1])
    if op in s.COMPARISONS:
        return s.compare(op, args[0], args[1])
    if op in ("max", "min"):
        return s.call(op, args)
    return {
        "neg": s.negate,
        "not": s.negation,
        "and": s.both,
        "or": s.either,
        "ternary": s.choose,
    }[op](*args)


def symbolic(tree: Tree) -> Any:
    return fold(tree, lambda leaf: s.name(leaf[1]) if leaf[0] == "name" else leaf[1], symbol_of)


def plain(tree: Tree, bindings: dict[str, int]) -> Any:
    return fold(tree, lambda leaf: bindings[leaf[1]] if leaf[0] == "name" else leaf[1], python_of)


SEARCH = settings(
    max_examples=100,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow],
    phases=[Phase.explicit, Phase.generate, Phase.shrink],
)


def check_value(tree: Tree, bindings: dict[str, int]) -> None:
    try:
        expected = plain(tree, bindings)
        value = symbolic(tree)
    except Skip:
        assume(False)
    written = s.text(value)
    assert eval(written, dict(bindings)) == expected, written
    assert s.substitute(value, bindings) == expected, written


@SEARCH
@given(tree=WHOLE, bindings=BINDINGS)
def test_integers_keep_their_value(tree: Tree, bindings: dict[str, int]) -> None:
    check_value(tree, bindings)


@SEARCH
@given(tree=REAL, bindings=BINDINGS)
@example(
    ("//", ("*", ("*", ("literal", 0.5), ("name", "a")), ("literal", 1)), ("literal", 1)),
    {"a": 1, "b": 0, "c": 0},
)
@example(
    ("//", ("*", ("*", ("literal", 0.5), ("name", "a")), ("literal", 2)), ("literal", 2)),
    {"a": 1, "b": 0, "c": 0},
)
@example(
    ("//", ("*", ("literal", 2), ("/", ("name", "a"), ("literal", 4))), ("literal", 2)),
    {"a": 1, "b": 0, "c": 0},
)
def test_fractions_keep_their_value(tree: Tree, bindings: dict[str, int]) -> None:
    check_value(tree, bindings)


@SEARCH
@given(tree=WHOLE, inner=st.fixed_dictionaries(dict.fromkeys(NAMES, WHOLE)), bindings=BINDINGS)
def test_substituting_expressions(
    tree: Tree, inner: dict[str, Tree], bindings: dict[str, int]
) -> None:
    """Names may be replaced by expressions: the same as replacing them by these' values."""
    try:
        values = {name: plain(part, bindings) for name, part in inner.items()}
        expected = plain(tree, values)
        value = s.substitute(symbolic(tree), {k: symbolic(part) for k, part in inner.items()})
    except Skip:
        assume(False)
    assert s.substitute(value, bindings) == expected


def rearranged(tree: Tree, turn: bool) -> Tree:
    """The same value in another shape: operands swapped, differences as sums of negatives."""
    op, *args = tree
    if op in ("name", "literal"):
        return ("neg", ("neg", tree)) if turn else tree
    parts = [rearranged(part, turn) for part in args]
    if op in ("+", "*"):
        return (op, parts[1], parts[0])
    if op == "-":
        return ("+", ("neg", parts[1]), parts[0])
    return (op, *parts)


@SEARCH
@given(tree=POLYNOMIAL, turn=st.booleans())
def test_rearranged_sums_and_products_are_recognised(tree: Tree, turn: bool) -> None:
    try:
        left, right = symbolic(tree), symbolic(rearranged(tree, turn))
    except Skip:
        assume(False)
    if "ternary" not in repr(tree):
        assert s.same(left, right), (s.text(left), s.text(right))


@SEARCH
@given(left=WHOLE, right=WHOLE, bindings=BINDINGS)
def test_equal_keys_are_equal_values(left: Tree, right: Tree, bindings: dict[str, int]) -> None:
    """Random pairs are rarely equal; a pair with itself rearranged often is."""
    for other in (right, rearranged(left, False), rearranged(left, True)):
        try:
            one, two = symbolic(left), symbolic(other)
            if s.same(one, two):
                assert plain(left, bindings) == plain(other, bindings)
                assert hash(s.key_of(one)) == hash(s.key_of(two))
        except Skip:
            continue


# Text and Python's own parser


def structure(value: Any) -> Any:
    """A symbol as the expression tree that Python should read from its text."""
    if not isinstance(value, s.Symbol):
        return ast.parse(s.text(value), mode="eval").body
    op, args = value.op, value.args
    if op == "name":
        return ast.Name(args[0], ast.Load())
    if op in _OPERATORS:
        return ast.BinOp(structure(args[0]), _OPERATORS[op](), structure(args[1]))
    if op in ("neg", "not"):
        operator = ast.USub() if op == "neg" else ast.Not()
        return ast.UnaryOp(operator, structure(args[0]))
    if op in ("and", "or"):
        return ast.BoolOp(ast.And() if op == "and" else ast.Or(), [structure(arg) for arg in args])
    if op == "compare":
        return ast.Compare(structure(args[0]), [_COMPARED[args[1]]()], [structure(args[2])])
    if op == "ternary":
        return ast.IfExp(structure(args[1]), structure(args[0]), structure(args[2]))
    assert op == "call"
    return ast.Call(ast.Name(args[0], ast.Load()), [structure(arg) for arg in args[1:]], [])


_OPERATORS: dict[str, Any] = {
    "+": ast.Add,
    "-": ast.Sub,
    "*": ast.Mult,
    "//": ast.FloorDiv,
    "/": ast.Div,
    "%": ast.Mod,
    "**": ast.Pow,
}
_COMPARED: dict[str, Any] = {
    "==": ast.Eq,
    "!=": ast.NotEq,
    "<": ast.Lt,
    "<=": ast.LtE,
    ">": ast.Gt,
    ">=": ast.GtE,
}


@SEARCH
@given(tree=WHOLE)
def test_text_is_read_as_it_is_meant(tree: Tree) -> None:
    """No parenthesis is missing: Python reads the very tree that was written."""
    try:
        value = symbolic(tree)
    except Skip:
        assume(False)
    read = ast.parse(s.text(value), mode="eval").body
    assert _flat(read) == _flat(structure(value))


@SEARCH
@given(tree=WHOLE)
def test_no_parenthesis_too_many(tree: Tree) -> None:
    """Of the text's parentheses each is needed, or Python's own printer sets it, too."""
    try:
        written = s.text(symbolic(tree))
    except Skip:
        assume(False)
    assert written.count("(") <= ast.unparse(ast.parse(written)).count("(")


def _flat(node: ast.AST) -> str:
    """The tree as text; a chain of one and the same `and` or `or` is one."""

    class Flatten(ast.NodeTransformer):
        def visit_BoolOp(self, node: ast.BoolOp) -> ast.AST:
            self.generic_visit(node)
            values: list[ast.expr] = []
            for value in node.values:
                same = isinstance(value, ast.BoolOp) and type(value.op) is type(node.op)
                values += value.values if same else [value]  # type: ignore[attr-defined]
            return ast.BoolOp(node.op, values)

    return ast.dump(Flatten().visit(node))

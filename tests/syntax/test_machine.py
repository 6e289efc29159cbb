"""Our machine, on our tables, does what lark does with the same grammar."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lark import Lark, UnexpectedToken
from lark import Token as LarkToken
from lark.lexer import Lexer

from archdsl.diagnostics import Bag, SpecError
from archdsl.node import Node
from archdsl.source import Source, Span
from archdsl.syntax import parser, tables
from archdsl.syntax.build import Builder
from archdsl.syntax.lexer import Token, tokenize
from archdsl.syntax.machine import Machine, Misfit

ROOT = Path(__file__).resolve().parent.parent.parent
RICH = Path(__file__).parent / "rich.arch"
FILES = [*sorted((ROOT / "specs").glob("*.arch")), RICH]
BUILDER = Builder(parser.parse_expression)


class Numbered(Token):
    """A token with what lark wants to know of its own, and the index of it."""

    line = column = end_line = end_column = index = 0


class Numbering(Lexer):
    """Hands lark the tokens that it is given in place of a text."""

    def __init__(self, _: object) -> None:
        pass

    def lex(self, tokens: Any) -> Iterator[Any]:  # type: ignore[override]
        for index, token in enumerate(tokens):
            copy = Numbered(token.type, token.value, token.source, token.start_pos, token.end_pos)
            copy.index = index
            yield copy


class Silent:
    """The configuration of a parser, with callbacks that build nothing."""

    def __init__(self, conf: Any) -> None:
        self.states = conf.states
        self.end_state = conf.end_state
        self.callbacks: dict[Any, Any] = {}


@pytest.fixture(scope="module")
def lark() -> Lark:
    """Strict: a conflict in the grammar is an error."""
    return Lark(
        Path(tables.GRAMMAR).read_text(encoding="utf-8"),
        parser="lalr",
        lexer=Numbering,
        start=list(tables.STARTS),
        maybe_placeholders=True,
        transformer=BUILDER,
        strict=True,
    )


@pytest.fixture(scope="module")
def machine() -> Machine:
    return Machine(tables.build(), BUILDER)


def items(path: Path) -> list[list[Token]]:
    lexed = tokenize(Source(path.name, path.read_text(encoding="utf-8")), Bag())
    return parser._split(lexed)[1]


def of_lark(lark: Lark, tokens: list[Token]) -> object:
    """The tree, or the place of the token that does not fit and what would."""
    try:
        return lark.parse(tokens, start="item")  # type: ignore[arg-type]
    except UnexpectedToken as error:
        at = error.token.index if isinstance(error.token, Numbered) else len(tokens)
        return at, {kind for kind in error.expected if fits(error.state, kind)}
    except SpecError as error:
        return error.diagnostic


def fits(state: Any, kind: str) -> bool:
    """Whether lark shifts a token after an error, once it has reduced what it then can."""
    copied = state.copy(deepcopy_values=False)
    copied.parse_conf = Silent(copied.parse_conf)
    try:
        copied.feed_token(LarkToken(kind, ""), kind == tables.END)
    except UnexpectedToken:
        return False
    return True


def of_machine(machine: Machine, tokens: list[Token]) -> object:
    try:
        return machine.run(tokens, "item")
    except Misfit as misfit:
        return misfit.at, set(misfit.expected)
    except SpecError as error:
        return error.diagnostic


def spans(tree: object) -> list[tuple[int, int]]:
    """Where everything in a tree stands: equality of trees does not look at it."""
    if isinstance(tree, tuple):
        return [place for item in tree for place in spans(item)]
    if isinstance(tree, Span):
        return [(tree.start, tree.end)]
    if not isinstance(tree, Node):
        return []
    return [place for field in tree._fields for place in spans(getattr(tree, field))]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_same_trees(path: Path, lark: Lark, machine: Machine) -> None:
    for tokens in items(path):
        tree = of_machine(machine, tokens)
        assert isinstance(tree, Node)
        other = of_lark(lark, tokens)
        assert tree == other
        assert spans(tree) == spans(other) != []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_same_misfits(path: Path, lark: Lark, machine: Machine) -> None:
    chance = random.Random(path.stem)
    others = list(one_of_each().values())
    wrong = 0
    for tokens in items(path):
        for _ in range(12):
            damaged = mutated(tokens, others, chance)
            found = of_machine(machine, damaged)
            assert found == of_lark(lark, damaged)
            wrong += isinstance(found, tuple)
    assert wrong > 0


def one_of_each() -> dict[str, Token]:
    return {token.type: token for tokens in items(RICH) for token in tokens}


def test_damage_knows_every_token() -> None:
    kinds = {kind for state in tables.load().actions for kind in state}
    assert kinds == {*one_of_each(), tables.END}


def mutated(tokens: list[Token], others: list[Token], chance: random.Random) -> list[Token]:
    """One to three tokens left out, put in or exchanged, or the end cut off."""
    result = list(tokens)
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(len(result))
        other = chance.choice([*others, *tokens])
        result[at : at + 1] = chance.choice(([], [result[at], other], [other]))
        if chance.random() < 0.1 or not result:
            result = [*result[:at], other]
    return result


def test_both_starts_know_their_end(machine: Machine) -> None:
    name = Token("NAME", "a", Source("a.arch", "a"), 0, 1)
    assert machine.run([name], "expr").id == "a"
    with pytest.raises(Misfit) as caught:
        machine.run([name], "item")
    assert caught.value.at == 0
    with pytest.raises(Misfit) as caught:
        machine.run([], "expr")
    assert caught.value.at == 0
    assert tables.END not in caught.value.expected


def test_many_elements_take_no_time(machine: Machine) -> None:
    """Lists grow where they are; the machine does not recurse."""
    count = 20_000
    text = f"let a = [{', '.join(['0'] * count)}]"
    (tokens,) = parser._split(tokenize(Source("a.arch", text), Bag()))[1]
    assert len(machine.run(tokens, "item").value.items) == count
    deep = [*tokens[:3], *[tokens[3]] * count, tokens[4], *[tokens[-1]] * count]
    assert machine.run(deep, "item").value.span.start == tokens[3].start_pos

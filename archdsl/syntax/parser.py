"""Text to syntax tree.

A file is cut into its top-level items at the tokens, and each is parsed by itself; inside
an item that does not parse, the statement at fault is left out and the rest tried again.
So one run reports every independent mistake.
"""

from __future__ import annotations

from archdsl import expr
from archdsl.diagnostics import Bag, Full, SpecError
from archdsl.limits import LIMITS
from archdsl.source import Source
from archdsl.syntax import ast, tables
from archdsl.syntax.build import Builder
from archdsl.syntax.errors import syntax_error
from archdsl.syntax.explain import explain, item_meant
from archdsl.syntax.lexer import TOP_WORDS, Lexed, Token, tokenize, tokenize_expression
from archdsl.syntax.literals import clean_doc
from archdsl.syntax.machine import Machine, Misfit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

MAX_ERRORS = 20
_ITEMS = frozenset(TOP_WORDS.values())

_machine: Machine | None = None


def parse(source: Source, bag: Bag) -> ast.File | None:
    """The tree of a source, or None where the bag now says what is wrong with it."""
    if not _readable(source, bag):
        return None
    before = len(bag.items)
    try:
        return _parse(source, bag, before)
    except Full:
        _sort(bag, before)
        return None


def _parse(source: Source, bag: Bag, before: int) -> ast.File | None:
    lexed = tokenize(source, bag)
    items: list[ast.Item] = []
    doc, groups = _split(lexed)
    if not lexed.whole:
        groups = groups[:-1]
    lexical = [item.label.span.start for item in bag.items[before:]]
    foreign = False
    for tokens in groups:
        if foreign and not _begins(tokens):
            continue
        # What the lexer has mended it has reported; after that, nothing more about the item.
        first = tokens[0].start_pos
        mended = [at for at in lexical if first <= at <= tokens[-1].end_pos]
        found = Bag()
        items += _parse_item(tokens, found)
        foreign = _is_foreign(tokens, found)
        for item in found.items:
            at = item.label.span.start
            if mended and item.label.span.end >= min(mended):
                continue
            if not any(start <= at < end for start, end in lexed.muddled):
                bag.add(item)
    if len(bag.items) > before:
        _sort(bag, before)
        return None
    return ast.File(source=source, doc=doc, items=tuple(items), comments=tuple(lexed.comments))


def parse_expression(source: Source, start: int, end: int) -> expr.Expr:
    """The expression at these offsets of a source; raises SpecError."""
    bag = Bag()
    tokens = tokenize_expression(source, start, end, bag)
    if bag.items:
        raise SpecError(bag.items[0])
    try:
        result: expr.Expr = _run(tokens, "expr")
    except Misfit as misfit:
        raise SpecError(explain(source, tokens, misfit.at, misfit.expected, end)) from None
    return result


def _readable(source: Source, bag: Bag) -> bool:
    """Whether the text is one to look at: of a sane size, and text at all."""
    text = source.text
    if len(text) > LIMITS["bytes"]:
        limit = f"{len(text):,} characters; a spec has at most {LIMITS['bytes']:,}"
        bag.add(syntax_error("E106", f"this file is too large: {limit}", source, (0, 0)))
        return False
    at = text.find("\0")
    if at >= 0:
        message = "this file is not text: it holds a NUL character"
        bag.add(syntax_error("E106", message, source, (at, at + 1)))
        return False
    return True


def _split(lexed: Lexed) -> tuple[str | None, list[list[Token]]]:
    """The file's docstring, and the tokens of each item."""
    tokens = lexed.tokens
    doc = None
    start = 0
    if tokens and tokens[0].type == "LONG_STRING":
        doc = clean_doc(tokens[0].value)
        start = 1
    groups: list[list[Token]] = []
    depth = 0
    for at in range(start, len(tokens)):
        kind = tokens[at].type
        if kind in ("LPAR", "LSQB", "LBRACE"):
            depth += 1
        elif kind in ("RPAR", "RSQB", "RBRACE"):
            depth -= 1
        elif kind == "_SEP" and depth == 0:
            if at > start:
                groups.append(tokens[start:at])
            start = at + 1
    if start < len(tokens):
        groups.append(tokens[start:])
    return doc, groups


def _begins(tokens: list[Token]) -> bool:
    """Whether these are meant as an item."""
    if tokens[0].type in _ITEMS:
        return True
    return not _assigns(tokens) and item_meant(tokens[0].value) is not None


def _assigns(tokens: list[Token]) -> bool:
    return len(tokens) > 1 and tokens[1].type == "_EQUAL"


def _is_foreign(tokens: list[Token], found: Bag) -> bool:
    """Whether what follows an item without beginning one belongs to it, though it stands at file
    level: it is of another language, or the body of a head that has no braces. Only the first of
    such a run is reported."""
    if not found.items:
        return False
    first = found.items[0]
    if tokens[0].type not in _ITEMS:
        return not _assigns(tokens) and item_meant(tokens[0].value) is None
    return (
        first.label.span.start == tokens[0].start_pos or first.label.span.end >= tokens[-1].end_pos
    )


def _parse_item(tokens: list[Token], bag: Bag) -> Iterator[ast.Item]:
    """The item that the tokens make; after an error, the rest is still checked."""
    for _ in range(MAX_ERRORS):
        try:
            yield _run(tokens, "item")
            return
        except Misfit as misfit:
            at = misfit.at
            end = tokens[-1].end_pos
            bag.add(explain(tokens[0].source, tokens, at, misfit.expected, end))
        except SpecError as error:
            bag.add(error.diagnostic)
            at = _token_at(tokens, error.diagnostic.label.span.start)
        tokens = _without_statement(tokens, at)
        if not tokens:
            return


def _token_at(tokens: list[Token], offset: int) -> int:
    return next((i for i, token in enumerate(tokens) if token.end_pos > offset), len(tokens))


def _without_statement(tokens: list[Token], at: int) -> list[Token]:
    """The tokens less the innermost statement around one of them; none where there is none."""
    at = min(at, len(tokens) - 1)
    start = _statement_start(tokens, at)
    if start is None:
        return []
    depth = 0
    stop = start
    while stop < len(tokens):
        kind = tokens[stop].type
        if kind in ("LPAR", "LSQB", "LBRACE"):
            depth += 1
        elif kind in ("RPAR", "RSQB", "RBRACE"):
            depth -= 1
            if depth < 0:
                break
        elif kind == "_SEP" and depth == 0 and stop >= at:
            return tokens[:start] + tokens[stop + 1 :]
        stop += 1
    if tokens[start - 1].type == "_SEP":
        start -= 1
    return tokens[:start] + tokens[stop:]


def _statement_start(tokens: list[Token], at: int) -> int | None:
    """The first token of the innermost statement in braces that holds a token."""
    depth = 0
    for i in range(at - 1, -1, -1):
        kind = tokens[i].type
        if kind in ("RPAR", "RSQB", "RBRACE"):
            depth += 1
        elif kind in ("LPAR", "LSQB", "LBRACE"):
            if depth == 0 and kind == "LBRACE":
                return i + 1
            depth = max(depth - 1, 0)
        elif kind == "_SEP" and depth == 0:
            return i + 1
    return None


def _sort(bag: Bag, start: int) -> None:
    bag.items[start:] = sorted(bag.items[start:], key=lambda item: item.label.span.start)


def _run(tokens: list[Token], start: str) -> Any:
    """What the builder makes of the tokens."""
    global _machine
    if _machine is None:
        _machine = Machine(tables.load(), Builder(parse_expression))
    return _machine.run(tokens, start)

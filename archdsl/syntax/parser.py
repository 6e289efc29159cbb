"""Text to syntax tree. The only user of lark.

A file is cut into its top-level items at the tokens, and each is parsed by itself; inside
an item that does not parse, the statement at fault is left out and the rest tried again.
So one run reports every independent mistake.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import Any, cast

from lark import Lark, UnexpectedToken
from lark import Token as LarkToken
from lark import __version__ as lark_version
from lark.lexer import Lexer as LarkLexer

from archdsl import expr
from archdsl.diagnostics import Bag, SpecError
from archdsl.source import Source
from archdsl.syntax import ast
from archdsl.syntax.build import Builder
from archdsl.syntax.errors import syntax_error
from archdsl.syntax.explain import explain
from archdsl.syntax.lexer import MAX_BYTES, Lexed, Token, tokenize, tokenize_expression
from archdsl.syntax.literals import clean_doc

GRAMMAR = os.path.join(os.path.dirname(__file__), "grammar.lark")
MAX_ERRORS = 20

_parser: Lark | None = None


def parse(source: Source, bag: Bag) -> ast.File | None:
    """The tree of a source, or None where the bag now says what is wrong with it."""
    if not _readable(source, bag):
        return None
    before = len(bag.items)
    lexed = tokenize(source, bag)
    items: list[ast.Item] = []
    doc, groups = _split(lexed)
    if not lexed.whole:
        groups = groups[:-1]
    lexical = [item.label.span.start for item in bag.items[before:]]
    for tokens in groups:
        # What the lexer has mended it has reported; after that, nothing more about the item.
        first = tokens[0].start_pos
        mended = [at for at in lexical if first <= at <= tokens[-1].end_pos]
        found = Bag()
        items += _parse_item(tokens, found)
        for item in found.items:
            if not mended or item.label.span.end < min(mended):
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
    except UnexpectedToken as error:
        at = _position(tokens, error)
        raise SpecError(explain(source, tokens, at, _expected(error), end)) from None
    return result


def _readable(source: Source, bag: Bag) -> bool:
    """Whether the text is one to look at: of a sane size, and text at all."""
    text = source.text
    if len(text) > MAX_BYTES:
        limit = f"{len(text):,} characters; a spec has at most {MAX_BYTES:,}"
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


def _parse_item(tokens: list[Token], bag: Bag) -> Iterator[ast.Item]:
    """The item that the tokens make; after an error, the rest is still checked."""
    for _ in range(MAX_ERRORS):
        try:
            yield _run(tokens, "item")
            return
        except UnexpectedToken as error:
            at = _position(tokens, error)
            end = tokens[-1].end_pos
            bag.add(explain(tokens[0].source, tokens, at, _expected(error), end))
        except SpecError as error:
            bag.add(error.diagnostic)
            at = _token_at(tokens, error.diagnostic.label.span.start)
        tokens = _without_statement(tokens, at)
        if not tokens:
            return


def _position(tokens: list[Token], error: UnexpectedToken) -> int:
    """The index of the token that did not fit; their number at the end of the text."""
    if error.token.type == "$END":
        return len(tokens)
    return next(i for i, token in enumerate(tokens) if token is error.token)


def _token_at(tokens: list[Token], offset: int) -> int:
    return next((i for i, token in enumerate(tokens) if token.end_pos > offset), len(tokens))


def _expected(error: UnexpectedToken) -> frozenset[str]:
    """What would really have fitted, after the reductions that are possible here."""
    state: Any = error.state
    fits = set()
    for kind in error.expected:
        copied = state.copy(deepcopy_values=False)
        copied.parse_conf = _Silent(copied.parse_conf)
        try:
            copied.feed_token(LarkToken(kind, ""), kind == "$END")
        except UnexpectedToken:
            continue
        fits.add(kind)
    return frozenset(fits)


class _Silent:
    """A parse configuration whose callbacks build nothing."""

    def __init__(self, conf: Any) -> None:
        self.states = conf.states
        self.end_state = conf.end_state
        self.callbacks: dict[Any, Any] = {}


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


# The parser itself


class _CachePath(str):
    """A path that lark's cache key does not see, so that a cache can be moved into place."""

    __slots__ = ()

    def __str__(self) -> str:
        return "archdsl"


class _Tokens(LarkLexer):
    """Hands lark the tokens that it is given in place of a text."""

    def __init__(self, _: object) -> None:
        pass

    def lex(self, tokens: Any) -> Iterator[Any]:  # type: ignore[override]
        return iter(tokens)


def build_parser(**options: Any) -> Lark:
    """A parser of the grammar; options go to lark."""
    with open(GRAMMAR, encoding="utf-8") as file:
        grammar = file.read()
    return Lark(
        grammar,
        parser="lalr",
        lexer=_Tokens,
        start=["item", "expr"],
        maybe_placeholders=True,
        transformer=Builder(parse_expression),
        **options,
    )


def _run(tokens: list[Token], start: str) -> Any:
    """What the builder makes of the tokens; lark knows only that its input is no text."""
    tree: Any = _lark().parse(cast("str", tokens), start=start)
    return tree


def _lark() -> Lark:
    global _parser
    if _parser is None:
        _parser = _cached_parser()
    return _parser


def _cached_parser() -> Lark:
    """The parser, with its tables from the user's cache where there is one to trust."""
    folder = _cache_folder()
    if folder is None:
        return build_parser()
    stamp = os.stat(GRAMMAR)
    version = f"{lark_version}-{sys.version_info[0]}.{sys.version_info[1]}"
    path = os.path.join(folder, f"grammar-{version}-{stamp.st_size}-{stamp.st_mtime_ns}")
    if os.path.isfile(path) and not os.path.islink(path):
        return build_parser(cache=_CachePath(path))
    # Written beside and moved into place, so that nobody reads half a file.
    draft = f"{path}.{os.getpid()}"
    try:
        parser = build_parser(cache=_CachePath(draft))
        os.chmod(draft, 0o600)
        os.replace(draft, path)
    except OSError:
        return build_parser()
    return parser


def _cache_folder() -> str | None:
    """A folder that only this user can write to; the cache is unpickled, so it must be."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    folder = os.path.join(base, "archdsl")
    if not os.path.isabs(folder):
        return None
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        status = os.lstat(folder)
    except OSError:
        return None
    own = not hasattr(os, "getuid") or status.st_uid == os.getuid()
    private = os.name == "nt" or status.st_mode & 0o170022 == 0o040000
    return folder if own and private and os.access(folder, os.W_OK) else None

"""The parser's tables. The only user of lark.

lark makes them of grammar.lark. Importing it would make a check take half as long again, so that
they are kept between runs, as plain data; where none can be kept, lark makes them each time.
"""

from __future__ import annotations

import marshal
import os
import sys
from importlib.machinery import PathFinder

from archdsl import store
from archdsl.node import Node

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

GRAMMAR = os.path.join(os.path.dirname(__file__), "grammar.lark")
STARTS = ("item", "expr")
END = "$END"  # what lark calls the token after the last

# What is left of a rule's parts, in order: the place of a part, ~place of one whose own children
# take its place, or None for what `[...]` holds where nothing stands. None for all as they are.
Children = tuple["int | None", ...]

# What a rule makes, of how many parts; its children; whether a lone child stands for the rule
# (`?rule`); the name of its callback, "" where the children are only handed on (`_rule`).
Rule = tuple[str, int, "Children | None", bool, str]


class Tables(Node):
    """What an LALR parser does.

    `actions` says for each state and token which state comes next, or ~n: reduce by rule n. `gotos`
    says where a reduction leads. The state after a start rule takes `END`.
    """

    starts: dict[str, int]
    actions: tuple[dict[str, int], ...]
    gotos: tuple[dict[str, int], ...]
    rules: tuple[Rule, ...]


def load() -> Tables:
    """The tables: those that an earlier run left, or new ones."""
    name = _name()
    kept = None if name is None else _kept(name)
    if kept is not None:
        return kept
    tables = build()
    if name is not None:
        data = marshal.dumps(tuple(getattr(tables, field) for field in Tables._fields))
        store.save(name, _seal(name, data) + data)
    return tables


def _kept(name: str) -> Tables | None:
    found = store.load(name) or b""
    seal, data = found[:_SEAL], found[_SEAL:]
    # marshal has to be spared a file that it did not write.
    if seal != _seal(name, data):
        return None
    return Tables(**dict(zip(Tables._fields, marshal.loads(data))))


_SEAL = 32


def _seal(name: str, data: bytes) -> bytes:
    return store.digest(name.encode(), data).encode()


def _name() -> str | None:
    """The file's name, which tells all that the tables depend on: the grammar, this module, lark,
    and the Python whose marshal it is. None where there is no telling."""
    lark = PathFinder.find_spec("lark")
    if lark is None or lark.origin is None or sys.implementation.cache_tag is None:
        return None
    contents = []
    try:
        for path in (GRAMMAR, __file__, lark.origin):  # lark's `__init__.py` holds its version
            with open(path, "rb") as file:
                contents.append(file.read())
    except OSError:
        return None
    return f"grammar-{sys.implementation.cache_tag}-{store.digest(*contents)}"


def build() -> Tables:
    """The tables as lark makes them."""
    from lark import Lark
    from lark.grammar import Rule as LarkRule
    from lark.lexer import TerminalDef

    with open(GRAMMAR, encoding="utf-8") as file:
        parser = Lark(
            file,
            parser="lalr",
            lexer="basic",  # never run; the least to build
            start=list(STARTS),
            maybe_placeholders=True,
        )
    # As lark's stand-alone generator has them.
    data, memo = parser.memo_serialize([TerminalDef, LarkRule])
    table = data["parser"]["parser"]
    numbers = {key: number for number, key in enumerate(memo)}
    made = {rule["origin"]["name"] for rule in memo.values()}
    actions: list[dict[str, int]] = []
    gotos: list[dict[str, int]] = []
    for state in range(len(table["states"])):
        entries = {
            table["tokens"][token]: ~numbers[target["@"]] if reduces else target
            for token, (reduces, target) in table["states"][state].items()
        }
        actions.append({name: do for name, do in entries.items() if name not in made})
        gotos.append({name: to for name, to in entries.items() if name in made})
    for state in table["end_states"].values():
        actions[state][END] = state
    return Tables(
        starts=table["start_states"],
        actions=tuple(actions),
        gotos=tuple(gotos),
        rules=tuple(map(_rule, memo.values())),
    )


def _rule(rule: dict[str, Any]) -> Rule:
    origin = rule["origin"]["name"]
    parts = rule["expansion"]
    options = rule["options"]
    named = rule["alias"] or origin
    return (
        origin,
        len(parts),
        _children(parts, options["empty_indices"]),
        options["expand1"] and rule["alias"] is None,
        "" if named.startswith("_") else named,
    )


def _children(parts: list[dict[str, Any]], absent: tuple[bool, ...]) -> Children | None:
    """`absent` tells where, among the parts, `[...]` was written and left out."""
    found: list[int | None] = []
    place = 0
    for missing in absent or [False] * len(parts):
        if missing:
            found.append(None)
            continue
        part = parts[place]
        if part["__type__"] == "NonTerminal":
            found.append(~place if part["name"].startswith("_") else place)
        elif not part["filter_out"]:
            found.append(place)
        place += 1
    return None if found == list(range(len(parts))) else tuple(found)

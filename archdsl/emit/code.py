"""Python code as data: lines, blocks, and locals that vanish where nothing reads them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from archdsl.emit.symbol import Symbol
from archdsl.node import Node, replace

INDENT = "    "
WIDTH = 88


class Block(Node):
    """A header line and what is indented under it."""

    header: str
    body: list[Any]


class Local(Node):
    """`name = value`: kept only where the name is read. One of `among` that a `let` takes apart."""

    name: str
    text: str
    op: str = "="
    among: int = 0


class Frame:
    """A body of the constructor's code: its own, a loop's, an arm's. What is defined in it is gone
    after it. `code` is where its next line goes; `assigned` are the locals that lines in it set."""

    __slots__ = ("assigned", "code")

    def __init__(self) -> None:
        self.code: Code = []
        self.assigned: set[str] = set()


class Variable(Symbol):
    """A local of the constructor, in one of its versions.

    A version that is assigned over lives on in a copy, whose name its text is then. One is `gone`
    where its frame has ended. `assumed` is what it stands for wherever the loop that it follows runs
    at least once: what users of the class may rely on. `entry` is what it is in a loop's first run.
    """

    __slots__ = ("assumed", "copy", "entry", "frame", "gone", "local")

    def __init__(self, identifier: str, meaning: Any = None, frame: Frame | None = None) -> None:
        super().__init__("name", identifier, meaning=meaning)
        self.local = identifier
        self.copy: str | None = None
        self.frame = frame
        self.gone = False
        self.assumed: Any = None
        self.entry: Variable | None = None
        if meaning is None:
            self._key = ("variable", id(self))


def variables_in(value: Any) -> list[Variable]:
    """The locals that a value's text reads."""
    if isinstance(value, (tuple, list)):
        return [variable for item in value for variable in variables_in(item)]
    if isinstance(value, Variable):
        return [value]
    if not isinstance(value, Symbol) or value.op in ("name", "loop", "out"):
        return []
    return [variable for arg in value.args for variable in variables_in(arg)]


Code = list[Any]


def render(code: Code, depth: int = 0) -> list[str]:
    """The lines of a body; empty blocks get `pass`."""
    lines: list[str] = []
    for part in code:
        if isinstance(part, Block):
            lines.append(INDENT * depth + part.header)
            inner = render(part.body, depth + 1)
            lines += inner or [INDENT * (depth + 1) + "pass"]
        elif isinstance(part, Local):
            lines.append(f"{INDENT * depth}{part.name} {part.op} {part.text}")
        else:
            lines.append(INDENT * depth + part if part else "")
    return lines


def texts(code: Code) -> Iterable[str]:
    """Every piece of Python text in a body, headers included."""
    for part in code:
        if isinstance(part, Block):
            yield part.header
            yield from texts(part.body)
        elif isinstance(part, Local):
            yield part.text
        else:
            yield part


def rewritten(code: Code, change: Callable[[str], str]) -> Code:
    """A body with every piece of its text changed."""
    result: Code = []
    for part in code:
        if isinstance(part, Block):
            part = Block(header=change(part.header), body=rewritten(part.body, change))
        elif isinstance(part, Local):
            part = replace(part, name=change(part.name), text=change(part.text))
        else:
            part = change(part)
        result.append(part)
    return result


def mentions(code: Code, identifier: str) -> bool:
    """Whether a name is read or written anywhere in a body."""
    pattern = re.compile(rf"(?<![\w.]){re.escape(identifier)}\b(?!\s*=[^=])")
    return any(pattern.search(piece) for piece in texts(code))


def prune(code: Code, keep: Code) -> Code:
    """Drop locals that neither the code nor `keep` reads, until all that stand are read: lists
    and dicts of channels, too, that are but filled."""
    while True:
        dead = {part.name for part in _locals(code) if not mentions(code + keep, part.name)}
        kept = {found[1] for found in map(_KEPT.fullmatch, texts(code)) if found}
        dead |= {name for name in kept if not mentions(_without(code, {name}) + keep, name)}
        if not dead:
            return _tidy(code)
        code = _without(code, dead)


_KEPT = re.compile(r"(\w+_channels): (?:list|dict)\[.*\] = (?:\[\]|\{\})")


def _fills(line: Any, name: str) -> bool:
    """Whether a line makes a list or dict of channels, or adds to it."""
    starts = (f"{name}: ", f"{name}.append(", f"{name}[")
    return isinstance(line, str) and line.startswith(starts)


def _locals(code: Code) -> Iterable[Local]:
    for part in code:
        if isinstance(part, Local):
            yield part
        elif isinstance(part, Block):
            yield from _locals(part.body)


def _without(code: Code, dead: set[str]) -> Code:
    result: Code = []
    for part in code:
        if isinstance(part, Local) and part.name in dead:
            continue
        if any(_fills(part, name) for name in dead):
            continue
        if isinstance(part, Block):
            body = _without(part.body, dead)
            if not body and part.header.startswith(("for ", "if ", "else")):
                continue
            part = Block(header=part.header, body=body)
        result.append(part)
    return result


def _tidy(code: Code) -> Code:
    """No blank line first, last, or after another."""
    result: Code = []
    for part in code:
        if part == "" and (not result or result[-1] == ""):
            continue
        result.append(part)
    while result and result[-1] == "":
        result.pop()
    return result


_EMPTY = re.compile(r"(\w+): list\[\w+\] = \[\]")
_MODULES = re.compile(r"(self\.\w+) = nn\.ModuleList\((?:\[(.*)\])?\)")


def begun(code: Code) -> Code:
    """A body in which a list begins with what is appended to it first."""
    result: Code = []
    for part in code:
        line = result[-1] if result and isinstance(result[-1], str) else ""
        empty = _EMPTY.fullmatch(line)
        filled = _MODULES.fullmatch(line)
        if empty and isinstance(part, str) and part.startswith(f"{empty[1]}.append("):
            part = f"{empty[1]} = [{part[len(empty[1]) + len('.append('):-1]}]"
            result.pop()
        elif filled and isinstance(part, str) and part.startswith(f"{filled[1]}.append("):
            items = [filled[2] or "", part[len(filled[1]) + len(".append(") : -1]]
            part = f"{filled[1]} = nn.ModuleList([{', '.join(filter(None, items))}])"
            result.pop()
        result.append(part)
    return result


def fits(line: str, depth: int) -> bool:
    """Whether a line stands within black's width at this depth."""
    return len(INDENT) * depth + len(line) <= WIDTH


def snake(identifier: str) -> str:
    """`DenseLayer` -> `dense_layer`, `ConvBN` -> `conv_bn`."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", identifier)
    return spaced.lower()


class Names:
    """Hands out identifiers that nothing else in a function has."""

    def __init__(self, taken: Iterable[str]) -> None:
        self._taken = set(taken)

    def take(self, wish: str) -> str:
        """The wish itself if it is free, else the wish with a number."""
        name, number = wish, 2
        while name in self._taken:
            name = f"{wish}{number}"
            number += 1
        self._taken.add(name)
        return name

    def copy(self) -> Names:
        return Names(self._taken)

    def release(self, *names: str) -> None:
        """Names whose values nothing reads any more."""
        self._taken.difference_update(names)

    def reserve(self, name: str) -> None:
        self._taken.add(name)

    def free(self, name: str) -> bool:
        return name not in self._taken

"""A last look at a body: what each item wrote by itself reads as one hand's work."""

from __future__ import annotations

import re
from itertools import groupby
from typing import Any

from archdsl.emit.code import Block, Code, Local, fits, mentions, rewritten, texts
from archdsl.node import replace

_SET = re.compile(r"(\w+) = (.+)")
_ALIAS = re.compile(r"(\w+) = ([a-z]\w*)")
_SEVERAL = re.compile(r"(\w+(?:, \w+)+) = (.+)")
_EMPTY = re.compile(r"(\w+): list\[Tensor\] = \[\]")
_ITEM = re.compile(r"(.+)\[\d+\]")
_LOOP = re.compile(r"for (.+?) in (.+):")
# A loop that runs at least once: over a written range, or over written items.
_SURE = re.compile(r"for (.+?) in (?:range\([1-9]\d*\)|\([^()]+,[^()]*\)):")
_UNSEEN = re.compile(r"for _ in \(([^()\[\]{}\"]+,[^()\[\]{}\"]*)\)")
# A name that is read or set: no attribute, and no keyword of a call.
_NAME = re.compile(r"(?<![\w.])[A-Za-z_]\w*\b(?!=[^=])")
_CALL = re.compile(r"self[\w.\[\]()]*\(")


def tidied(code: Code, depth: int) -> Code:
    """The same body without values that nothing reads, with choices and lists in one line where they
    fit, and with `_` for what a loop doesn't look at."""
    return rewritten(_written(_read(code), depth), _counted)


def unpacked(code: Code) -> Code:
    """The same body with `a, b = row` for what a `let` takes apart, where more than one is read."""
    result: Code = []
    for (row, among), group in groupby(code, _row):
        parts = list(group)
        if among:
            names = {int(part.text[len(row) + 1 : -1]): part.name for part in parts}
            if len(names) == len(parts) > 1:
                targets = ", ".join(names.get(place, "_") for place in range(among))
                result.append(f"{targets} = {row}")
                continue
        result += [
            replace(part, body=unpacked(part.body)) if isinstance(part, Block) else part
            for part in parts
        ]
    return result


def _row(part: Any) -> tuple[str, int]:
    """What a `let` takes a part of, and into how many; otherwise nothing."""
    item = _ITEM.fullmatch(part.text) if isinstance(part, Local) and part.among > 1 else None
    return ("", 0) if item is None else (item[1], part.among)


def taken_apart(code: Code) -> Code:
    """The same body with `_` for values of several that nothing reads."""
    values = rewritten(code, lambda line: _SEVERAL.sub(r"\2", line))

    def looked_at(line: str) -> str:
        several = _SEVERAL.fullmatch(line)
        if several is None:
            return line
        names = [name if mentions(values, name) else "_" for name in several[1].split(", ")]
        return f"{', '.join(names)} = {several[2]}"

    return rewritten(code, looked_at)


def named(code: Code, ends: bool = True) -> Code:
    """The same body with values named where they are made: no `y = x` behind what makes `x`, where
    `x` isn't read again. `ends`: nothing comes after the body."""
    code = [
        Block(header=part.header, body=named(part.body, False)) if isinstance(part, Block) else part
        for part in code
    ]
    at = 0
    while at < len(code):
        part = code[at]
        alias = _ALIAS.fullmatch(part) if isinstance(part, str) else None
        at += 1
        if alias is None or not _over(code[at:], alias[2], ends):
            continue
        start = _made(code[: at - 1], alias[2])
        if start is None:
            continue
        between = code[start : at - 1]
        if not _occurs(between, alias[1]) and not _quoted(between, alias[2]):
            code[start:at] = _renamed(between, *alias.groups())
            at = start + 1
    return code


def _over(code: Code, name: str, ends: bool) -> bool:
    """Whether what a name holds isn't read any more."""
    for part in code:
        if isinstance(part, Block):
            if _occurs([part], name):
                return False
        elif mentions([part], name):
            return False
        elif _sets(part, name):
            return True
    return ends


def _made(code: Code, name: str) -> int | None:
    """Where the value that a name has after a body is first made; None where that can't be told."""
    for at in reversed(range(len(code))):
        part = code[at]
        if isinstance(part, Block):
            if part.header.startswith(("else", "elif")) and _occurs([part], name):
                return None
        elif _sets(part, name):
            return at
    return None


def _sets(line: str, name: str) -> bool:
    found = _SET.fullmatch(line) or _SEVERAL.fullmatch(line)
    return found is not None and name in found[1].split(", ")


def _occurs(code: Code, name: str) -> bool:
    """Whether a name is read or set anywhere in a body."""
    return any(name in _NAME.findall(text) for text in texts(code))


def _quoted(code: Code, name: str) -> bool:
    """Whether a name may stand in a string, where it is another thing."""
    return any('"' in text and name in _NAME.findall(text) for text in texts(code))


def _renamed(code: Code, new: str, old: str) -> Code:
    """A body under another name for what its first line makes."""

    def under(text: str) -> str:
        return _NAME.sub(lambda found: new if found[0] == old else found[0], text)

    target, equals, value = code[0].partition(" = ")
    return [under(target) + equals + value, *rewritten(code[1:], under)]


def _read(code: Code) -> Code:
    """Without the names of values that nothing takes; what a module does stays."""
    while True:
        unread = [
            part
            for part in code
            if isinstance(part, str)
            and (found := _SET.fullmatch(part))
            and not _CALL.search(found[2])
            and not mentions(code, found[1])
        ]
        if not unread:
            return code
        code = [part for part in code if part not in unread]


def _written(code: Code, depth: int) -> Code:
    result: Code = []
    for part in code:
        if isinstance(part, Block):
            body = _written(part.body, depth + 1)
            part = Block(header=_looked_at(part.header, body), body=body)
            position, line = _choice(result, part) or _list(result, part, code) or (0, "")
            if line and fits(line, depth):
                del result[position]
                part = line
        if not (isinstance(part, Local) and result and _left(result[-1], part)):
            result.append(part)
    return result


def _left(before: Any, local: Local) -> bool:
    """Whether a loop that runs at least once leaves a local as it would be set."""
    loop = _SURE.fullmatch(before.header) if isinstance(before, Block) else None
    last = before.body[-1] if loop and before.body else None
    if loop is None or last != local or local.op != "=":
        return False
    return not any(mentions([local], name) for name in (local.name, *re.findall(r"\w+", loop[1])))


def _looked_at(header: str, body: Code) -> str:
    """The head of a loop with `_` for names that its body doesn't read."""
    loop = _LOOP.fullmatch(header)
    if loop is None:
        return header
    names = re.sub(r"\w+", lambda name: name[0] if mentions(body, name[0]) else "_", loop[1])
    return f"for {names} in {loop[2]}:"


def _counted(text: str) -> str:
    """A loop over written items that it doesn't look at just counts them."""

    def range_of(loop: re.Match[str]) -> str:
        items = [item for item in loop[1].split(",") if item.strip()]
        return f"for _ in range({len(items)})"

    return _UNSEEN.sub(range_of, text)


def _choice(before: Code, block: Block) -> tuple[int, str] | None:
    """`if c: x = a` and `else: x = b` as one line, and where the `if` stands."""
    arm = before[-1] if before else None
    if block.header != "else:" or not isinstance(arm, Block) or not arm.header.startswith("if "):
        return None
    lines = [*arm.body, *block.body]
    if len(lines) != 2 or any(not isinstance(each, str) or " if " in each for each in lines):
        return None
    then, other = (_SET.fullmatch(each) for each in lines)
    if then is None or other is None or then[1] != other[1] or not arm.body:
        return None
    return len(before) - 1, f"{then[1]} = {then[2]} if {arm.header[3:-1]} else {other[2]}"


def _list(before: Code, block: Block, code: Code) -> tuple[int, str] | None:
    """A loop that only fills a list as a comprehension, and where the empty list stands. Where an
    item of it is taken, the type checker has to be told what items are."""
    loop = _LOOP.fullmatch(block.header)
    line = block.body[0] if len(block.body) == 1 else None
    if loop is None or not isinstance(line, str):
        return None
    for position in reversed(range(len(before))):
        empty = _EMPTY.fullmatch(before[position]) if isinstance(before[position], str) else None
        if empty and line.startswith(f"{empty[1]}.append("):
            item = line[len(empty[1]) + len(".append(") : -1]
            if mentions([*before[position + 1 :], item, loop[2]], empty[1]):
                return None
            taken = any(re.search(rf"\b{empty[1]}\[", text) for text in texts(code))
            target = f"{empty[1]}: list[Tensor]" if taken else empty[1]
            return position, f"{target} = [{item} for {loop[1]} in {loop[2]}]"
    return None

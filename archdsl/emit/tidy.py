"""A last look at a body: what each item wrote by itself reads as one hand's work."""

from __future__ import annotations

import re

from archdsl.emit.code import Block, Code, fits, mentions, rewritten, texts

_SET = re.compile(r"(\w+) = (.+)")
_SEVERAL = re.compile(r"(\w+(?:, \w+)+) = (.+)")
_EMPTY = re.compile(r"(\w+): list\[Tensor\] = \[\]")
_LOOP = re.compile(r"for (.+?) in (.+):")
_CALL = re.compile(r"self[\w.\[\]()]*\(")


def tidied(code: Code, depth: int) -> Code:
    """The same body without values that nothing reads, with choices and lists in one line where they
    fit, and with `_` for what a loop doesn't look at."""
    return _written(_read(code), depth)


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
        result.append(part)
    return result


def _looked_at(header: str, body: Code) -> str:
    """The head of a loop with `_` for names that its body doesn't read."""
    loop = _LOOP.fullmatch(header)
    if loop is None:
        return header
    names = re.sub(r"\w+", lambda name: name[0] if mentions(body, name[0]) else "_", loop[1])
    return f"for {names} in {loop[2]}:"


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

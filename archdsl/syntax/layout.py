"""What indentation tells of a bracket that is missing. It decides nothing: findings point there."""

from __future__ import annotations

import re

Place = tuple[int, int]
Hint = tuple[int, int, str]  # a place, and what is to be seen there

_LINE = re.compile(r"^([ \t]*)([^\s#][^\n]*)$", re.MULTILINE)
_CODE = re.compile(r".*[{}]$|(?:block|sequence|model|variant|import|let|fn|paper) .*[\w)\"]$")
_GOES_ON = re.compile(r"->|(?:else|skip|expect)\b(?![ \t]*[:(])|[)\]},]")


def closer_belongs(text: str, opener: int) -> Place | None:
    """The line before which the body of the bracket at an offset seems to end: the first that
    stands no further in than the bracket's own line. None where that line closes something."""
    start = text.rfind("\n", 0, opener) + 1
    own = _LINE.match(text, start)
    newline = text.find("\n", opener)
    if own is None or newline < 0:
        return None
    for line in _LINE.finditer(text, newline + 1):
        if len(line[1]) <= len(own[1]):
            return None if line[2][0] in ")]}" else line.span(2)
    return None


def opener_belongs(text: str, closer: int) -> Hint | None:
    """Where the `{` that an offset closes seems to be missing: behind the last line whose next one
    stands further in without a bracket being open for it. Where that line is complete, or a blank
    one follows, the whole line that opened the body is missing."""
    found = None
    last = None
    for line in _LINE.finditer(text, 0, closer):
        deeper = last is not None and len(line[1]) > len(last[1])
        if last is not None and deeper and not _GOES_ON.match(line[2]):
            before = last[2].rstrip()
            if before.endswith("}") or "\n\n" in text[last.end() : line.start()]:
                found = (*line.span(2), "is the line before this missing, one that ends in `{`?")
            elif not before.endswith(("{", "(", "[", ",", "->", "=")):
                found = (last.end(), last.end(), "is `{` missing here?")
        last = line
    return found


def opens_another(text: str, start: int, end: int) -> bool:
    """Whether the quotes that end a docstring at these offsets begin the next one, as it was never
    closed: they stand first on their line, with a text behind them, and code lies between."""
    line = text.rfind("\n", 0, end) + 1
    if text[line : end - 3].strip() or line < start or not text[end : end + 1].strip():
        return False
    return docstring_belongs(text, start, line) is not None


def docstring_belongs(text: str, start: int, end: int | None = None) -> Place | None:
    """The line before which a docstring without an end seems to end: the first that is code."""
    newline = text.find("\n", start)
    if newline < 0:
        return None
    for line in _LINE.finditer(text, newline + 1, len(text) if end is None else end):
        if _CODE.match(line[2].rstrip()):
            return line.span(2)
    return None


def indent_of(text: str, offset: int) -> int:
    """By how much the line of an offset is indented."""
    start = text.rfind("\n", 0, offset) + 1
    line = text[start : offset + 1]
    return len(line) - len(line.lstrip(" \t"))


def deeper_than(text: str, start: int, closer: int) -> Place | None:
    """The first of the lines right before a closer, and behind an offset, that stand further in
    than it does; what ends before them is no part of these."""
    indent = indent_of(text, closer)
    found, depth = None, 0
    for line in _LINE.finditer(text, text.find("\n", start) + 1, text.rfind("\n", 0, closer)):
        ends = found is not None and line[2][0] in ")]}" and len(line[1]) < depth
        if len(line[1]) <= indent or ends:
            found = None
        elif found is None and not _GOES_ON.match(line[2]):
            found, depth = line.span(2), len(line[1])
    return found

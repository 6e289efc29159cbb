"""What indentation tells of a bracket that is missing. It decides nothing: findings point there."""

from __future__ import annotations

import re

Place = tuple[int, int]

_LINE = re.compile(r"^([ \t]*)([^\s#][^\n]*)$", re.MULTILINE)
_CODE = re.compile(r".*[{}]$|(?:block|sequence|model|variant|import|let|fn|paper) .*[\w)\"]$")
_GOES_ON = re.compile(r"->|else\b|skip\b|expect\b|[)\]},]")


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


def opener_belongs(text: str, closer: int) -> Place | None:
    """The line at whose end the bracket that an offset closes seems to be missing: the last one
    whose next line stands further in without a bracket being open for it."""
    found = None
    last = None
    for line in _LINE.finditer(text, 0, closer):
        deeper = last is not None and len(line[1]) > len(last[1])
        if last is not None and deeper and not _GOES_ON.match(line[2]):
            if not last[2].rstrip().endswith(("{", "(", "[", ",", "->", "=")):
                found = last.span(2)
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
    """The first line behind an offset that stands further in than a closer does."""
    indent = indent_of(text, closer)
    for line in _LINE.finditer(text, text.find("\n", start) + 1, closer):
        if len(line[1]) > indent:
            return line.span(2)
    return None

"""What indentation tells of a bracket that is missing. It decides nothing: findings point there."""

from __future__ import annotations

import re

_LINE = re.compile(r"^([ \t]*)([^\s#][^\n]*)$", re.MULTILINE)
_GOES_ON = re.compile(r"->|else\b|skip\b|expect\b|[)\]},]")


def closer_belongs(text: str, opener: int) -> tuple[int, int] | None:
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


def opener_belongs(text: str, closer: int) -> tuple[int, int] | None:
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

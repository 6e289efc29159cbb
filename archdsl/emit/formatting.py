"""Python text in black's form.

What the emitter writes has that form already, but for blank lines and for statements that don't fit
in their line. Only these go through black, one by one: whole files would take it several times as
long, and compiling is little else. `tests/emit/test_formatting.py` holds the result to black's own.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from functools import lru_cache

_OPENS = ("elif ", "else:", "else ")
_WITHIN = (" ", ")", "]", "}")


def formatted(text: str, width: int = 88) -> str:
    """The text as black leaves it, with a line break at its end. Every statement has to stand in
    one line, or in black's form."""
    from black.parsing import InvalidInput

    given = iter(text.split("\n"))
    statements: list[str] = []
    try:
        for line in given:
            if line.count('"""') % 2:
                statements.append(_docstring(line, given))
            elif len(line) <= width or line.lstrip().startswith(("#", '"""')):
                statements.append(line.rstrip())
            else:
                statements.append(_wrapped(line, width))
    except (InvalidInput, StopIteration):
        return _black(text, width)
    return _spaced(statements)


def _docstring(first: str, rest: Iterator[str]) -> str:
    """A docstring of several lines, with its indent before each."""
    lines = [next(rest)]
    while not lines[-1].count('"""') % 2:
        lines.append(next(rest))
    ending = [lines.pop().strip()] if lines[-1].strip() == '"""' else []
    dedented = textwrap.dedent("\n".join(lines)).split("\n") + ending
    return "\n".join([first.rstrip(), *(f"{_indent(first)}{line}".rstrip() for line in dedented)])


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


@lru_cache(maxsize=1024)
def _black(text: str, width: int) -> str:
    import black
    from black.mode import Mode, TargetVersion

    mode = Mode(target_versions={TargetVersion.PY310}, line_length=width)
    return black.format_str(text, mode=mode)


def _wrapped(line: str, width: int) -> str:
    """A statement, or the head of one that holds others, as black breaks it."""
    code = line.strip()
    indent = _indent(line)
    before = "if _:\n    pass\n" if code.startswith(_OPENS) else ""
    after = "\n    pass" if code.endswith(":") else ""
    broken = _black(before + code + after, width - len(indent)).rstrip("\n").split("\n")
    body = broken[before.count("\n") : len(broken) - after.count("\n")]
    return "\n".join(indent + each if each else each for each in body)


def _spaced(statements: list[str]) -> str:
    """The lines of statements, with blank lines between them: two around classes and functions, one
    before each method but a class's first; otherwise as written, but one at most within a class."""
    spaced: list[str] = []
    before = ""
    blanks = 0
    inside = False
    for statement in statements:
        if not statement:
            blanks += 1
            continue
        opens = statement.lstrip().startswith(("def ", "class ", "@"))
        if statement.startswith(_WITHIN):
            first = before.endswith(":") or before.lstrip().startswith("@")
            blanks = int(not first) if opens else min(blanks, 1)
        elif opens or inside:
            blanks = 0 if before.startswith("@") else 2
            inside = opens
        if spaced:
            spaced += [""] * min(blanks, 2)
        spaced.append(statement)
        before = statement[statement.rfind("\n") + 1 :]
        blanks = 0
    return "\n".join(spaced) + "\n"

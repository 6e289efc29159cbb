"""Characters that mean something elsewhere: in other languages, or in a typeset text.

Each is taken for what is written here instead, so that nothing is reported but that.
"""

from __future__ import annotations

_WRITTEN = {
    "|>": "->",
    "&&": "and",
    "||": "or",
    "&": "and",
    "|": "or",
    "!": "not",
    "\N{RIGHTWARDS ARROW}": "->",
    "\N{LONG RIGHTWARDS ARROW}": "->",
    "\N{RIGHTWARDS DOUBLE ARROW}": "->",
    "\N{MINUS SIGN}": "-",
    "\N{EN DASH}": "-",
    "\N{MULTIPLICATION SIGN}": "*",
    "\N{MIDDLE DOT}": "*",
    "\N{LESS-THAN OR EQUAL TO}": "<=",
    "\N{GREATER-THAN OR EQUAL TO}": ">=",
    "\N{NOT EQUAL TO}": "!=",
    "\N{FULLWIDTH COMMA}": ",",
    "\N{FULLWIDTH COLON}": ":",
    "\N{FULLWIDTH LEFT PARENTHESIS}": "(",
    "\N{FULLWIDTH RIGHT PARENTHESIS}": ")",
    "\N{NO-BREAK SPACE}": " ",
    "\N{IDEOGRAPHIC SPACE}": " ",
}
_KINDS = {"and": "OP", "or": "OP", "not": "PREFIX", "->": "ARROW"}
_QUOTES = {"'": "'", "\N{LEFT DOUBLE QUOTATION MARK}": "\N{RIGHT DOUBLE QUOTATION MARK}"}


def written_here(text: str, start: int) -> tuple[str, str] | None:
    """The foreign sign at an offset, and how it is written here; None where there is none."""
    for sign in (text[start : start + 2], text[start]):
        if sign in _WRITTEN:
            return sign, _WRITTEN[sign]
    return None


def token_kind(right: str) -> str | None:
    """The type of a word's token; None for what is punctuation."""
    return _KINDS.get(right)


def quoted(text: str, start: int, line_end: int) -> tuple[int, str | None] | None:
    """A string in quotes that are not those of the language: where it ends, and how it is written
    here, if that is certain. None where there is no such string."""
    closer = _QUOTES.get(text[start])
    if closer is None:
        return None
    end = text.find(closer, start + 1, line_end)
    if end < 0:
        return line_end, None
    inner = text[start + 1 : end]
    return end + 1, None if '"' in inner or "\\" in inner else f'"{inner}"'

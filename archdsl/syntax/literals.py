"""What numbers, strings, templates and docstrings stand for."""

from __future__ import annotations

from archdsl.syntax.errors import fail, syntax_error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from archdsl.syntax.lexer import Token

_SUFFIXES = {"K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}


def number_value(text: str) -> int | float:
    """The value of a number as written; `25.6M` is the integer that it means."""
    scale = _SUFFIXES.get(text[-1], 1)
    digits = (text[:-1] if scale > 1 else text).replace("_", "")
    if "e" in digits or "E" in digits:
        return float(digits) * scale
    if "." not in digits:
        return int(digits) * scale
    if scale == 1:
        return float(digits)
    whole, _, fraction = digits.partition(".")
    value = int((whole or "0") + fraction) * scale
    exact, rest = divmod(value, int(10 ** len(fraction)))
    return exact if rest == 0 else float(digits) * scale


_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "\\": "\\", "'": "'", "0": "\0"}
_CODES = {"x": 2, "u": 4, "U": 8}
_HEXADECIMAL = frozenset("0123456789abcdefABCDEF")


def _unescape(text: str, at: int, token: Token) -> tuple[str, int]:
    """The character of the escape at `text[at]`, and the offset after it."""
    kind = text[at + 1]
    if kind in _ESCAPES:
        return _ESCAPES[kind], at + 2
    length = _CODES.get(kind, 0)
    digits = text[at + 2 : at + 2 + length]
    start = token.start_pos + at
    if length and len(digits) == length and all(digit in _HEXADECIMAL for digit in digits):
        code = int(digits, 16)
        # Halves of surrogate pairs are no characters: no file could hold them.
        if code < 0x110000 and not 0xD800 <= code < 0xE000:
            return chr(code), at + 2 + length
    raise fail(
        syntax_error(
            "E112",
            f"`\\{kind}` is no escape sequence",
            token.source,
            (start, start + 2),
            help="for a backslash itself write `\\\\`",
        )
    )


def unquote(token: Token) -> str:
    """The text of a string token."""
    text: str = token.value
    if "\\" not in text:
        return text[1:-1]
    parts: list[str] = []
    at = 1
    while at < len(text) - 1:
        if text[at] == "\\":
            char, at = _unescape(text, at, token)
        else:
            char, at = text[at], at + 1
        parts.append(char)
    return "".join(parts)


def split_template(token: Token) -> list[tuple[str, int, int]]:
    """The literal pieces of a template, and as offsets `("", start, end)` its expressions."""
    text: str = token.value
    end = len(text) - 1
    pieces: list[tuple[str, int, int]] = []
    literal: list[str] = []
    at = 1
    while at < end:
        char = text[at]
        if char == "\\":
            char, at = _unescape(text, at, token)
        elif text[at : at + 2] in ("{{", "}}"):
            at += 2
        elif char == "{":
            stop = text.find("}", at)
            _check_braces(token, at, stop)
            if literal:
                pieces.append(("".join(literal), -1, -1))
                literal = []
            pieces.append(("", token.start_pos + at + 1, token.start_pos + stop))
            at = stop + 1
            continue
        elif char == "}":
            _check_braces(token, at, -1)
        else:
            at += 1
        literal.append(char)
    if literal:
        pieces.append(("".join(literal), -1, -1))
    return pieces


def _check_braces(token: Token, at: int, stop: int) -> None:
    if stop > 0 and token.value[at + 1 : stop].strip():
        return
    start = token.start_pos + at
    help = "for a brace itself write `{{` or `}}`"
    if stop > 0:
        message = "there is no expression between these braces"
    elif token.value[at] == "{":
        message = "this `{` has no `}` in the same string"
        help = "close the expression with `}`; for a brace itself write `{{`"
    else:
        message = "this `}` has no `{` in the same string"
    raise fail(
        syntax_error(
            "E112",
            message,
            token.source,
            (start, start + 1 if stop < 0 else token.start_pos + stop + 1),
            help=help,
        )
    )


def clean_doc(text: str) -> str:
    """A docstring without its quotes, common indentation and surrounding blanks."""
    lines = text[3:-3].replace("\r\n", "\n").expandtabs(4).split("\n")
    lines = [lines[0].strip(), *_dedent(lines[1:])]
    while lines and not lines[0]:
        lines = [line.lstrip() if i == 0 else line for i, line in enumerate(lines[1:])]
    while lines and not lines[-1]:
        lines.pop()
    return "\n".join(lines[:1] + _dedent(lines[1:]))


def _dedent(lines: list[str]) -> list[str]:
    indents = [len(line) - len(line.lstrip()) for line in lines if line.strip()]
    margin = min(indents) if indents else 0
    return [line[margin:].rstrip() for line in lines]

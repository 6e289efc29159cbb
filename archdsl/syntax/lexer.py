"""Text to tokens: where a step ends, and which words are keywords.

A newline ends a step where one can end, unless the next token goes on with it. Inside
parentheses and square brackets it means nothing. Words are keywords only where one can
stand, so that `head`, `scale` or `skip` remain good names for labels and parameters.
"""

from __future__ import annotations

import re
from itertools import takewhile

from archdsl.diagnostics import Bag
from archdsl.limits import DEPTH
from archdsl.source import Source, Span
from archdsl.syntax import ast, foreign
from archdsl.syntax.errors import syntax_error
from archdsl.syntax.layout import (
    Place,
    closer_belongs,
    deeper_than,
    docstring_belongs,
    indent_of,
    opener_belongs,
    opens_another,
)

MAX_DIGITS = 300
MAX_LOOKED_AT = 2_000  # tokens, for the place of a bracket
_VALUED = frozenset(("IF", "REQUIRE", "LET", "FOR", "REPEAT"))  # hold an expression in their line


class Token:
    """A piece of text with a type."""

    __slots__ = ("end_pos", "source", "start_pos", "type", "value")

    def __init__(self, type: str, value: str, source: Source, start: int, end: int) -> None:
        self.type = type
        self.value = value
        self.source = source
        self.start_pos = start
        self.end_pos = end

    @property
    def place(self) -> Place:
        return self.start_pos, self.end_pos

    def __repr__(self) -> str:
        return f"{self.type}({self.value!r})"


class Lexed:
    """The tokens and comments of a file. `whole` is false where the lexer gave up; `muddled` are the
    ranges in which a bracket was missing, so that nothing said of them would be true."""

    __slots__ = ("comments", "muddled", "tokens", "whole")

    def __init__(self) -> None:
        self.tokens: list[Token] = []
        self.comments: list[ast.Comment] = []
        self.muddled: list[Place] = []
        self.whole = True


_TOKEN = re.compile(
    r"""
      (?P<BLANK>[ \t\r\f]+)
    | (?P<NEWLINE>\n\s*)
    | (?P<COMMENT>\#[^\n]*)
    | (?P<CONFLICT>(?m:^)(?:<{7}|={7}|>{7}|\|{7})(?:[ ][^\n]*|\r)?(?=\n|\Z))
    | (?P<WORD>[A-Za-z_][A-Za-z0-9_]*)
    | (?P<SIZE>[0-9]+x[0-9]+(?![A-Za-z0-9_]))
    | (?P<NUMBER>(?:[0-9][0-9_]*(?:\.[0-9_]*)?|\.[0-9][0-9_]*)(?:[eE][+-]?[0-9]+)?[KMGT]?
        (?![A-Za-z0-9_]))
    | (?P<ARROW>->)
    | (?P<PUNCTUATION>\*\*|//|==|!=|<=|>=|[-+*/%<>()\[\]{},:=;.~])
    | (?P<LONG_STRING>\"\"\"(?:[^"\\]|\\.|"(?!\"\"))*\"\"\")
    | (?P<STRING>"(?!\"\")(?:[^"\\\n]|\\[^\n])*")
    """,
    re.VERBOSE | re.DOTALL,
)

_PUNCTUATION = {
    "(": "LPAR",
    ")": "RPAR",
    "[": "LSQB",
    "]": "RSQB",
    "{": "LBRACE",
    "}": "RBRACE",
    ",": "_COMMA",
    ":": "_COLON",
    "=": "_EQUAL",
    ";": "_SEP",
    ".": "_DOT",
    "~": "TILDE",
    "*": "STAR",
    "+": "SIGN",
    "-": "SIGN",
}
_CLOSERS = {")": "(", "]": "[", "}": "{"}
_OPENERS = frozenset(_CLOSERS.values())

# A step or an operand can end with these.
ENDERS = frozenset(
    "NAME NUMBER SIZE STRING LONG_STRING TRUE FALSE NONE INPUT IDENTITY SAME RPAR RSQB RBRACE".split()
)
# A statement may begin after these; a docstring needs no newline behind it.
_STATEMENT = frozenset(("", "_SEP", "LBRACE", "LONG_STRING"))
_STEP = _STATEMENT | {"ARROW", "_COLON", "_ELSE", "SKIP", "AUX"}
_LABEL = _STEP | {"RPAR", "_COMMA"}

TOP_WORDS = {
    "paper": "PAPER",
    "import": "IMPORT",
    "extern": "EXTERN",
    "fn": "FN",
    "block": "BLOCK",
    "sequence": "BLOCK",
    "model": "MODEL",
    "variant": "VARIANT",
    "weights": "WEIGHTS",
    "train": "TRAIN",
    "let": "LET",
}
_EXPRESSION_WORDS = {
    "if": "IF",
    "else": "_ELSE",
    "for": "FOR",
    "as": "AS",
    "true": "TRUE",
    "false": "FALSE",
    "none": "NONE",
}
_OPERATORS = frozenset(("and", "or", "not", "in"))
_VALUES = frozenset(("in", "true", "false", "none"))  # after `else` no labels
STATEMENT_WORDS = {
    "let": ("LET", re.compile(r"[ \t\r\f]+[A-Za-z_]")),
    "require": ("REQUIRE", re.compile(r"(?!\s*(?::|=[^=]))")),
    "param": ("TENSOR", re.compile(r"[ \t\r\f]+[A-Za-z_]")),
    "const": ("TENSOR", re.compile(r"[ \t\r\f]+[A-Za-z_]")),
    "share": ("SHARE", re.compile(r"[ \t\r\f]+[A-Za-z_]")),
    "init": ("INIT", re.compile(r"\s*\{")),
    "from": ("FROM", re.compile(r"(?!\s*(?::|=[^=]))")),
}
_PART = re.compile(r"[ \t\r\f]*(?:\{|->[ \t\r\f]*\[|\"|(?!as\b)[A-Za-z_])")
_STEP_WORDS = {
    "repeat": ("REPEAT", re.compile(r"[ \t\r\f]*[A-Za-z0-9_(\[]")),
    "aux": ("AUX", re.compile(r"[ \t\r\f]*(?:[A-Za-z_(\"{])")),
}
_COLON_AHEAD = re.compile(r"[ \t\r\f]*:")
_EQUAL_AHEAD = re.compile(r"[ \t\r\f]*=(?!=)")
_TUPLE_AHEAD = re.compile(r"[ \t\r\f]*\(")
_BRACE_AHEAD = re.compile(r"\s*\{")
_NAME_AHEAD = re.compile(r"\s*[(:\[]")
_ITEM_AHEAD = re.compile(r"[ \t\r\f]+(?!(?:if|in|and|or|not|for|else|as)\b)[A-Za-z_\"]")
_NOT_IN = re.compile(r"\s+in\b")
_SIZE_LIKE = re.compile(r"[1-9][0-9]*x[1-9][0-9]*")
_SHAPE_LIKE = re.compile(r"[0-9]+(?:x[0-9]+){2,7}")
_NUMBER_LIKE = re.compile(r"[0-9.][A-Za-z0-9_.]*")
_ENDS_LINE = re.compile(r"[ \t\r\f]*(?:#|\n)")
_DIGITS = re.compile(r"[0-9]+(?![A-Za-z0-9_])")
_IDENTIFIER = re.compile(r"\w+")
_BRACKETS = re.compile(r"\"(?:[^\"\\]|\\.)*\"|#.*|[^(\[{)\]}]", re.DOTALL)
_PYTHON_DOC = re.compile(r"'''((?:(?!''').)*)'''", re.DOTALL)
_PYTHON_WORDS = {"True": "true", "False": "false", "None": "none"}


def tokenize(source: Source, bag: Bag) -> Lexed:
    """The tokens of a source. What is no token is reported and left out."""
    return _Lexer(source, bag).run()


def tokenize_expression(source: Source, start: int, end: int, bag: Bag) -> list[Token]:
    """The tokens of the expression at these offsets, inside a string."""
    return _Lexer(source, bag).expression(start, end)


class _Lexer:
    def __init__(self, source: Source, bag: Bag) -> None:
        self.source = source
        self.text = source.text
        self.bag = bag
        self.result = Lexed()
        self.tokens = self.result.tokens
        self.last = ""
        self.open: list[tuple[str, Token, int]] = []
        self.expects: int | None = None
        self.newline: tuple[int, int] | None = None
        self.depth = 0
        self.base = 0
        # A closer that hints at one that is missing before it, and a `}` that hints at a `{`.
        self.suspect: tuple[Token, Place] | None = None
        self.odd: tuple[int, int, str] | None = None
        self.refused: set[str] = set()

    def expression(self, start: int, end: int) -> list[Token]:
        """The tokens of an expression inside a string, where newlines mean nothing."""
        self.open.append(("", Token("LPAR", "", self.source, start, start), 0))
        self._scan(start, end)
        while len(self.open) > 1:
            self._unclosed()
            self._pad_close()
        return self.tokens

    def run(self) -> Lexed:
        self._scan(1 if self.text.startswith("\ufeff") else 0, len(self.text))
        if self.result.whole:
            self._unclosed()
            while self.open:
                self._pad_close()
        if self.last == "_SEP":
            self.tokens.pop()
        return self.result

    def _scan(self, position: int, end: int) -> None:
        match = _TOKEN.match
        text = self.text
        while position < end:
            found = match(text, position, end)
            if found is None:
                position = self._stray(position)
                continue
            kind = found.lastgroup
            start, position = position, found.end()
            if kind == "BLANK":
                continue
            if kind == "NEWLINE":
                self.newline = self.newline or (start, start + 1)
            elif kind == "WORD":
                position = self._word(found.group(), start, position)
            elif kind == "PUNCTUATION":
                self._punctuation(found.group(), start, position)
            elif kind == "COMMENT":
                self._comment(start, position)
            elif kind == "CONFLICT":
                self._conflict(start, position)
            elif kind == "NUMBER":
                self._number(found.group(), start, position)
            elif kind == "LONG_STRING" and opens_another(text, start, position):
                position = self._endless(start)
            else:
                self._emit(str(kind), found.group(), start, position)
            if self.depth > DEPTH:
                self._too_deep(start, position)
                return

    def _emit(self, kind: str, value: str, start: int, end: int) -> None:
        if self.newline is not None:
            self._end_line(kind)
        self.tokens.append(Token(kind, value, self.source, start, end))
        self.last = kind
        if kind == "ARROW":
            self.depth = self.base

    def _end_line(self, following: str) -> None:
        """Turn the newline before a token into a separator, where it is one."""
        place = self.newline
        self.newline = None
        if place is None or self.last not in ENDERS:
            return
        if self.open and self.open[-1][0] != "{":
            return
        if following in ("ARROW", "RBRACE", "_ELSE", "SKIP", "_EXPECT"):
            return
        self._separate(place)

    def _separate(self, place: Place) -> None:
        self.tokens.append(Token("_SEP", "\n", self.source, *place))
        self.last = "_SEP"
        self.depth = self.base

    # Words

    def _word(self, word: str, start: int, end: int) -> int:
        """Emit a word; the offset to go on from, as `not in` is two words and one token."""
        if self.newline is not None and word in TOP_WORDS:
            self._check_items(word, start, end)
        kind = self._kind(word, end)
        if kind in ("OP", "PREFIX", "IF"):
            self.depth += 1
        if kind == "PREFIX" and self._before() in ENDERS:
            found = _NOT_IN.match(self.text, end) if word == "not" else None
            if found:
                kind, word, end = "OP", "notin", found.end()
        self._emit(kind, word, start, end)
        if word in _PYTHON_WORDS:
            right = _PYTHON_WORDS[word]
            self.tokens[-1].type = self.last = _EXPRESSION_WORDS[right]
            self.bag.add(
                syntax_error(
                    "E110",
                    f"`{word}` is spelled `{right}` here",
                    self.source,
                    (start, end),
                    help=f"write `{right}`",
                    fix=right,
                )
            )
        return end

    def _before(self) -> str:
        """The type of the token before this one, counting a newline that ends a step."""
        if self.newline is None or self.last not in ENDERS:
            return self.last
        if self.open and self.open[-1][0] != "{":
            return self.last
        return "_SEP"

    def _kind(self, word: str, end: int) -> str:
        text = self.text
        bracket = self.open[-1][0] if self.open else ""
        before = self._before()
        if bracket in ("(", "["):
            if word in _OPERATORS or word in _EXPRESSION_WORDS:
                if before in ("LPAR", "_COMMA") and _EQUAL_AHEAD.match(text, end):
                    return "NAME"
                return self._expression_word(word, before)
            return "NAME"
        value = word == "else" or (before == "_ELSE" and word in _VALUES)
        if before in _LABEL and not value and _COLON_AHEAD.match(text, end):
            return "NAME"
        if word in _OPERATORS or word in _EXPRESSION_WORDS:
            return self._expression_word(word, before)
        if not bracket and word == "expect" and self.last in ("RPAR", "NAME"):
            return "_EXPECT" if _BRACE_AHEAD.match(text, end) else "NAME"
        if not bracket and before in _STATEMENT:
            return TOP_WORDS.get(word, "NAME")
        if before in _STATEMENT and bracket:
            if word in STATEMENT_WORDS:
                kind, ahead = STATEMENT_WORDS[word]
                return kind if ahead.match(text, end) else "NAME"
            if word in ("stem", "stage", "head"):
                return "PART" if _PART.match(text, end) else "NAME"
        if before in _STEP and word in _STEP_WORDS:
            kind, ahead = _STEP_WORDS[word]
            return kind if ahead.match(text, end) else "NAME"
        return self._rare_word(word, end, bracket)

    def _expression_word(self, word: str, before: str) -> str:
        if word == "in":
            return "IN" if before in ENDERS else "INPUT"
        if word == "not":
            return "PREFIX"
        return "OP" if word in _OPERATORS else _EXPRESSION_WORDS[word]

    def _rare_word(self, word: str, end: int, bracket: str) -> str:
        """Words that are keywords only after a certain token."""
        text = self.text
        if word == "skip" and self.last == "RBRACE":
            return "NAME" if _NAME_AHEAD.match(text, end) else "SKIP"
        if word == "identity" and self.last == "SKIP":
            return "NAME" if _NAME_AHEAD.match(text, end) else "IDENTITY"
        if word == "tap" and bracket and self._before() in ("RPAR", "NAME"):
            return "_TAP" if _TUPLE_AHEAD.match(text, end) else "NAME"
        if word == "shape" and not bracket and self.last == "STRING":
            return "_SHAPE"
        if word == "same" and self.last == "_SHAPE":
            return "SAME"
        return "NAME"

    # Punctuation

    def _punctuation(self, text: str, start: int, end: int) -> None:
        if text in _CLOSERS:
            self._close(text, start, end)
            return
        kind = _PUNCTUATION.get(text, "OP")
        if kind == "SIGN":
            kind = "OP" if self._before() in ENDERS else "PREFIX"
        if kind == "_SEP":
            self._semicolon(start, end)
            return
        if kind in ("OP", "PREFIX", "_DOT", "STAR"):
            self.depth += 1
        elif kind == "_COMMA":
            self.depth = self.base
        if text == "{" and self.last == "_EXPECT" and self.expects is None:
            self.expects = len(self.open)
        self._emit(kind, text, start, end)
        if text in "([{":
            self.open.append((text, self.tokens[-1], self.depth))
            self.depth += 1
            self.base = self.depth

    def _semicolon(self, start: int, end: int) -> None:
        self.newline = None
        if self.last in ("_SEP", "LBRACE", ""):
            return
        self._emit("_SEP", ";", start, end)
        self.depth = self.base

    def _close(self, text: str, start: int, end: int) -> None:
        if not self.open or self.open[-1][0] != _CLOSERS[text]:
            self._mismatch(text, start, end)
            return
        if self.last == "_SEP" and text == "}":
            self.tokens.pop()
            self.last = self.tokens[-1].type
        self._check_layout(text, start, end)
        self._emit(_PUNCTUATION[text], text, start, end)
        _, _, self.depth = self.open.pop()
        if text == "]":
            self.depth += 1
        if self.expects is not None and len(self.open) == self.expects:
            self.expects = None
        self.base = self.open[-1][2] + 1 if self.open else 0

    # Numbers and comments

    def _number(self, text: str, start: int, end: int) -> None:
        self._emit("NUMBER", text, start, end)
        if text[-1] in "KMGT" and self.expects is None:
            plain = text.rstrip("KMGT")
            self._report(
                "E107",
                f"`{text}`: a suffix stands only in `expect`",
                (start, end),
                help=(
                    f"write the number out, as in `{plain}{_ZEROS[text[-1]]}`"
                    if plain.isdigit()
                    else "write the number out"
                ),
            )
        elif not _good_number(text):
            self._report("E107", f"`{_short(text)}` is not a number", (start, end))
        else:
            return
        self.tokens[-1].value = "0"

    def _conflict(self, start: int, end: int) -> None:
        """Report the first mark of a merge conflict; the others go with it."""
        message = "a merge conflict stands here"
        if all(item.message != message for item in self.bag.items):
            help = "keep one of the two sides, and take out the lines of marks"
            self._report("E110", message, (start, end), help=help)

    def _comment(self, start: int, end: int) -> None:
        text = self.text[start:end].rstrip()
        span = Span(source=self.source, start=start, end=start + len(text))
        self.result.comments.append(ast.Comment(text=text, span=span))

    # What does not fit

    def _report(
        self,
        code: str,
        message: str,
        place: tuple[int, int],
        seen: str = "",
        other: tuple[int, int, str] | None = None,
        help: str | None = None,
        fix: str | None = None,
    ) -> None:
        self.bag.add(
            syntax_error(code, message, self.source, place, seen, other=other, help=help, fix=fix)
        )

    def _stray(self, start: int) -> int:
        """Report what no token begins with; the offset to go on from."""
        text = self.text
        if text.startswith('"""', start):
            return self._endless(start)
        line_end = text.find("\n", start)
        line_end = len(text) if line_end < 0 else line_end
        if text[start] == '"':
            stop = self._string_end(start, line_end)
            self._report(
                "E103",
                "this string never ends: its closing quote is missing on this line",
                (start, stop),
                help='close it with `"`',
            )
            self._emit("STRING", '""', start, stop)
            return stop
        found = _NUMBER_LIKE.match(text, start)
        if found:
            written = found.group()
            small = written.replace("X", "x")
            fix = small if _SIZE_LIKE.fullmatch(small) else None
            help = None if fix is None else f"a size has a small x: `{small}`"
            if _SHAPE_LIKE.fullmatch(small):
                fix = f"[{', '.join(small.split('x'))}]"
                help = f"a shape is a list: `{fix}`"
            if self.expects is not None and written[-1] in "kmg" and _good_number(written[:-1]):
                fix = written[:-1] + written[-1].upper()
                help = f"write `{fix}`"
            message = f"`{_short(written)}` is not a number"
            self._report("E107", message, found.span(), help=help, fix=fix)
            self._emit("NUMBER", "0", *found.span())
            return found.end()
        return self._character(start, line_end)

    def _endless(self, start: int) -> int:
        """Report a docstring without an end; nothing that follows can be told from its text."""
        line = docstring_belongs(self.text, start)
        self._report(
            "E103",
            'this docstring never ends: its closing `"""` is missing',
            (start, start + 3),
            other=None if line is None else (*line, '`"""` is missing before this'),
        )
        self.result.whole = False
        return len(self.text)

    def _string_end(self, start: int, line_end: int) -> int:
        """Where an open string may have ended: what closes open brackets was hardly text."""
        stop = line_end
        level = len(self.open)
        while stop > start + 1:
            char = self.text[stop - 1]
            if level and _CLOSERS.get(char) == self.open[level - 1][0]:
                level -= 1
            elif char not in " \t\r\f":
                break
            stop -= 1
        return stop

    def _character(self, start: int, line_end: int) -> int:
        char = self.text[start]
        if (doc := _PYTHON_DOC.match(self.text, start)) is not None:
            right = None if '"' in doc[1] or "\\" in doc[1] else f'"""{doc[1]}"""'
            message = 'a docstring stands in `"""`'
            self._report("E104", message, (start, doc.end()), help='write `"""`', fix=right)
            self._emit("LONG_STRING", '""""""', start, doc.end())
            return doc.end()
        string = foreign.quoted(self.text, start, line_end)
        if string is not None:
            stop, right = string
            help = None if right is None else f"write `{right}`"
            message = "strings stand in double quotes"
            self._report("E104", message, (start, stop), help=help, fix=right)
            self._emit("STRING", '""', start, stop)
            return stop
        sign = foreign.written_here(self.text, start)
        if sign is not None:
            return self._foreign(start, *sign)
        if char == "@" and self._before() in _STATEMENT:
            self._report("E110", "there are no decorators", (start, start + 1))
            return line_end
        end = start + 1
        while end < line_end and self.text[end] == char:
            end += 1
        if char.isidentifier():
            found = _IDENTIFIER.match(self.text, start)
            end = found.end() if found else end
            if self.last == "NAME" and self.tokens[-1].end_pos == start:
                start = self.tokens.pop().start_pos
            name = self.text[start:end]
            if name not in self.refused:
                self.refused.add(name)
                message = f"`{name}`: names are written in ASCII letters"
                self._report("E104", message, (start, end))
            self._emit("NAME", "_", start, end)
            return end
        shown = f"`{char}`" if char.isprintable() else f"character U+{ord(char):04X}"
        self._report("E104", f"{shown} has no meaning here", (start, end))
        return end

    def _foreign(self, start: int, sign: str, right: str) -> int:
        """Report a sign that is written otherwise here, and take it for that."""
        end = start + len(sign)
        before = self.tokens[-1] if self.tokens else None
        if sign == "|" and self._between_steps():
            right = "->"
        size = _DIGITS.match(self.text, end) if sign == "\N{MULTIPLICATION SIGN}" else None
        if size and before is not None and before.value.isdigit() and before.end_pos == start:
            right = "x"
            before.type = self.last = "SIZE"
            before.value, before.end_pos = f"{before.value}x{size.group()}", size.end()
        shown = f"`{sign}`" if sign.isprintable() else f"character U+{ord(sign):04X}"
        said = "a blank" if right == " " else f"`{right}`"
        message = f"{shown} is written as {said} here"
        self._report("E104", message, (start, end), help=f"write {said}", fix=right)
        if right == "x" and size:
            return size.end()
        kind = foreign.token_kind(right)
        if kind is not None:
            self._emit(kind, right, start, end)
        elif right != " ":
            self._punctuation(right, start, end)
        return end

    def _between_steps(self) -> bool:
        """Whether the last token is of a chain, and of no condition or value."""
        if not self.open or self.open[-1][0] != "{":
            return False
        kinds = (token.type for token in reversed(self.tokens))
        line = takewhile(lambda kind: kind not in ("_SEP", "LBRACE", "RBRACE"), kinds)
        return _VALUED.isdisjoint(line)

    def _mismatch(self, text: str, start: int, end: int) -> None:
        if not self.open or not self.open[-1][0]:
            first = not any(item.code == "E109" for item in self.bag.items)
            other = None
            if first and text == "}" and self.odd is not None:
                other = self.odd
            elif first and text == "}":
                other = opener_belongs(self.text, start)
            if other is not None:
                self.result.muddled.append((self.text.rfind("\n", 0, other[0]) + 1, end))
            self._report("E109", f"this `{text}` closes nothing", (start, end), other=other)
            return
        opened, token, _ = self.open[-1]
        wanted = _closer(opened)
        inner = any(item[0] == _CLOSERS[text] for item in self.open)
        if not inner and self._is_left_over(start):
            self._report("E109", f"this `{text}` closes nothing", (start, end))
            return
        inner = inner and not self._takes_the_place(text, start)
        self._report(
            "E102" if inner else "E109",
            (
                f"this `{opened}` is not closed before `{text}`"
                if inner
                else f"`{text}` does not close `{opened}`"
            ),
            (token.start_pos, token.end_pos) if inner else (start, end),
            "opened here" if inner else f"`{wanted}` would fit",
            (
                (*self._should_end(token, start, end), f"`{wanted}` is missing before this")
                if inner
                else (token.start_pos, token.end_pos, "opened here")
            ),
        )
        if not inner:
            self._pad_close()
            return
        while self.open[-1][0] != _CLOSERS[text]:
            self._pad_close()
        self._close(text, start, end)

    def _should_end(self, token: Token, start: int, end: int) -> Place:
        """Before what the bracket of a token seems to end, if a closer at an offset is not its own."""
        found = self._body_ends(token)
        return found if found is not None and found[0] < start else (start, end)

    def _body_ends(self, opener: Token) -> Place | None:
        """What the bracket of a token can't hold, the first of it: an arrow or a body in an
        argument list or a list, or the line before which indentation ends it."""
        line = closer_belongs(self.text, opener.start_pos)
        if opener.value == "{":
            return line
        depth = 0
        first = self.tokens.index(opener) + 1
        for token in self.tokens[first : first + MAX_LOOKED_AT]:
            if line is not None and token.start_pos >= line[0]:
                return line
            if depth == 0 and token.type in ("ARROW", "LBRACE"):
                return token.place
            depth += (token.value in _OPENERS) - (token.value in _CLOSERS)
        return line

    def _rest(self, start: int) -> str:
        """The brackets on the rest of a line."""
        end = self.text.find("\n", start)
        return _BRACKETS.sub("", self.text[start : len(self.text) if end < 0 else end])

    def _takes_the_place(self, bracket: str, start: int) -> bool:
        """Whether a closer at an offset stands for that of the innermost bracket: what closes on
        the rest of the line then fits, and would not fit if that bracket were still to close."""
        rest = self._rest(start + 1)
        level = [opened for opened, _, _ in self.open]
        outer = level[: len(level) - level[::-1].index(_CLOSERS[bracket]) - 1]
        return _fit(rest, level[:-1]) and not _fit(rest, outer)

    def _is_left_over(self, start: int) -> bool:
        """Whether what closes on the rest of the line fits without the closer at an offset."""
        level = [opened for opened, _, _ in self.open]
        rest = self._rest(start + 1)
        return _fit(rest, level) and not (level[-1] != "{" and _fit(rest, level[:-1]))

    def _pad_close(self) -> None:
        """Close the innermost bracket where its closer is missing, so that the rest parses."""
        opened, _, _ = self.open[-1]
        pending, self.newline = self.newline, None
        place = self.tokens[-1].end_pos
        self._close(_closer(opened), place, place)
        self.newline = pending

    def _check_layout(self, text: str, start: int, end: int) -> None:
        """Where a closer stands tells of brackets that were forgotten: one further left than the line
        of its opener, of a closer before it; a `}` further right, or behind steps, of a `{`."""
        token = self.open[-1][1]
        indent = indent_of(self.text, token.start_pos)
        own = self.text.rfind("\n", 0, start) + 1
        if own <= token.end_pos:
            return
        if text != "}":
            if not self.text[own:start].strip() and start - own < indent and self.suspect is None:
                self.suspect = (token, (start, end))
        elif self.newline is None:
            steps = self.text[own:start].strip(" \t})]")
            if steps and self.odd is None and _ENDS_LINE.match(self.text, token.end_pos):
                first = own + indent_of(self.text, start)
                self.odd = (first, end, "is `{` missing on this line?")
        elif start - own < indent and self.suspect is None:
            self.suspect = (token, (start, end))
        elif start - own > indent and self.odd is None:
            self.odd = opener_belongs(self.text, start)
            if self.odd is not None and self.odd[0] > token.end_pos:
                return
            line = deeper_than(self.text, token.end_pos, start)
            self.odd = None if line is None else (*line, "is `{` missing before this?")

    def _check_items(self, word: str, start: int, end: int) -> None:
        """A file-level item at the start of a line: whatever is open should have been closed, and
        the line before been complete. A `let` may stand in a body, but not in other brackets."""
        if self.text[start - 1] != "\n" or not _ITEM_AHEAD.match(self.text, end):
            return
        body = self.open and self.open[-1][0] == "{"
        if self.open and not (body and word == "let"):
            self._unclosed(start)
            while self.open and not (word == "let" and self.open[-1][0] == "{"):
                self._pad_close()
        if not self.open and self.last not in ENDERS and self.last not in _STATEMENT:
            self._separate((start - 1, start))

    def _unclosed(self, before: int | None = None) -> None:
        """Report what is still open before an offset, or at the end; where indentation tells which
        bracket was meant, or where it should have been closed, that."""
        if not self.open:
            return
        opened, token, _ = self.open[-1]
        outdented = None
        if self.suspect is not None and self.suspect[0].value == opened:
            token, outdented = self.suspect
        self.suspect = None
        outdented = self._body_ends(token) or outdented
        end = outdented[0] if outdented is not None else before
        last = self._last_before(len(self.text) if end is None else end)
        closer = _closer(opened)
        self._report(
            "E102",
            f"this `{opened}` is never closed",
            (token.start_pos, token.end_pos),
            f"its `{closer}` is missing",
            None if last is token else (*last.place, f"`{closer}` is missing after this"),
        )

    def _last_before(self, offset: int) -> Token:
        """The last token before an offset that is behind one."""
        tokens = reversed(self.tokens)
        return next(token for token in tokens if token.type != "_SEP" and token.end_pos <= offset)

    def _too_deep(self, start: int, end: int) -> None:
        self.result.whole = False
        self._report(
            "E105",
            f"this is nested more than {DEPTH} levels deep",
            (start, end),
            help="name an inner part with `let`, or make it a block of its own",
        )


def _fit(brackets: str, level: list[str]) -> bool:
    """Whether all brackets of a text fit, inside those of `level`."""
    level = list(level)
    for bracket in brackets:
        if bracket in "([{":
            level.append(bracket)
        elif not level or level.pop() != _CLOSERS[bracket]:
            return False
    return True


def _closer(opener: str) -> str:
    return {"(": ")", "[": "]", "{": "}"}[opener]


_ZEROS = {"K": "_000", "M": "_000_000", "G": "_000_000_000", "T": "_000_000_000_000"}


def _good_number(text: str) -> bool:
    if len(text) > MAX_DIGITS:
        return False
    try:
        value = float(text.rstrip("KMGT"))
    except ValueError:
        return False
    return value != float("inf") and "_." not in text and "._" not in text


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:37] + "..."

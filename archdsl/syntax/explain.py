"""Why a token does not fit where it stands, said as a reader would say it."""

from __future__ import annotations

import re

from archdsl.diagnostics import Diagnostic
from archdsl.nearest import near
from archdsl.source import Source
from archdsl.syntax.errors import syntax_error
from archdsl.syntax.habits import comment, habit
from archdsl.syntax.lexer import STATEMENT_WORDS, TOP_WORDS, Token

Place = tuple[int, int]

_OPENERS = frozenset(("LPAR", "LSQB", "LBRACE"))
_CLOSERS = frozenset(("RPAR", "RSQB", "RBRACE"))
_OPERAND = frozenset(("NUMBER", "LSQB", "LPAR", "TRUE"))
_PYTHON_ITEMS = {
    "def": "write `block Name(...) { ... }`, or `fn name(...) = expression`",
    "class": "write `block Name(...) { ... }`",
    "from": 'write `import "file.arch" (Name)`',
    "if": "conditions stand inside blocks and models",
    "for": "loops stand inside blocks and models",
}

_CALL = re.compile(r"([A-Za-z_]\w*)\(([^()]*)\)")
_MEANT = {
    "component": "block",
    "func": "fn",
    "function": "fn",
    "include": "import",
    "macro": "block",
    "module": "block",
    "net": "model",
    "network": "model",
    "use": "import",
    "using": "import",
}
_DECLARED = frozenset(("const", "var", "val", "int", "define", "set", "static"))

# What was being written, by the token that began it.
_WRITTEN = {
    "PAPER": "`paper`",
    "IMPORT": "an import",
    "EXTERN": "an extern layer",
    "FN": "a function",
    "BLOCK": "a block",
    "MODEL": "a model",
    "VARIANT": "a variant",
    "WEIGHTS": "`weights`",
    "TRAIN": "`train`",
    "LET": "a `let`",
    "REQUIRE": "a `require`",
    "TENSOR": "a tensor",
    "SHARE": "a `share`",
    "INIT": "`init`",
    "PART": "a part",
    "FROM": "a `from`",
    "REPEAT": "a `repeat`",
    "AUX": "an `aux`",
    "SKIP": "a `skip`",
    "IF": "an `if`",
    "FOR": "a `for`",
}
_FORMS = {
    "PAPER": 'paper { title: "...", year: 2015 }',
    "IMPORT": 'import "file.arch" (Name, Other as Alias)',
    "EXTERN": 'extern Name(p) = "package.module:Class" shape same',
    "FN": "fn name(a, b) = expression",
    "BLOCK": "block Name(p, q = 1) { ... }",
    "MODEL": "model Name(p): [3, 224, 224] -> [1000] { ... }",
    "VARIANT": "variant name = Model(...) expect { params: 1_000 }",
    "WEIGHTS": 'weights library for Model { "their.{key}": "our.{key}" }',
    "TRAIN": "train name { epochs: 90 }",
    "LET": "let name = expression",
    "REQUIRE": 'require condition: "text {value}"',
    "TENSOR": "param name [shape] = init",
    "SHARE": "share name = Block(...)",
    "INIT": "init { conv, linear: scheme(...) }",
    "PART": "stage name -> [c, h, w] { ... }",
    "FROM": "from value -> step",
    "REPEAT": "repeat n as i { ... }",
    "AUX": "aux(weight=0.3) name: Head(...)",
    "SKIP": "skip identity else { ... }",
    "IF": "if condition { ... } else { ... }",
    "FOR": "for name in list { ... }",
}

# What would fit, in the order in which it is worth saying.
_FITTING = (
    ("_EQUAL", "`=`"),
    ("_COLON", "`:`"),
    ("IN", "`in`"),
    ("FOR", "`for`"),
    ("LBRACE", "`{`"),
    ("_COMMA", "`,`"),
    ("RPAR", "`)`"),
    ("RSQB", "`]`"),
    ("ARROW", "`->`"),
    ("_ELSE", "`else`"),
    ("LPAR", "`(`"),
    ("STRING", 'a string in `"`'),
    ("NAME", "a name"),
    ("LSQB", "`[`"),
)


def explain(
    source: Source, tokens: list[Token], at: int, expected: frozenset[str], end: int
) -> Diagnostic:
    """The diagnostic for the token that does not fit; past the last one, the text just ends."""
    return Misfit(source, tokens, at, expected, end).diagnostic()


def item_meant(word: str) -> str | None:
    """The word of an item that is misspelt so."""
    return near(word.lower(), TOP_WORDS, 0.7)


class Misfit:
    """A token that does not fit: what could stand there, and what stands around."""

    def __init__(
        self, source: Source, tokens: list[Token], at: int, expected: frozenset[str], end: int
    ) -> None:
        self.source = source
        self.tokens = tokens
        self.at = at
        self.expected = expected
        self.token = tokens[at] if at < len(tokens) else None
        self.before = tokens[at - 1] if at > 0 else None
        self.kind = self.token.type if self.token is not None else "$END"
        self.ends = self.kind in ("$END", "_SEP") or self.kind in _CLOSERS
        self.place: Place = (end, end)
        if self.token is not None:
            self.place = (self.token.start_pos, self.token.end_pos)
        if self.ends and self.before is not None:
            self.place = (self.before.start_pos, self.before.end_pos)

    def diagnostic(self) -> Diagnostic:
        """The first explanation that applies."""
        if self._in_weights():
            return self._general()
        return (
            comment(self)
            or self._top_level()
            or habit(self)
            or self._next_item()
            or self._incomplete_line()
            or self._arithmetic()
            or self._loop_names()
            or self._separator()
            or self._after_arrow()
            or self._equal_for_colon()
            or self._colon()
            or self._assignment()
            or self._operand()
            or self._else()
            or self._skip()
            or self._skipped_body()
            or self._body()
            or self._two_values()
            or self._beginning()
            or self._general()
        )

    def following(self) -> Token | None:
        """The token behind the one that does not fit."""
        return self.tokens[self.at + 1] if self.at + 1 < len(self.tokens) else None

    def within(self, kind: str) -> bool:
        """Whether it is in an item that a token of this type begins."""
        return bool(self.tokens) and self.tokens[0].type == kind

    def in_body(self) -> bool:
        """Whether a brace of the item was opened before."""
        return any(token.type == "LBRACE" for token in self.tokens[: self.at])

    def say(
        self,
        code: str,
        message: str,
        seen: str = "",
        help: str | None = None,
        fix: str | None = None,
    ) -> Diagnostic:
        """The finding at the place found. A `fix` is the help, too, where there is no other."""
        if fix is not None and help is None:
            help = f"write `{fix}`"
        return syntax_error(code, message, self.source, self.place, seen, help=help, fix=fix)

    def _found(self) -> str:
        if self.token is None:
            return "the end"
        if self.kind == "_SEP":
            return "`;`" if self.token.value == ";" else "the end of the line"
        value = self.token.value
        return f"`{value}`" if len(value) <= 40 else f"`{value[:37]}...`"

    def _previous(self) -> str:
        if self.before is None:
            return "the start"
        value = "not in" if self.before.value == "notin" else self.before.value
        return f"`{value}`" if len(value) <= 40 else f"`{value[:37]}...`"

    def context(self) -> str | None:
        """The type of the token that began what is being written here."""
        if self._item() == "TRAIN":  # its `for` is no loop
            return "TRAIN"
        depth = 0
        for i in range(self.at - 1, -1, -1):
            kind = self.tokens[i].type
            if kind in _CLOSERS:
                depth += 1
            elif kind in _OPENERS:
                if depth == 0 and kind == "LBRACE":
                    opener = self.tokens[i - 1].type if i else ""
                    return opener if opener in ("INIT", "PAPER", "TRAIN") else None
                depth = max(depth - 1, 0)
            elif depth == 0 and kind == "ARROW":
                part = "PART" in [token.type for token in self.tokens[max(i - 2, 0) : i]]
                return "PART" if part else None
            elif depth == 0 and kind == "_SEP":
                return None
            elif depth == 0 and kind in _WRITTEN:
                return kind
        return None

    # The explanations, from the particular to the general

    def _top_level(self) -> Diagnostic | None:
        """A file-level item that begins with no word of the language."""
        if self.at > 0 or self.token is None:
            return None
        word = self.token.value
        if self.kind == "ARROW":
            return self.say(
                "E108",
                "a chain cannot begin with `->` at file level",
                help="steps stand inside a block or a model",
            )
        if word in _PYTHON_ITEMS:
            return self.say("E110", f"`{word}` is Python's", help=_PYTHON_ITEMS[word])
        if word in TOP_WORDS:
            form = f"write `{_FORMS[TOP_WORDS[word]]}`"
            return self.say("E101", f"this is not how `{word}` is written", help=form)
        if self.kind in ("STRING", "LONG_STRING"):
            first = not self.source.text[: self.token.start_pos].strip()
            help = "it stands in three quotes" if first else "it stands before everything else"
            return self.say("E108", "a file has one docstring", help=help)
        if word in _DECLARED and len(self.tokens) > 2 and self.tokens[2].type == "_EQUAL":
            return self.say("E110", f"`{word}` is spelled `let` here", fix="let")
        if self.kind != "NAME":
            return self.say(
                "E108",
                f"{self._found()} cannot begin an item",
                help=f"an item begins with one of {', '.join(TOP_WORDS)}",
            )
        return self.say(
            "E108", f"`{word}` does not begin anything at file level", help=self._nearest(word)
        )

    def _nearest(self, word: str) -> str:
        meant = _MEANT.get(word.lower()) or item_meant(word)
        follows = self.tokens[1].type if len(self.tokens) > 1 else "$END"
        if follows == "_EQUAL":
            return f"for a value write `let {word} = ...`"
        if meant is not None:
            return f"did you mean `{meant}`?"
        if follows in ("LPAR", "ARROW", "LBRACE", "$END", "_COLON"):
            return "steps stand inside a block or a model"
        return f"an item begins with one of {', '.join(TOP_WORDS)}"

    def _next_item(self) -> Diagnostic | None:
        """An item begins behind another one on its line."""
        if self.token is None or self.token.value not in TOP_WORDS or self._in_map():
            return None
        if "_SEP" in self.expected or not {"$END", "_EXPECT"} & self.expected:
            return None
        return self.say(
            "E101", f"a `{self.token.value}` begins on a line of its own", help="begin a new line"
        )

    def _incomplete_line(self) -> Diagnostic | None:
        """A statement begins while the line before still waits for something."""
        if self.before is None or self.at < 2 or self.before.type != "NAME":
            return None
        if self.before.value not in STATEMENT_WORDS or self.kind == "_COLON":
            return None
        last = self.tokens[self.at - 2]
        between = self.source.text[last.end_pos : self.before.start_pos]
        if "\n" not in between:
            return None
        if last.type in ("LBRACE", "_SEP"):
            return None
        self.place = (last.start_pos, last.end_pos)
        what = "a step" if last.type == "ARROW" else "something"
        return self.say("E101", f"{what} has to follow `{last.value}` on this line")

    def _arithmetic(self) -> Diagnostic | None:
        """`conv(64, 3) + x`: arithmetic on a step."""
        if self.kind not in ("OP", "STAR", "PREFIX") or "ARROW" not in self.expected:
            return None
        if self.token is None or self.token.value not in ("+", "-", "*") or self._counted():
            return None
        if self.before is None or self.before.type not in ("NAME", "RPAR", "RBRACE"):
            return None
        op = self.token.value
        values = ""
        if self.at > 1 and self.before.type == "NAME":
            if self.tokens[self.at - 2].type in ("_SEP", "LBRACE"):
                values = f"if `{self.before.value}` is a value, write `from {self.before.value} {op} ...`; "
        adds = "; what adds its input to what it makes is `residual { ... }`"
        return self.say(
            "E101",
            f"`{op}` goes between values, and before it stands a step",
            help=f"{values}name the step's value, `... as b`, then write `from a {op} b`"
            + (adds if op == "+" else ""),
        )

    def _loop_names(self) -> Diagnostic | None:
        """`for i, (a, b) in ...`: names in brackets."""
        if self.kind not in ("LPAR", "LSQB") or self.context() != "FOR":
            return None
        if self.before is None or self.before.type not in ("FOR", "_COMMA"):
            return None
        kinds = [token.type for token in self.tokens[self.at + 1 : self.at + 3]]
        if kinds == ["NAME", "INPUT"] or kinds == ["NAME", "IN"]:
            return self.say(
                "E101",
                "a `for` has no brackets around it",
                help=f"write `{_FORMS['FOR']}`",
            )
        return self.say(
            "E101",
            "the names of a `for` have no brackets around them",
            help="name the inner item, `for i, pair in ...`, and take it apart: "
            "`let a, b = pair`, or `pair[0]`",
        )

    def _separator(self) -> Diagnostic | None:
        """Something stands on the line after what was complete without it."""
        if "_SEP" not in self.expected or self.ends or self.before is None:
            return None
        if self.kind == "_COLON":
            return self._colon()
        if self.kind == "_EQUAL":
            return self._assignment()
        if self.kind == "STAR" and self._counted():
            return self.say(
                "E101",
                "a step takes one `*`",
                help="put the count in parentheses: `step * (a * b)`",
            )
        if self.kind == "OP" and self._counted():
            return self.say(
                "E101",
                f"{self._found()} after the count of a repeated step",
                help="put the count in parentheses: `step * (n - 1)`",
            )
        if self.kind in ("NAME", "NONE", "STRING") and self.before.type != "_COLON":
            between = "put `->` between two steps, or begin a new line"
            if self._in_map():
                between = "put a `,` between two entries, or begin a new line"
                if self.within("PAPER"):
                    between = 'text stands in quotes, as in `title: "..."`'
            return self.say(
                "E101",
                f"{self._found()} follows {self._previous()} with nothing between them",
                help=between,
            )
        return None

    def _counted(self) -> bool:
        for token in reversed(self.tokens[: self.at]):
            if token.type in ("ARROW", "_SEP", "LBRACE", "_EQUAL", "FROM"):
                return False
            if token.type == "STAR":
                return True
        return False

    def _after_arrow(self) -> Diagnostic | None:
        if self.before is None or self.before.type != "ARROW":
            return None
        if "NAME" not in self.expected:
            return self.say(
                "E101",
                f"a shape has to follow this `->`, and {self._found()} stands here",
                help="write the shape in brackets, as in `-> [64, 56, 56]`",
            )
        return self.say(
            "E101",
            f"a step has to follow `->`, and {self._found()} stands here",
            help="write a step such as `relu` or `conv(64, 3x3)`, or a shape in brackets",
        )

    def _equal_for_colon(self) -> Diagnostic | None:
        if self.kind != "_EQUAL" or "_COLON" not in self.expected:
            return None
        what = "key" if "_EQUAL" not in self.expected and self._in_map() else "label"
        name = self.before.value if self.before is not None else "name"
        if what == "label":
            return self._assignment()
        return self.say(
            "E111",
            f"a `:` has to follow the {what} `{name}`, not `=`",
            help=f"write `{name}: ...`",
        )

    def _in_map(self) -> bool:
        depth = 0
        for i in range(self.at - 1, -1, -1):
            kind = self.tokens[i].type
            if kind in _CLOSERS:
                depth += 1
            elif kind in _OPENERS:
                if depth == 0:
                    heads = ("PAPER", "TRAIN", "_EXPECT")
                    before = (self.tokens[0], *self.tokens[max(i - 2, 0) : i])
                    return any(token.type in heads for token in before)
                depth -= 1
        return False

    def _assignment(self) -> Diagnostic | None:
        """`name = step` where a label or a `let` is meant."""
        if self.kind != "_EQUAL" or self.before is None or self.before.type != "NAME":
            return None
        if self.context() is not None or "_EQUAL" in self.expected:
            return None
        name = self.before.value
        if name == "let":
            return self.say(
                "E101", "a `let` needs a name before `=`", help=f"write `{_FORMS['LET']}`"
            )
        step = self._assigned(name)
        help = f"write `{name}: step`, or for a value `let {name} = ...`"
        if step is not None:
            help = f"write `{step}`, which takes what stands before it, with a label "
            help += f"`{name}: {step}`; a number is named by `let {name} = ...`"
        return self.say(
            "E111",
            f"`=` does not name a step: a `:` has to follow the label `{name}`",
            help=help,
        )

    def _assigned(self, name: str) -> str | None:
        """The call that is given to a name, without the name in its arguments: `x = relu(x)`."""
        line = self.source.text[self.place[1] :].split("\n", 1)[0].strip(" ;}\r")
        call = _CALL.fullmatch(line)
        if call is None:
            return None
        inner = re.sub(rf"^{name}(?:,\s*|$)", "", call[2])
        return f"{call[1]}({inner})" if inner else call[1]

    def _colon(self) -> Diagnostic | None:
        if self.kind != "_COLON":
            return None
        if "LBRACE" in self.expected and self.context() in ("IF", "FOR", "REPEAT", "BLOCK"):
            return self.say(
                "E110",
                f"{_WRITTEN[str(self.context())]} has its body in braces, not after a `:`",
                help=f"write `{_FORMS[str(self.context())]}`",
            )
        if self._labelled():
            return self.say("E111", "a step has one label", help="leave one of the two out")
        if self.within("FN") and not self.in_body():
            return self.say(
                "E101",
                "a function is what stands behind `=`",
                help=f"write `{_FORMS['FN']}`",
            )
        if self.before is not None and self.before.type == "RPAR":
            return self.say(
                "E111",
                "a label is a name; this `:` follows a call",
                help="write the label before the step: `name: step(...)`",
            )
        return None

    def _labelled(self) -> bool:
        kinds = [token.type for token in self.tokens[max(self.at - 3, 0) : self.at]]
        return kinds[1:] == ["_COLON", "NAME"] and "ARROW" in self.expected

    def _operand(self) -> Diagnostic | None:
        """An expression lacks an operand."""
        if not self.expected >= _OPERAND or self.before is None:
            return None
        context = self.context()
        written = _WRITTEN.get(context or "", "")
        if self.before.type in _WRITTEN and self.before.type != "IF":
            return self.say(
                "E101",
                f"{written} needs a value here, and {self._found()} stands here",
                help=f"write `{_FORMS[self.before.type]}`",
            )
        found = "" if self.token is None else f", and {self._found()} stands here"
        help = None
        if self.before.value == "%" and self.at > 1 and self.tokens[self.at - 2].value.isdigit():
            help = f"`%` is the rest of a division; write `{int(self.tokens[self.at - 2].value) / 100}`"
        elif self.before.type in ("LPAR", "_COMMA") and self.token is not None:
            if self.token.value in ("*", "**"):
                help = "arguments are written out, each by itself"
        return self.say("E101", f"a value has to follow {self._previous()}{found}", help=help)

    def _else(self) -> Diagnostic | None:
        if self.kind != "_ELSE":
            return None
        return self.say(
            "E101",
            "this `else` belongs to no `if`",
            help="`else` follows the `}` of an `if`, or `skip identity`",
        )

    def _skip(self) -> Diagnostic | None:
        if self.before is not None and self.before.type == "SKIP":
            return self.say(
                "E101",
                f"what is skipped has to follow `skip`, and {self._found()} stands here",
                help="write `skip identity`, `skip identity else { ... }`, `skip { ... }` or `skip none`",
            )
        return None

    def _skipped_body(self) -> Diagnostic | None:
        if self.kind == "LBRACE" and self.context() == "SKIP":
            return self.say(
                "E101",
                f"{self._previous()} has a body; after `skip` it needs braces around it",
                help=f"write `skip {{ {self._previous()[1:-1]} {{ ... }} }}`",
            )
        return None

    def _body(self) -> Diagnostic | None:
        """Braces are missing."""
        context = self.context()
        if "LBRACE" not in self.expected or context is None or context in ("AUX", "SKIP"):
            return None
        return self.say(
            "E101",
            f"{_WRITTEN[context]} needs its body in braces, and {self._found()} stands here",
            help=f"write `{_FORMS[context]}`",
        )

    def _two_values(self) -> Diagnostic | None:
        """Two arguments or elements without a comma."""
        closer = "RPAR" if "RPAR" in self.expected else "RSQB"
        if closer not in self.expected or "_COMMA" not in self.expected or self.ends:
            return None
        if self.kind == "_EQUAL":
            return self.say(
                "E101",
                f"only a name can stand before `=` here, not {self._previous()}",
                help="write `name=value`",
            )
        return self.say(
            "E101",
            f"{self._found()} follows {self._previous()} with nothing between them",
            help="put a `,` between two values",
        )

    def _beginning(self) -> Diagnostic | None:
        """What stands where a statement should begin."""
        if self.before is None or self.before.type not in ("_SEP", "LBRACE"):
            return None
        if "_SEP" in self.expected and "NAME" not in self.expected:
            return None
        if self._in_map():
            help = "keys have no quotes" if self.kind == "STRING" else None
            return self.say("E101", f"a key has to stand here, not {self._found()}", help=help)
        if self.kind in ("LPAR", "LSQB"):
            return self.say(
                "E101",
                f"{self._found()} cannot begin a step",
                help="steps are joined by `->`, and kept together by braces: `{ conv(64, 3x3) -> relu }`",
            )
        if self.kind == "ARROW":
            return self.say(
                "E101",
                "there is no step before this `->`",
                help="leave it out, or say where the chain starts: `from x -> ...`",
            )
        return self.say(
            "E101",
            f"{self._found()} cannot begin a step",
            help="a step is a call such as `relu` or `conv(64, 3x3)`, with or without a label",
        )

    def _general(self) -> Diagnostic:
        context = "WEIGHTS" if self._in_weights() else self.context() or self._item()
        fitting = self._fitting()
        written = _WRITTEN.get(context or "", "this")
        needed = _either(fitting) if fitting else "something else"
        where = f"in {written}" if context is not None else "here"
        message = f"{self._found()} does not fit {where}"
        if self.ends:
            message = f"{written} is not complete: {needed} has to follow {self._previous()}"
        form = _FORMS.get(context or "")
        return self.say(
            "E101",
            message,
            "" if self.ends or not fitting else f"{needed} would fit",
            f"write `{form}`" if form is not None else None,
        )

    def _in_weights(self) -> bool:
        """Whether it is in an item that holds neither steps nor expressions."""
        return self.within("WEIGHTS")

    def _fitting(self) -> list[str]:
        """What would fit, as far as it is worth saying."""
        step = self.expected >= {"NAME", "LBRACE", "STRING"}
        apart: tuple[str, ...] = ("NAME", "LBRACE", "STRING") if step else ()
        if "ARROW" in self.expected:  # a body or a label is rarely what is missing in a chain
            apart += ("LBRACE", "_COLON")
        known = [words for kind, words in _FITTING if kind in self.expected and kind not in apart]
        return [*["a step"] * step, *known][:3]

    def _item(self) -> str | None:
        """The item's own word, where the place is in no body of it."""
        kinds = [token.type for token in self.tokens[: self.at]]
        return kinds[0] if kinds and "LBRACE" not in kinds else None


def _either(words: list[str]) -> str:
    """`a`, `b` or `c`."""
    return " or ".join(filter(None, (", ".join(words[:-1]), words[-1])))

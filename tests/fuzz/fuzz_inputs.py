"""Inputs for the compiler: bytes, token soup, derivations of the grammar, damaged specs.

Input `number` of a kind and a seed is always the same one, whatever else is made beside it.
"""

from __future__ import annotations

import functools
import glob
import os
import random
import re
from collections.abc import Callable
from itertools import accumulate
from typing import NamedTuple

from archdsl.ops.table import OPS
from archdsl.syntax import tables
from archdsl.syntax.lexer import STATEMENT_WORDS, TOP_WORDS

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FOLDERS = ("specs", "tests/emit/specs", "tests/outside/specs")


class Input(NamedTuple):
    """What a spec's file would hold, and the path that it would have: imports are found there."""

    path: str
    data: bytes


def make(kind: str, seed: int, number: int) -> Input:
    """The input of a number."""
    return KINDS[kind](random.Random(f"{kind} {seed} {number}"))


# Bytes


def of_bytes(dice: random.Random) -> Input:
    """Any bytes, or a spec with some of its bytes changed."""
    if dice.random() < 0.4:
        data = dice.randbytes(dice.choice((1, 10, 100, 1000)))
        return Input(_beside("specs"), data)
    path, text = _spec(dice)
    damaged = bytearray(text.encode())
    for _ in range(dice.randint(1, 8)):
        at = dice.randrange(len(damaged))
        change = dice.randrange(4)
        if change == 0:
            damaged[at] = dice.randrange(256)
        elif change == 1:
            damaged[at:at] = dice.choice(_RARE_BYTES)
        elif change == 2:
            del damaged[at : at + dice.randint(1, 20)]
        else:
            del damaged[at:]
        if not damaged:
            break
    return Input(path, bytes(damaged))


_RARE_BYTES = (
    *(
        text.encode()
        for text in '\0 \r \f \t \v " """ \\ # { } ( ) [ ] é 網 \U0001d4a9 \uff11 ² ª'.split(" ")
    ),
    *(text.encode() for text in ("\u2028", "\u202e", "\u200b", "\ufeff", "\x1b[31m", "\x7f")),
    b"\xed\xa0\x80",
    b"\xff",
    b"\xc0\x80",
    b"\r\n",
)

# Tokens

NAMES = ("a", "b", "x", "n", "i", "width", "Unit", "M", "in", "m", "kernel", "_", "same", "shape")
NUMBERS = (
    *"0 1 2 3 4 7 8 16 64 -1 0.5 1e3 1e308 1e-400 1_000 25.6M 2K 1__0 1_ .5 1. 007".split(),
    *(str(2**63), str(10**18), "9" * 301, "1e400", "0x10"),
)
SIZES = ("1x1", "3x3", "1x7", "0x0", "2x2", "99999999999999999999x1", "03x3")
STRINGS = ('""', '"a"', '"{i}"', '"{"', '"}"', '"{{}}"', '"{a:"', '"{1/0}"', '"units.arch"', '"\\"')
STRINGS += ('"\\u00e9"', '"\\ud800"', '"\\N{BULLET}"', '"torch.nn:ReLU"', '"std:conv"', '"{"a"}"')
OPERATORS = ("+", "-", "*", "/", "//", "%", "**", "==", "!=", "<", "<=", ">", ">=", "and", "or")
WORDS = (
    *TOP_WORDS,
    *STATEMENT_WORDS,
    *"stem stage head repeat aux if else for as true false none skip identity tap expect".split(),
    *"not in sum concat mul mean dense split residual".split(),
)
PUNCTUATION = (*"( ) [ ] { } , : = ; . ~ -> * ( ) { } , ->".split(), "\n", "\n")
_HEADS = (
    "",
    "model M: [3, 8, 8] -> [_, _, _] {\n",
    "block B(n, x = 1) in (a, b[]) -> (c) {\n",
    "let x = ",
    "variant m = M(",
    "init {",
)


def of_tokens(dice: random.Random) -> Input:
    """Tokens in no order, at times where a body or an expression would stand."""
    pools = (NAMES, tuple(OPS), NUMBERS, SIZES, STRINGS, OPERATORS, WORDS, PUNCTUATION, PUNCTUATION)
    soup = [dice.choice(dice.choice(pools)) for _ in range(dice.choice((3, 10, 30, 100)))]
    head = dice.choice(_HEADS)
    tail = "\n}\nvariant m = M()\n" if "{" in head and dice.random() < 0.7 else ""
    return Input(_beside("specs"), (head + " ".join(soup) + tail).encode())


# Grammar

LENGTH = 400  # words after which a derivation comes to its end

_WORDS_OF = {
    **{kind: (word,) for word, kind in TOP_WORDS.items()},
    **{kind: (word,) for word, (kind, _) in STATEMENT_WORDS.items()},
    "BLOCK": ("block", "sequence"),
    "TENSOR": ("param", "const"),
    "PART": ("stem", "stage", "head"),
    "REPEAT": ("repeat",),
    "AUX": ("aux",),
    "_EXPECT": ("expect",),
    "_SHAPE": ("shape",),
    "SAME": ("same",),
    "SKIP": ("skip",),
    "IDENTITY": ("identity",),
    "_TAP": ("tap",),
    "IF": ("if",),
    "_ELSE": ("else",),
    "FOR": ("for",),
    "IN": ("in",),
    "INPUT": ("in",),
    "AS": ("as",),
    "TRUE": ("true",),
    "FALSE": ("false",),
    "NONE": ("none",),
    "NAME": (*NAMES, *OPS, "B", "f", "params", "macs", "title", "width", "conv", "relu", "B", "M"),
    "NUMBER": ("0", "1", "2", "3", "4", "8", "16", "0.5", "1_000", "10000000000000", "1e-9"),
    "SIZE": SIZES,
    "STRING": STRINGS,
    "LONG_STRING": ('"""A text."""', '""""""', '"""{\\\\"""'),
    "OP": OPERATORS,
    "STAR": ("*",),
    "PREFIX": ("-", "+", "not"),
    "TILDE": ("~",),
    "_DOT": (".",),
    "ARROW": ("->",),
    "_COMMA": (",",),
    "_COLON": (":",),
    "_EQUAL": ("=",),
    "_SEP": ("\n",),
    "LPAR": ("(",),
    "RPAR": (")",),
    "LSQB": ("[",),
    "RSQB": ("]",),
    "LBRACE": ("{",),
    "RBRACE": ("}",),
}


class Grammar:
    """The rules of grammar.lark: the ways to write each symbol, and those that end soonest."""

    def __init__(self) -> None:
        from lark import Lark

        with open(tables.GRAMMAR, encoding="utf-8") as file:
            rules = Lark(file.read(), parser="earley", lexer="dynamic", start="item").rules
        self.ways: dict[str, list[list[str]]] = {}
        for rule in rules:
            self.ways.setdefault(rule.origin.name, []).append([s.name for s in rule.expansion])
        # How many further rules each symbol needs to come to an end.
        self.least = dict.fromkeys(_WORDS_OF, 0)
        while len(self.least) < len(self.ways) + len(_WORDS_OF):
            for name, ways in self.ways.items():
                ends = [self.depth(way) for way in ways if all(s in self.least for s in way)]
                if ends:
                    self.least[name] = min(ends) + 1
        self.shortest = {
            name: [way for way in ways if self.depth(way) == min(map(self.depth, ways))]
            for name, ways in self.ways.items()
        }

    def depth(self, way: list[str]) -> int:
        return max((self.least[symbol] for symbol in way), default=0)

    def derive(self, dice: random.Random, symbol: str, depth: int, words: list[str]) -> None:
        """Add the words of a random derivation; beyond a depth or a length, of a shortest one."""
        if symbol in _WORDS_OF:
            words.append(dice.choice(_WORDS_OF[symbol]))
            return
        soon = depth <= 0 or len(words) > LENGTH
        ways = self.shortest[symbol] if soon else self.ways[symbol]
        for part in dice.choice(ways):
            self.derive(dice, part, depth - 1, words)


@functools.cache
def grammar() -> Grammar:
    return Grammar()


_AROUND = "fn f(a, b) = a\nblock B(width = 8, n = 2) { conv(width, 3x3) -> bn -> relu }\n"
_MODEL = "model M(n = 2, x = 4): [4, 8, 8] -> [_, _, _] %s\nvariant m = M()\n"


def of_grammar(dice: random.Random) -> Input:
    """What the grammar allows: some items, or a body in a model that a variant makes."""
    words: list[str] = []
    if dice.random() < 0.5:
        for _ in range(dice.randint(1, 4)):
            grammar().derive(dice, "item", dice.randint(4, 30), words)
            words.append("\n")
        return Input(_beside("specs"), " ".join(words).encode())
    grammar().derive(dice, "body", dice.randint(6, 30), words)
    return Input(_beside("specs"), (_AROUND + _MODEL % " ".join(words)).encode())


# Damaged specs


@functools.cache
def corpus() -> tuple[tuple[str, str], ...]:
    """Right specs to damage, each with a path beside it: those shipped and tested, and the examples
    of the documentation."""
    found = []
    for folder in FOLDERS:
        for name in sorted(glob.glob(os.path.join(ROOT, folder, "*.arch"))):
            with open(name, encoding="utf-8") as file:
                found.append((_beside(folder), file.read()))
    pages = [os.path.join(ROOT, "docs", "language.md")]
    pages += sorted(glob.glob(os.path.join(ROOT, "archdsl", "pages", "*.md")))
    for page in pages:
        with open(page, encoding="utf-8") as file:
            for example in re.findall(r"```arch[^\n]*\n(.*?)```", file.read(), re.DOTALL):
                if "\nvariant " in example:
                    found.append((_beside("tests/emit/specs"), example))
    return tuple(found)


@functools.cache
def _weights() -> tuple[float, ...]:
    return tuple(accumulate(1 / len(text) for _, text in corpus()))


def _spec(dice: random.Random) -> tuple[str, str]:
    """One of the corpus. Each has as much of the time as any other: the shorter, the more often."""
    return dice.choices(corpus(), cum_weights=_weights())[0]


def of_mutants(dice: random.Random) -> Input:
    """A spec with a few wounds, or the halves of two."""
    path, text = _spec(dice)
    if dice.random() < 0.1:
        _, other = dice.choice(corpus())
        lines, more = text.split("\n"), other.split("\n")
        text = "\n".join(lines[: dice.randrange(len(lines))] + more[dice.randrange(len(more)) :])
    for _ in range(dice.choice((1, 1, 1, 2, 4))):
        text = wounded(dice, text)
    return Input(path, text.encode("utf-8", "surrogatepass"))


TOKEN = re.compile(r'"""(?:[^\\]|\\.)*?"""|"(?:[^"\\\n]|\\.)*"|#[^\n]*|\w+|->|[*/=<>!]{2}|[^\w\s]')
_HUGE = ("0", "-1", "1000000000", str(10**30), "2**10**9", "0.5", "1e308", "-0.0", "none", "1x0")


def wounded(dice: random.Random, text: str) -> str:
    """A text with one wound."""
    places = [found.span() for found in TOKEN.finditer(text)]
    if not places:
        return text + dice.choice(PUNCTUATION)
    start, end = dice.choice(places)
    token = text[start:end]
    other = dice.choice(places)
    new = {
        0: lambda: "",
        1: lambda: f"{token} {token}",
        2: lambda: text[slice(*other)],
        3: lambda: dice.choice(_HUGE),
        4: lambda: dice.choice((*NAMES, *OPS, *WORDS)),
        5: lambda: dice.choice((*OPERATORS, *PUNCTUATION)),
        6: lambda: dice.choice(STRINGS),
    }
    change = dice.randrange(9)
    if change < 7:
        return text[:start] + new[change]() + text[end:]
    if change == 7:
        lines = text.split("\n")
        del lines[dice.randrange(len(lines))]
        return "\n".join(lines)
    numbers = [found.span() for found in re.finditer(r"\b\d+\b", text)] or places
    start, end = dice.choice(numbers)
    return text[:start] + dice.choice(_HUGE) + text[end:]


def _beside(folder: str) -> str:
    return os.path.join(ROOT, folder, "fuzz.arch")


KINDS: dict[str, Callable[[random.Random], Input]] = {
    "bytes": of_bytes,
    "tokens": of_tokens,
    "grammar": of_grammar,
    "mutants": of_mutants,
}

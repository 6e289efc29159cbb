"""What the lecture says, what we answer, and when the two agree."""

from __future__ import annotations

import csv
import math
import os
import re
from collections.abc import Callable
from fractions import Fraction
from typing import NamedTuple

HERE = os.path.dirname(os.path.abspath(__file__))

YES = "yes"
ROUGHLY = "within rounding"
NO = "no"
OPEN = "open"

Value = bool | str | Fraction


class Statement(NamedTuple):
    """A row of lecture.csv: what a slide says, and its figure as printed.

    Where no compiler could tell, `source` says who measured it.
    """

    part: str
    slide: str
    key: str
    says: str
    figure: str
    source: str


class Answer(NamedTuple):
    """What the specs give: a number, a text to be equal to the slide's, or whether it is so.

    An `open` one shows the most faithful reading of something that was never published whole.
    """

    value: Value
    shown: str
    note: str = ""
    open: bool = False

    def because(self, note: str) -> Answer:
        """The same, with a remark on it."""
        return self._replace(note=note)

    def left_open(self, note: str) -> Answer:
        """The same, where the sources do not say enough to confirm or refute a figure."""
        return self._replace(note=note, open=True)


class Claim(NamedTuple):
    """A statement with its answer."""

    statement: Statement
    answer: Answer

    @property
    def verdict(self) -> str:
        return OPEN if self.answer.open else verdict(self.statement.figure, self.answer.value)


Claims = dict[str, Callable[[], Answer]]


def statements() -> tuple[Statement, ...]:
    """What the lecture says, in its order."""
    with open(os.path.join(HERE, "lecture.csv"), encoding="utf-8", newline="") as file:
        return tuple(Statement(**row) for row in csv.DictReader(file))


def holds(true: bool, shown: str) -> Answer:
    """For a statement without a figure: whether it is so."""
    return Answer(true, shown)


def text(value: str) -> Answer:
    """A description, which has to be the slide's to the letter."""
    return Answer(value, value)


def count(number: int) -> Answer:
    return Answer(Fraction(number), f"{number:,}")


def times(more: int | Fraction, less: int | Fraction, digits: int = 2) -> Answer:
    """How many times one thing another is."""
    value = Fraction(more) / Fraction(less)
    return Answer(value, f"{float(value):.{digits}f}x")


def verdict(figure: str, value: Value) -> str:
    """`yes`: equal, or equal once rounded to the digits printed. `within rounding`: equal if the
    zeros that end a whole number are taken for rounding, or if digits were cut off. Else `no`."""
    if isinstance(value, bool):
        return YES if value else NO
    if isinstance(value, str):
        return YES if value == figure else NO
    printed = _parsed(figure)
    measured = value / printed.scale
    if _rounded(measured, printed.decimals) == printed.number:
        return YES
    cut = printed.number <= measured < printed.number + Fraction(1, 10**printed.decimals)
    zeros = printed.zeros > 0 and _rounded(measured, -printed.zeros) == printed.number
    return ROUGHLY if not printed.exact and (cut or zeros) else NO


class Printed(NamedTuple):
    """A figure: its number, what to multiply it with, its digits after the point, and the zeros
    at the end of it if it is whole. A product like `128x5x5x256` is exact."""

    number: Fraction
    scale: int
    decimals: int
    zeros: int
    exact: bool = False


_SCALES = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "Bn": 10**9, "MB": 10**6, "x": 1}


def _parsed(figure: str) -> Printed:
    if re.fullmatch(r"\d+(x\d+)+( \+ \d+(x\d+)+)*", figure):
        products = [part.split("x") for part in figure.split(" + ")]
        total = sum(math.prod(map(int, factors)) for factors in products)
        return Printed(Fraction(total), 1, 0, 0, exact=True)
    match = re.fullmatch(r"(\d+)(?:\.(\d+))?([a-zA-Z]*)", figure)
    if match is None:
        raise ValueError(f"{figure!r} is no figure")
    whole, after, unit = match[1], match[2] or "", match[3]
    zeros = 0 if after else len(whole) - len(whole.rstrip("0"))
    number = Fraction(f"{whole}.{after}0")
    return Printed(number, _SCALES[unit], len(after), zeros)


def _rounded(value: Fraction, decimals: int) -> Fraction:
    """Half up, as people round."""
    scale = Fraction(10) ** decimals
    return Fraction(math.floor(value * scale + Fraction(1, 2))) / scale

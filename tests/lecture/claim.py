"""What the lecture says, what we answer, and when the two agree."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable
from fractions import Fraction
from typing import NamedTuple

import printed
from printed import NO, OPEN, YES

HERE = os.path.dirname(os.path.abspath(__file__))

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

    An `open` one shows the most faithful reading of something that was never published whole; an
    `arithmetic` one comes from other figures of the slide, and says nothing of a network.
    """

    value: Value
    shown: str
    note: str = ""
    open: bool = False
    arithmetic: bool = False

    def because(self, note: str) -> Answer:
        """The same, with a remark on it."""
        return self._replace(note=note)

    def left_open(self, note: str) -> Answer:
        """The same, where the sources do not say enough to confirm or refute a figure."""
        return self._replace(note=note, open=True)


def arithmetic(value: Fraction, shown: str) -> Answer:
    """For a figure that the slide's others give."""
    return Answer(value, shown, arithmetic=True)


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
    """The rule of `printed` for numbers; a text has to be the slide's."""
    if isinstance(value, bool):
        return YES if value else NO
    if isinstance(value, str):
        return YES if value == figure else NO
    return printed.verdict(figure, value)

"""What random specs are written with: dice, names, lines, and what is known of the value at hand."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import NamedTuple

Width = tuple[str, int]  # channels as text, and what they can be divided by for certain


class Unit(NamedTuple):
    """A block or sequence that takes one map, and the width of what it gives as its first argument:
    what else it may be called with."""

    name: str
    options: tuple[str, ...]


class Stream:
    """The value at a point of a body: its channels, and what is at hand there."""

    def __init__(self, channels: str, divisor: int, widths: tuple[Width, ...]) -> None:
        self.channels = channels
        self.divisor = divisor
        self.widths = widths
        self.act: str | None = None  # a parameter that holds an activation
        self.norm: str | None = None  # one that holds a norm
        self.condition = "width > 8"  # which holds in some variants, and in some not
        self.sequential = False
        self.certain = True  # every run of the body comes here

    @property
    def width(self) -> Width:
        return self.channels, self.divisor

    @width.setter
    def width(self, width: Width) -> None:
        self.channels, self.divisor = width


class Text:
    """Lines of a spec. Names are given once."""

    def __init__(self, dice: random.Random) -> None:
        self.dice = dice
        self.count = 0
        self.lines: list[str] = []
        self.indent = ""
        self.units: list[Unit] = []
        self.marks: list[tuple[int, str, str]] = []
        self.owner = ""
        self.uses: dict[str, set[str]] = {}

    def chance(self, probability: float) -> bool:
        return self.dice.random() < probability

    def name(self, stem: str) -> str:
        self.count += 1
        return f"{stem}{self.count}"

    def label(self) -> str:
        stem = self.dice.choice(("part", "piece", "c", "Mixed_"))
        return f"{self.name(stem)}: " * self.chance(0.25)

    def line(self, *texts: str) -> None:
        for text in texts:
            self.lines += (self.indent + text).split("\n")

    def mark(self, at: Stream) -> None:
        """A step could stand behind the last line."""
        if at.certain and not at.sequential:
            self.marks.append((len(self.lines), self.indent, self.owner))

    def body(self, head: str, write: Callable[[], None], tail: str = "") -> None:
        """Lines between braces."""
        self.line(f"{head} {{".lstrip())
        self.indent += "    "
        write()
        self.indent = self.indent[:-4]
        self.line(f"}}{tail}")

    def block(self, head: str, *lines: str) -> None:
        """Lines that are known, between braces."""
        self.body(head, lambda: self.line(*lines))

    def uses_of(self, name: str) -> None:
        """The definition that is being written calls another."""
        self.uses.setdefault(self.owner, set()).add(name)

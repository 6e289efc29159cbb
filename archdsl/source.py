"""A source text and places in it."""

from __future__ import annotations

import os.path
from bisect import bisect_right
from itertools import accumulate

from archdsl.node import Node


class Source:
    """One `.arch` file: its path as the user wrote it, and its text."""

    __slots__ = ("_starts", "path", "text")

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.text = text
        self._starts: list[int] | None = None

    def position(self, offset: int) -> tuple[int, int]:
        """The 1-based line and column of an offset."""
        starts = self._line_starts()
        line = bisect_right(starts, offset)
        return line, offset - starts[line - 1] + 1

    def line(self, number: int) -> str:
        """The text of a 1-based line, without its newline."""
        starts = self._line_starts()
        end = starts[number] - 1 if number < len(starts) else len(self.text)
        return self.text[starts[number - 1] : end].rstrip("\r\n")

    @property
    def origin(self) -> str:
        """The spec's folder and file name: the same wherever the command is run."""
        folder, name = os.path.split(os.path.abspath(self.path))
        return f"{os.path.basename(folder)}/{name}" if os.path.basename(folder) else name

    def _line_starts(self) -> list[int]:
        if self._starts is None:
            lengths = (len(line) + 1 for line in self.text.split("\n"))
            self._starts = [0, *accumulate(lengths)][:-1]
        return self._starts

    def __repr__(self) -> str:
        return f"Source({self.path!r})"


class Span(Node):
    """A half-open range of offsets in a source."""

    source: Source
    start: int
    end: int

    def to(self, other: Span) -> Span:
        """From the start of this span to the end of the other."""
        return Span(source=self.source, start=self.start, end=other.end)

    @property
    def text(self) -> str:
        return self.source.text[self.start : self.end]

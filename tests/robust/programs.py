"""Random specs that are right, with every construct of the language.

A `Maker` writes text from the throws of its dice: a `random.Random`, or hypothesis's, which can
then make a failing spec smaller. While it writes a body it knows the channels of the value there,
as text and by what they divide, so that all it writes fits.
"""

from __future__ import annotations

import random
from typing import NamedTuple

from program_blocks import DOCS
from program_lists import FILE
from program_model import Models
from program_text import Unit

FAULTS = (
    "conv(9973, 1x1, groups=7)",
    "sum { conv(8, 1x1); conv(16, 1x1) }",
    "conv(8, 99x99, pad=0)",
    "identity -> [9973, _, _]",
    "select([9973])",
    "residual { conv(9973, 1x1) } skip identity",
    "maxpool(97x97)",
    "group_norm(9973)",
    "reshape([9973, 3])",
)


class Program(NamedTuple):
    """Files by name; `main.arch` is the spec. `places` are lines of it behind which a step on maps
    could stand, each with what it is indented by: all are run by some variant."""

    files: dict[str, str]
    places: tuple[tuple[int, str], ...]

    @property
    def text(self) -> str:
        return self.files["main.arch"]

    def planted(self, dice: random.Random) -> tuple[str, int]:
        """The spec with a fault of shapes, and the line of that."""
        line, indent = dice.choice(self.places)
        lines = self.text.split("\n")
        lines.insert(line, indent + dice.choice(FAULTS))
        return "\n".join(lines), line + 1


class Maker(Models):
    """Writes one program."""

    def program(self) -> Program:
        files: dict[str, str] = {}
        self.line('import "std:attention" (SqueezeExcite)')
        if self.chance(0.4):
            files |= {"parts.arch": PARTS, "deeper.arch": DEEPER}
            self.line('import "parts.arch" (Plain as Imported, Paired, Small, widened)')
            self.units += [Unit("Imported", ("act",)), Unit("Paired", ())]
        self.lines.append("")
        if self.chance(0.3):
            self.lines.insert(0, f'"""{self.dice.choice(DOCS)}"""\n')
            self.lines = "\n".join(self.lines).split("\n")
        self.line(FILE.strip())
        self.lines.append("")
        for _ in range(self.dice.randint(1, 3)):
            self.unit()
        self.model()
        if files and self.chance(0.5):
            self.line("variant little = Small(8)")
        self.lines += ["", *self.needed()]
        files["main.arch"] = "\n".join(self.lines) + "\n"
        return Program(files, self._places())

    def _places(self) -> tuple[tuple[int, str], ...]:
        """The marks in what the model calls."""
        reached = {"Net"}
        while more := {u for owner in reached for u in self.uses.get(owner, ())} - reached:
            reached |= more
        return tuple((line, indent) for line, indent, owner in self.marks if owner in reached)


PARTS = """import "deeper.arch" (Unit1 as Hidden)

fn widened(width, by) = width * by

block Plain(width, stride = 1, act = relu) {
    conv(width, 3x3, stride=stride) -> bn -> act
}

block Unit1(width) { conv(width, 1x1) -> relu }

block Paired(width) { Hidden(widened(width, 2)) -> Unit1(width) -> Plain(width, act=none) }

model Small(width): [3, 16, 16] -> [4] {
    Paired(width) -> Unit1(2 * width) -> global_avgpool -> flatten -> linear(4)
}
"""
DEEPER = "block Unit1(width) { sum { conv(width, 3x3); conv(width, 1x1) }; relu }\n"


def make(seed: object) -> Program:
    """The program of a seed."""
    return Maker(random.Random(f"program {seed}")).program()

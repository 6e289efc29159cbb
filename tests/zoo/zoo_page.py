"""docs/zoo.md: every shipped variant, its figures, and what it was compared with."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from typing import Any

import counterpart
import papers
import zoo
from counterpart import Counterpart, Differences

FILE = os.path.join(os.path.dirname(zoo.SPECS), "docs", "zoo.md")

HEAD = """\
# The zoo

All variants of [the shipped specs](../specs), written by `python tests/zoo`, which also measures
the differences; a test holds the rest.

- **Parameters** are learned numbers, those of side heads included. **Multiply-adds** are those of
  convolutions, linear layers and matrix products, for one image, in evaluation. **Depth** counts
  convolutions and linear layers on the longest path. The **field** is the receptive field of the
  last map, in pixels.
- **MB** are 10^6 bytes. **Activations** are all values that the network makes of one image, at 32
  bits each; what works in place makes none. At **32, 8 and 6 bits** a parameter: the size of all
  parameters.
- **Compared with** names the public models that were given the same random weights: under the same
  name where none is written. **Eval** and **train** are the largest differences found, in the order
  of these models, as a part of the largest value: between the outputs, and in training also between
  gradients and running statistics. 0 means equal to the bit. The libraries are
  {libraries}.
- Below a table stands what had to be changed in a public model first, or why it is not the same to
  the bit.
- **Paper** is a figure as the paper prints it. It agrees if ours, rounded to the digits printed, is
  the same; a size is read in MB.
"""
HEADS = (
    "variant|input|parameters|multiply-adds|depth|field|activations, MB"
    "|32 bits, MB|8 bits|6 bits|compared with|eval|train"
).split("|")
PAPER_HEADS = ("variant", "figure", "paper", "ours", "agrees", "where, and why not")
WORDS = {"macs": "multiply-adds", "params": "parameters", "receptive_field": "field"}

Key = tuple[str, str, str]
"""A spec, a variant, and the model that it was compared with."""
Noted = dict[Key, Differences]


def page(noted: Noted) -> str:
    """The whole text, with these differences."""
    head = HEAD.format(libraries=libraries())
    return "\n".join([head, *("\n".join(section(spec, noted)) for spec in zoo.specs())])


def libraries() -> str:
    """Those that variants are compared with, at the versions that the tests ask for."""
    with open(
        os.path.join(os.path.dirname(zoo.SPECS), "constraints.txt"), encoding="utf-8"
    ) as file:
        pinned = dict(line.strip().split("==") for line in file)
    names = ("torchvision", "timm", "pytorchcv")
    return ", ".join(f"{name} {pinned[name]}" for name in names)


def key(of: Counterpart) -> Key:
    return of.spec, of.variant, label(of)


def section(spec: str, noted: Noted) -> Iterator[str]:
    yield f"## {spec}\n"
    yield f"{about(spec)} [Spec](../specs/{spec}.arch), [module](../generated/{spec}.py).\n"
    summaries = zoo.summaries(spec)
    yield table(HEADS, [line(spec, summary, noted) for summary in summaries.values()], 10)
    if notes := list(remarks(spec)):
        yield "\n".join(notes) + "\n"
    figures = [row for row in papers.printed() if row.spec == spec]
    if figures:
        yield table(PAPER_HEADS, [of_paper(row, summaries[row.variant]) for row in figures], 4)


def about(spec: str) -> str:
    """The first sentence of the spec's docstring."""
    with open(zoo.spec_path(spec), encoding="utf-8") as file:
        found = re.search(r'^"""(.*?)"""', file.read(), re.DOTALL | re.MULTILINE)
    assert found, f"{spec} has no docstring"
    return " ".join(found[1].split()).partition(". ")[0].rstrip(".") + "."


def line(spec: str, summary: dict[str, Any], noted: Noted) -> list[str]:
    """A variant's row."""
    variant, params = summary["variant"], summary["params"]
    compared = [of for of in counterpart.counterparts() if of[:2] == (spec, variant)]
    found = [noted.get(key(of), Differences(None, None)) for of in compared]
    return [
        variant,
        by(summary["input"]),
        f"{params:,}",
        f"{summary['macs']:,}",
        str(summary["depth"]),
        by(sorted(set(summary["receptive_field"]))),
        megabytes(4 * summary["activations"]),
        *(megabytes(params * bits / 8) for bits in (32, 8, 6)),
        ", ".join(map(label, compared)),
        ", ".join(shown(differences.eval) for differences in found),
        ", ".join(shown(differences.train) for differences in found),
    ]


def of_paper(row: papers.Printed, summary: dict[str, Any]) -> list[str]:
    ours = papers.FIGURES[row.what](summary)
    text = f"{megabytes(ours)} MB" if row.what == "size" else f"{ours:,}"
    why = f"{row.source}: {row.why}" if row.why else row.source
    agrees = "yes" if row.agrees else "no"
    return [row.variant, WORDS.get(row.what, row.what), row.figure, text, agrees, why]


def remarks(spec: str) -> Iterator[str]:
    """Why a model is not compared to the bit, or not as it is: each reason once."""
    reasons: dict[tuple[str, str], list[str]] = {}
    for of in counterpart.counterparts():
        if of.spec == spec and of.why:
            reasons.setdefault((of.library, of.why), []).append(of.variant)
    for (library, why), variants in reasons.items():
        yield f"- {', '.join(variants)} with {library}: {why.rstrip('.')}."


def label(of: Counterpart) -> str:
    """The library, and the name there if it isn't the variant's."""
    return of.library if of.name == of.variant else f"{of.library} {of.name}"


def shown(difference: float | None) -> str:
    """`0`, `2.8e-06`, or `-` where nothing was measured."""
    return "-" if difference is None else f"{difference:.1e}" if difference else "0"


def read(text: str) -> Noted:
    """The differences that a page notes."""
    noted: Noted = {}
    spec = ""
    for row in text.split("\n"):
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        if row.startswith("## "):
            spec = row[3:]
        elif len(cells) == len(HEADS) and re.fullmatch(r"[\d,]+", cells[2]) and cells[-1]:
            for of, *found in zip(*(cell.split(", ") for cell in cells[-3:]), strict=True):
                if found != ["-", "-"]:
                    values = [None if value == "-" else float(value) for value in found]
                    noted[spec, cells[0], of] = Differences(*values)
    return noted


def table(heads: Sequence[str], rows: list[list[str]], numbers: int) -> str:
    """A table as Markdown, aligned, so that a terminal shows it as well.

    The columns from the second to `numbers` are figures.
    """
    widths = [max(map(len, column)) for column in zip(heads, *rows)]
    right = [0 < column < numbers for column in range(len(heads))]
    rule = ["-" * (width - 1) + ":" if r else "-" * width for width, r in zip(widths, right)]
    lines = [
        " | ".join(
            cell.rjust(width) if r else cell.ljust(width)
            for cell, width, r in zip(row, widths, right)
        )
        for row in (heads, rule, *rows)
    ]
    return "".join(f"| {line} |\n" for line in lines)


def by(sizes: Any) -> str:
    return "x".join(map(str, sizes))


def megabytes(size: float) -> str:
    return f"{size / 1e6:.2f}"

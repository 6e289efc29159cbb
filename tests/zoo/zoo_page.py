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
from printed import RULE

FILE = os.path.join(os.path.dirname(zoo.SPECS), "docs", "zoo.md")

HEAD = """\
# The zoo

All variants of [the shipped specs](../specs), written by `python tests/zoo`, which also measures
the differences; a test holds the rest. Four tables for each spec:

1. **Parameters** are learned numbers, those of side heads included. **Multiply-adds** are those of
   convolutions, linear layers and matrix products, for one image, in evaluation. **Depth** counts
   convolutions and linear layers on the longest path. The **field** is the receptive field of the
   last map, in pixels.
2. **Activations** are all values that the network makes of one image, at 32 bits each; what works
   in place makes none. **32, 8 and 6 bits** are those of a parameter: the size of all of them. A MB
   is 10^6 bytes.
3. The public models that were given the same random weights. **Eval** and **train** are the largest
   differences found, as a part of the largest value: between the outputs, and in training also
   between gradients and running statistics. 0 means equal to the bit; a remark says what had to be
   changed in a public model first, or why it is not the same to the bit. The libraries are
   {libraries}. `archdsl weights` reads the files of those that compute the same as they are: keys
   are equal, or the spec says under `weights` what theirs are called.
4. What papers print, and whether it **agrees**:

{rule}"""
COUNTS = ("variant", "input", "parameters", "multiply-adds", "depth", "field")
SIZES = ("MB", "activations", "32 bits", "8 bits", "6 bits")
COMPARED = ("variant", "compared with", "eval", "train")
PRINTED = ("variant", "figure", "paper", "ours", "agrees", "where")
WORDS = {"macs": "multiply-adds", "params": "parameters", "receptive_field": "field"}

Key = tuple[str, str, str]
"""A spec, a variant, and the model that it was compared with."""
Noted = dict[Key, Differences]


def page(noted: Noted) -> str:
    """The whole text, with these differences."""
    rule = "".join(f"   {line}\n" for line in RULE.splitlines())
    head = HEAD.format(libraries=libraries(), rule=rule)
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
    summaries = zoo.summaries(spec).values()
    yield table(COUNTS, [counts(summary) for summary in summaries], range(1, 6))
    yield table(SIZES, [sizes(summary) for summary in summaries], range(1, 5))
    compared = [of for of in counterpart.counterparts() if of.spec == spec]
    if compared:
        yield from with_remarks(
            COMPARED, [(row(of, noted), of.why) for of in compared], range(0), 1
        )
    figures = [of_paper(row) for row in papers.rows() if row.spec == spec]
    if figures:
        yield from with_remarks(PRINTED, figures, range(2, 4), 4)


def about(spec: str) -> str:
    """The first sentence of the spec's docstring."""
    with open(zoo.spec_path(spec), encoding="utf-8") as file:
        found = re.search(r'^"""(.*?)"""', file.read(), re.DOTALL | re.MULTILINE)
    assert found, f"{spec} has no docstring"
    return " ".join(found[1].split()).partition(". ")[0].rstrip(".") + "."


def counts(summary: dict[str, Any]) -> list[str]:
    return [
        summary["variant"],
        by(summary["input"]),
        f"{summary['params']:,}",
        f"{summary['macs']:,}",
        str(summary["depth"]),
        by(sorted(set(summary["receptive_field"]))),
    ]


def sizes(summary: dict[str, Any]) -> list[str]:
    stored = [4 * summary["activations"], *(summary["params"] * bits / 8 for bits in (32, 8, 6))]
    return [summary["variant"], *map(megabytes, stored)]


def row(of: Counterpart, noted: Noted) -> list[str]:
    found = noted.get(key(of), Differences(None, None))
    return [of.variant, label(of), shown(found.eval), shown(found.train)]


def of_paper(row: papers.Row) -> tuple[list[str], str]:
    """A row and its remark."""
    ours = f"{megabytes(row.ours)} MB" if row.what == "size" else f"{row.ours:,}"
    what = WORDS.get(row.what, row.what.replace("_", " "))
    return [row.variant, what, row.figure, ours, row.verdict, row.source], row.why


def with_remarks(
    heads: Sequence[str], rows: Sequence[tuple[list[str], str]], right: range, column: int
) -> Iterator[str]:
    """A table with a number in a column of the rows that have a remark, and the remarks, each
    once."""
    remarks = list(dict.fromkeys(remark for _, remark in rows if remark))
    for cells, remark in rows:
        if remark:
            cells[column] += f" ({remarks.index(remark) + 1})"
    yield table(heads, [cells for cells, _ in rows], right)
    if remarks:
        numbered = enumerate((remark.rstrip(".") for remark in remarks), 1)
        yield "".join(f"{i}. {remark}.\n" for i, remark in numbered)


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
    heads: list[str] = []
    for line in text.split("\n"):
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("## "):
            spec = line[3:]
        elif not line:
            heads = []
        elif not heads:
            heads = cells
        elif heads == list(COMPARED) and not cells[0].startswith("-"):
            variant, of, *found = cells
            if found != ["-", "-"]:
                values = [None if value == "-" else float(value) for value in found]
                noted[spec, variant, of.partition(" (")[0]] = Differences(*values)
    return noted


def table(heads: Sequence[str], rows: Sequence[Sequence[str]], numbers: range) -> str:
    """A table as Markdown, aligned, so that a terminal shows it as well; `numbers` are the columns
    of figures."""
    widths = [max(map(len, column)) for column in zip(heads, *rows)]
    right = [column in numbers for column in range(len(heads))]
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

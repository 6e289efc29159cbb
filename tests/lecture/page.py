"""docs/lecture.md, from the statements of the lecture and our answers."""

from __future__ import annotations

import functools
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby
from textwrap import fill

import part1
import part2
import part3
from claim import HERE, Claim, Claims, statements
from printed import NO, OPEN, ROUGHLY, RULE, YES

PAGE = os.path.join(os.path.dirname(os.path.dirname(HERE)), "docs", "lecture.md")
MEASURED = "## Measured\n"

CLAIMS: Claims = {**part1.CLAIMS, **part2.CLAIMS, **part3.CLAIMS}
TABLES = {**part1.TABLES, **part2.TABLES, **part3.TABLES}

PARTS = {
    "Part I": "Part I: from LeNet to ResNet",
    "Part II": "Part II: Inceptions, and ResNet's heirs",
    "Part III": "Part III: efficient networks",
}

HEAD = f"""\
# The lecture, checked

What the lecture *Neural Network Architectures* (Dr Chang Xu, School of Computer Science, The
University of Sydney) says, beside what the compiler finds when it reads the [specs](../specs) of
these networks. Written by

```sh
python tests/lecture            # --measure takes the times at the end anew
```

and a test holds that this page is what that command writes. What the lecture says is data, in
[`lecture.csv`](../tests/lecture/lecture.csv). What is computed comes from the specs, or, for single
layers, from [`claims.arch`](../tests/lecture/claims.arch); no figure of ours is typed in.

{RULE}
Layers are convolutions and linear layers on the longest path. Multiply-adds (the lecture's FLOPs,
MFLOPs, operations) are those of convolutions and linear layers for one image, biases left out. A MB
is 10^6 bytes, a MiB 2^20.
"""

DISAGREE = """\
## Where the lecture disagrees with itself

Pairs of figures that should be the same, or that look as if they should.

| What | Here | There | |
|---|---|---|---|
"""

# Pairs of statements, and what became of the difference.
DISAGREEMENTS = (
    (
        "layers-alexnet",
        "nine-alexnet",
        "AlexNet's layers",
        "It has 8.",
    ),
    (
        "error-alexnet",
        "error-2012",
        "AlexNet's top-5 error",
        "Both stand in the paper's Table 2: 7 networks trained on more data, by validation "
        "(15.3 % by test), and 5 networks without that data.",
    ),
    (
        "error-zfnet",
        "zfnet-after",
        "ZFNet's top-5 error",
        "Entries of Zeiler's company, with and without more data; the paper's own best is 14.8 %.",
    ),
    (
        "error-googlenet",
        "v3-googlenet",
        "GoogLeNet's top-5 error (second figure)",
        "7 networks and 144 crops of each image, against one of each.",
    ),
    (
        "ten-50",
        "wrn-error-50",
        "ResNet-50's errors",
        "10 crops of each image, against one.",
    ),
    ("ten-101", "wrn-error-101", "ResNet-101's errors", "The same."),
    ("ten-152", "wrn-error-152", "ResNet-152's errors", "The same."),
    (
        "t8-googlenet-macs",
        "cost-googlenet",
        "GoogLeNet's multiply-adds",
        "The first is not the network's, the second is cut off; see there.",
    ),
)

SLIPS = """
The first table of the lecture calls its errors accuracies. Its row on dropout leaves out GoogLeNet,
which has it.
"""

REST = """\
## What is not computed

Errors, accuracies and times come from training and running networks on data and machines that are
not here. These are the lecture's figures with where they come from.

| Slide | What | Figure | Source |
|---|---|---|---|
"""


@functools.cache
def claims() -> tuple[Claim, ...]:
    """Every statement that can be checked, with its answer."""
    return tuple(
        Claim(statement, CLAIMS[statement.key]())
        for statement in statements()
        if not statement.source
    )


def page() -> str:
    """All but what is measured: the same on every machine."""
    found = claims()
    parts = [HEAD, in_short(found)]
    for part, of_part in groupby(found, lambda claim: claim.statement.part):
        parts.append(f"## {PARTS[part]}\n")
        for slide, of_slide in groupby(of_part, lambda claim: claim.statement.slide):
            parts.append(section(slide, list(of_slide)))
    parts += [disagreements(), not_computed()]
    return "\n".join(parts)


def in_short(found: tuple[Claim, ...]) -> str:
    own = [claim for claim in found if claim.answer.arithmetic]
    others = [claim for claim in found if not claim.answer.arithmetic]
    short = (
        f"Of {len(others)} statements about networks and their layers, {counted(others)}. Of "
        f"{len(own)} figures that the slides work out from others of theirs, {counted(own)}."
    )
    lines = [
        "## In short",
        "",
        fill(short, 100),
        "",
        "These do not hold:",
        "",
        "| Slide | What | The lecture | Computed |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| {link(claim.statement.slide)} | {claim.statement.says} | {claim.statement.figure} "
        f"| {claim.answer.shown} |"
        for claim in found
        if claim.verdict == NO
    ]
    return "\n".join(lines) + "\n"


def counted(found: Sequence[Claim]) -> str:
    counts = Counter(claim.verdict for claim in found)
    words = {YES: "hold", ROUGHLY: "hold within rounding", OPEN: "stay open", NO: "do not hold"}
    return ", ".join(f"{counts[kind]} {word}" for kind, word in words.items() if counts[kind])


def link(slide: str) -> str:
    """To a heading, by the anchor that GitHub gives it."""
    kept = "".join(char for char in slide.lower() if char.isalnum() or char in " -")
    return f"[{slide}](#{kept.replace(' ', '-')})"


def section(slide: str, found: list[Claim]) -> str:
    rows: list[str] = []
    remarks: list[str] = []
    for claim in found:
        holds = claim.verdict
        if claim.answer.note:
            if claim.answer.note not in remarks:
                remarks.append(claim.answer.note)
            holds = f"{holds} ({remarks.index(claim.answer.note) + 1})"
        statement = claim.statement
        rows.append(f"| {statement.says} | {statement.figure} | {claim.answer.shown} | {holds} |")
    head = [f"### {slide}", "", "| | The lecture | Computed | Holds |", "|---|---|---|---|"]
    return "\n".join([*head, *rows, *numbered(remarks), *extra(slide), ""])


def numbered(remarks: list[str]) -> Iterator[str]:
    if remarks:
        yield ""
    for number, remark in enumerate(remarks, start=1):
        yield f"{number}. {remark}"


def extra(slide: str) -> Iterator[str]:
    if slide in TABLES:
        title, table = TABLES[slide]
        yield from ("", title, "", table())


def disagreements() -> str:
    said = {statement.key: statement for statement in statements()}
    rows = [
        f"| {what} | {said[one].figure} ({said[one].slide}) "
        f"| {said[other].figure} ({said[other].slide}) | {why} |"
        for one, other, what, why in DISAGREEMENTS
    ]
    return DISAGREE + "\n".join(rows) + "\n" + SLIPS


def not_computed() -> str:
    rows = [
        f"| {statement.slide} | {statement.says} | {statement.figure} | {statement.source} |"
        for statement in statements()
        if statement.source
    ]
    return REST + "\n".join(rows) + "\n"


def split(text: str) -> tuple[str, str]:
    """A page as what is computed and what was measured."""
    before, _, after = text.partition(MEASURED)
    return before, after


def current() -> str:
    """The page as it stands."""
    if not os.path.exists(PAGE):
        return ""
    with open(PAGE, encoding="utf-8") as file:
        return file.read()

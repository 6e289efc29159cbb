"""What the papers say of their networks, and whether it is what comes out."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable
from typing import Any, NamedTuple

import zoo
from printed import OPEN, verdict

FILE = os.path.join(zoo.HERE, "papers.csv")


class Row(NamedTuple):
    """A row of papers.csv: a figure as a paper prints it. An `open` one hangs on what was never
    published."""

    spec: str
    variant: str
    what: str
    figure: str
    source: str
    open: bool
    why: str

    @property
    def ours(self) -> int:
        return FIGURES[self.what](zoo.summaries(self.spec)[self.variant])

    @property
    def verdict(self) -> str:
        return OPEN if self.open else verdict(self.figure, self.ours)


# What a paper may speak of, from a variant's summary. A size is that of all parameters at 32 bits.
FIGURES: dict[str, Callable[[dict[str, Any]], int]] = {
    "params": lambda summary: summary["params"],
    "main_params": lambda summary: summary["params"] - summary["aux_params"],
    "aux_params": lambda summary: summary["aux_params"],
    "macs": lambda summary: summary["macs"],
    "conv_macs": lambda summary: sum(
        node["macs"]
        for node in summary["nodes"]
        if node["op"] in ("conv", "depthwise") and not node["aux"]
    ),
    "training_macs": lambda summary: summary["macs"] + summary["aux_macs"],
    "depth": lambda summary: summary["depth"],
    "convs": lambda summary: summary["convs"],
    "activations": lambda summary: summary["activations"],
    "receptive_field": lambda summary: max(summary["receptive_field"]),
    "size": lambda summary: 4 * summary["params"],
}


def rows() -> tuple[Row, ...]:
    with open(FILE, encoding="utf-8", newline="") as file:
        return tuple(
            Row(**{**row, "open": {"yes": True, "": False}[row["open"]]})
            for row in csv.DictReader(file)
        )

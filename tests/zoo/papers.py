"""What the papers say of their networks, and whether it is what comes out."""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Callable
from fractions import Fraction
from typing import Any, NamedTuple

import zoo

FILE = os.path.join(zoo.HERE, "papers.csv")

UNITS = {
    "": 1,
    "K": 10**3,
    "M": 10**6,
    "G": 10**9,
    "B": 10**9,
    "thousand": 10**3,
    "million": 10**6,
    "billion": 10**9,
    "KB": 10**3,
    "MB": 10**6,
    "MiB": 2**20,
}
FIGURE = re.compile(r"(\d[\d,]*)(?:\.(\d+))?(?:x10\^(\d+)| ?([A-Za-z]*))")


class Printed(NamedTuple):
    """A row of papers.csv: a figure as a paper prints it."""

    spec: str
    variant: str
    what: str
    figure: str
    source: str
    agrees: bool
    why: str


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


def printed() -> tuple[Printed, ...]:
    with open(FILE, encoding="utf-8", newline="") as file:
        return tuple(
            Printed(**{**row, "agrees": {"yes": True, "no": False}[row["agrees"]]})
            for row in csv.DictReader(file)
        )


def agrees(figure: str, true: int) -> bool:
    """Whether the true figure, rounded to the digits that are printed, is the printed one."""
    found = FIGURE.fullmatch(figure)
    assert found, f"{figure!r} is not a figure"
    whole, decimals, power, unit = found.groups(default="")
    step = Fraction(UNITS[unit] * 10 ** int(power or 0), 10 ** len(decimals))
    value = int(whole.replace(",", "") + decimals) * step
    return 2 * abs(value - true) <= step

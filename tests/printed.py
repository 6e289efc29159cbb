"""Figures as papers and slides print them, and whether a true one agrees with them.

The one rule of docs/zoo.md and docs/lecture.md.
"""

from __future__ import annotations

import math
import re
from fractions import Fraction
from typing import NamedTuple

YES = "yes"
ROUGHLY = "within rounding"
NO = "no"
OPEN = "open"

RULE = """\
- **yes**: so it is; a figure is the printed one once it is rounded to the digits printed.
- **within rounding**: it is if the zeros that end a whole number are taken for rounding (60 million
  for 60.97, 140 for 137), or if digits were cut off (3.8 for 3.86). Numbers of layers are not
  rounded.
- **no**: it is not, and a remark says why.
- **open**: the figure hangs on something that was never published, or that is no matter of the
  architecture. What is shown is the most faithful reading.
"""

# KB, MB are powers of ten; a G or B is an American billion.
_SCALES = {
    "": 1,
    "x": 1,
    "K": 10**3,
    "KB": 10**3,
    "thousand": 10**3,
    "M": 10**6,
    "MB": 10**6,
    "million": 10**6,
    "MiB": 2**20,
    "G": 10**9,
    "B": 10**9,
    "Bn": 10**9,
    "billion": 10**9,
}
_FIGURE = re.compile(r"(\d[\d,]*)(?:\.(\d+))?(?:x10\^(\d+)| ?([A-Za-z]*))")
_PRODUCTS = re.compile(r"\d+(x\d+)+( \+ \d+(x\d+)+)*")


class Printed(NamedTuple):
    """A figure: its number, what to multiply it with, its digits after the point, and the zeros
    at the end of it that may be rounding. An exact one stands for itself alone."""

    number: Fraction
    scale: int
    decimals: int = 0
    zeros: int = 0
    exact: bool = False


def verdict(figure: str, true: Fraction | int) -> str:
    """`YES`, `ROUGHLY` or `NO`, by the rule."""
    printed = parsed(figure)
    measured = Fraction(true) / printed.scale
    if _rounded(measured, printed.decimals) == printed.number:
        return YES
    if printed.exact:
        return NO
    cut = printed.number <= measured < printed.number + Fraction(1, 10**printed.decimals)
    zeros = printed.zeros > 0 and _rounded(measured, -printed.zeros) == printed.number
    return ROUGHLY if cut or zeros else NO


def parsed(figure: str) -> Printed:
    """`25.6M`, `3.8x10^9`, `60 million`, `50x`; a product like `128x5x5x256` is exact, and so is a
    small number without a unit: a count."""
    if _PRODUCTS.fullmatch(figure):
        products = [part.split("x") for part in figure.split(" + ")]
        total = sum(math.prod(map(int, factors)) for factors in products)
        return Printed(Fraction(total), 1, exact=True)
    match = _FIGURE.fullmatch(figure)
    if match is None:
        raise ValueError(f"{figure!r} is no figure")
    whole, decimals, power, unit = match.groups(default="")
    whole = whole.replace(",", "")
    number = Fraction(f"{whole}.{decimals}0")
    zeros = 0 if decimals else len(whole) - len(whole.rstrip("0"))
    count = not (decimals or power or unit) and number < 1000
    return Printed(number, _SCALES[unit] * 10 ** int(power or 0), len(decimals), zeros, count)


def _rounded(value: Fraction, decimals: int) -> Fraction:
    """Half up, as people round."""
    scale = Fraction(10) ** decimals
    return Fraction(math.floor(value * scale + Fraction(1, 2))) / scale

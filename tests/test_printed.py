"""When a printed figure agrees with a true one."""

from __future__ import annotations

from fractions import Fraction

import pytest
from printed import NO, ROUGHLY, YES, parsed, verdict


@pytest.mark.parametrize(
    ("figure", "value", "expected"),
    [
        ("8", 8, YES),
        ("8", 9, NO),
        ("40", 39, NO),
        ("25.6M", 25_557_032, YES),
        ("25.5M", 25_557_032, ROUGHLY),
        ("25.4M", 25_557_032, NO),
        ("25.6x10^6", 25_557_032, YES),
        ("26 million", 25_557_032, YES),
        ("60M", 60_965_224, ROUGHLY),
        ("60,000", 60_001, ROUGHLY),
        ("22,855,952", 22_855_953, NO),
        ("1,248,424", 1_248_424, YES),
        ("1700M", 1_722_679_872, ROUGHLY),
        ("1550M", 1_582_671_872, NO),
        ("140M", 137_460_672, ROUGHLY),
        ("3.8x10^9", 3_857_973_248, ROUGHLY),
        ("2.0Bn", 2_018_851_840, YES),
        ("2.0Bn", 2_100_000_000, NO),
        ("2.0 billion", 1_934_857_216, NO),
        ("4.8MiB", 4 * 1_248_424, YES),
        ("4.8MB", 4 * 1_248_424, NO),
        ("12x", Fraction(871, 100), NO),
        ("50x", Fraction(4883, 100), ROUGHLY),
        ("2x", Fraction(101, 50), YES),
        ("128x1x1x32 + 32x5x5x256", 208_896, YES),
        ("128x5x5x256", 819_200, YES),
        ("128x5x5x256", 819_201, NO),
    ],
)
def test_verdict(figure: str, value: int | Fraction, expected: str) -> None:
    assert verdict(figure, value) == expected


@pytest.mark.parametrize("figure", ["", "many", "3 parsecs", "1.2.3", "-4"])
def test_what_is_no_figure_is_an_error(figure: str) -> None:
    with pytest.raises((ValueError, KeyError)):
        parsed(figure)

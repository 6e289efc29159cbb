"""Whether the papers' figures agree with ours is computed, not asserted."""

from __future__ import annotations

import papers
import pytest
import zoo


@pytest.mark.parametrize("row", papers.printed(), ids=lambda row: f"{row.variant}-{row.what}")
def test_it_agrees_or_not_as_noted(row: papers.Printed) -> None:
    true = papers.FIGURES[row.what](zoo.summaries(row.spec)[row.variant])
    assert papers.agrees(row.figure, true) == row.agrees, true
    assert row.agrees or row.why
    assert row.source


def test_agreement_is_by_the_digits_printed() -> None:
    assert papers.agrees("25.6M", 25_557_032)
    assert not papers.agrees("25.5M", 25_557_032)
    assert papers.agrees("26 million", 25_557_032)
    assert papers.agrees("3.8x10^9", 3_799_999_999)
    assert not papers.agrees("60,000", 60_001)
    assert papers.agrees("4.8 MiB", 4 * 1_248_424)
    assert not papers.agrees("4.8MB", 4 * 1_248_424)

"""What the papers print is compared by the one rule, and what doesn't agree has a reason."""

from __future__ import annotations

import papers
import pytest
import zoo
from printed import NO, OPEN


@pytest.mark.parametrize("row", papers.rows(), ids=lambda row: f"{row.variant}-{row.what}")
def test_what_does_not_agree_has_a_reason(row: papers.Row) -> None:
    assert row.why or row.verdict not in (NO, OPEN), row.ours
    assert row.source
    assert row.variant in zoo.summaries(row.spec)

"""Shipped specs, broken at places drawn at random: what is wrong is reported where it is.

`python tests/robust/wounds.py` breaks them at every place, and lists what was reported elsewhere.
"""

from __future__ import annotations

import pytest
import wounds

SEEDS = range(4)
EACH = 60


@pytest.mark.parametrize("seed", SEEDS)
def test_wounds_are_reported_where_they_are(seed: int) -> None:
    elsewhere = [
        (path, wound.kind, wound.line, said)
        for path, wound in wounds.sample(seed, EACH, wounds.SPECS)
        if (said := wounds.judge(path, wound)) is not None
    ]
    assert not elsewhere


def test_the_judge_sees_what_is_far() -> None:
    """A report that stands elsewhere, and names nothing of the wound, does not pass."""
    path = next(path for path in wounds.SPECS if path.endswith("googlenet.arch"))
    text = wounds.text_of(path)
    right = next(wound for wound in wounds.wounds(text) if wound.kind == "rename")
    assert wounds.judge(path, right._replace(text=text)) is None
    lines = text.count("\n")
    far = right._replace(line=lines + 50, words=frozenset({"nowhere"}))
    assert wounds.judge(path, far) is not None

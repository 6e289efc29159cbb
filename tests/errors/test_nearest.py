"""The name that was probably meant, among few and among many."""

from __future__ import annotations

import time

import pytest

from archdsl.nearest import LONG, MANY, near, slips

FEW = ["conv", "convs", "linear", "global_avgpool", "Bottleneck", "width"]
CROWD = [f"a_name_of_the_crowd_{number}" for number in range(MANY + 1)]


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("covn", "conv"),
        ("lineer", "linear"),
        ("bottleneck", "Bottleneck"),
        ("WIDTH", "width"),
        ("globalavgpool", "global_avgpool"),
        ("nothing_alike", None),
        ("", None),
    ],
)
@pytest.mark.parametrize("crowd", [[], CROWD])
def test_near(name: str, meant: str | None, crowd: list[str]) -> None:
    assert near(name, [*crowd, *FEW]) == meant


def test_among_many_one_slip_is_seen_and_no_more() -> None:
    few = ["global_avgpool"]
    for name in ("globl_avgpool", "global_avgpol", "global_avgpools", "glboal_avgpool"):
        assert near(name, [*CROWD, *few]) == slips(name, [*CROWD, *few])[0] == few[0]
    assert near("glbl_avgpol", few) == few[0]
    assert near("glbl_avgpol", [*CROWD, *few]) is None


def test_slips() -> None:
    assert slips("covn", FEW) == ["conv"]
    assert slips("conv", FEW) == ["convs"]
    assert slips("bottleneck", ["Bottleneck", "BottleNeck"]) == ["BottleNeck", "Bottleneck"]
    assert slips("Botleneckk", FEW) == ["Bottleneck"]
    assert slips("ab", ["abcd"]) == []


def test_hints_take_little_time() -> None:
    """Two hundred of them, the most that a run reports."""
    names = [f"variant_{number}" for number in range(9_000)]
    start = time.process_time()
    for number in range(200):
        near(f"variamt_{number}", names)
        slips("variant" * LONG, names)
        slips(f"x_{number}" * 10, [f"{name}" * 4 for name in names[:MANY]])
    assert time.process_time() - start < 10

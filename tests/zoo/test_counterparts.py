"""Values of public models load strictly, and everything computed from them is the same."""

from __future__ import annotations

import counterpart
import pytest
import zoo
from counterpart import Counterpart

ALL = counterpart.counterparts()

# Models that have the name of a variant of ours, and are not compared: why not.
APART: dict[tuple[str, str], str] = {}


def cases() -> list[object]:
    """Each by its variant and library, and by the name there if that differs."""
    found = []
    for compared in ALL:
        named = [] if compared.name == compared.variant else [compared.name]
        case = "-".join([compared.variant, compared.library, *named])
        marks = [pytest.mark.slow] if compared.slow else []
        found.append(pytest.param(compared, id=case, marks=marks))
    return found


@pytest.mark.parametrize("compared", cases())
def test_same_as_its_counterpart(compared: Counterpart) -> None:
    apart = counterpart.compare(compared)
    for mode in compared.modes:
        assert getattr(apart, mode) <= compared.tolerance, mode


def test_a_difference_would_be_seen() -> None:
    """Another activation, the same weights."""
    other = Counterpart(
        "resnet", "resnet18", "timm", "resnet18", (3, 64, 64), {"act_layer": "silu"}
    )
    apart = counterpart.compare(other)
    assert apart.eval is not None and apart.eval > 0.01
    assert apart.train is not None and apart.train > 0.01


def test_what_differs_has_its_reason() -> None:
    for compared in ALL:
        exact = compared.tolerance == 0 and compared.modes == ("eval", "train")
        assert (exact and compared.adapt is None) or compared.why, compared


@pytest.mark.parametrize("library", ["torchvision", "timm"])
def test_no_model_of_the_same_name_is_forgotten(library: str) -> None:
    available = counterpart.names(library)
    shared = {row.variant for row in zoo.reference()} & available
    compared = {of.variant for of in ALL if of.library == library}
    left_out = {variant for of, variant in APART if of == library}
    assert shared - compared == left_out

"""docs/zoo.md is what its command would write."""

from __future__ import annotations

import counterpart
import pytest
import zoo_page


@pytest.fixture(scope="module")
def text() -> str:
    with open(zoo_page.FILE, encoding="utf-8") as file:
        return file.read()


def test_the_page_is_what_the_command_writes(text: str) -> None:
    """All but the differences, which are taken as noted."""
    assert zoo_page.page(zoo_page.read(text)) == text, "python tests/zoo"


def test_every_difference_is_noted_and_within_its_tolerance(text: str) -> None:
    noted = zoo_page.read(text)
    for of in counterpart.counterparts():
        found = noted[zoo_page.key(of)]
        for mode in ("eval", "train"):
            value = getattr(found, mode)
            assert (value is not None) == (mode in of.modes)
            assert value is None or value <= of.tolerance
    assert len(noted) == len(counterpart.counterparts())

"""Wrong specs, each beside what is to be said of it, to the letter."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from archdsl import driver, mend
from archdsl.codes import PAGES
from archdsl.diagnostics import Bag, Diagnostic
from archdsl.render import report
from archdsl.sema.imports import LIBRARY

FOLDER = Path(__file__).parent / "specs"
SPECS = sorted(path.name for path in FOLDER.glob("*.arch"))


@pytest.fixture(autouse=True)
def _here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(FOLDER)


def found_in(name: str, text: str | None = None) -> Bag:
    bag = Bag()
    driver.check(name, bag, text=text)
    return bag


@pytest.mark.parametrize("name", SPECS)
def test_what_is_said(name: str, golden: Callable[[str, Path], None]) -> None:
    said = report(found_in(name).items)
    assert said
    golden(
        said.replace(str(FOLDER), "FOLDER").replace(LIBRARY, "LIBRARY") + "\n",
        FOLDER / name.replace(".arch", ".txt"),
    )


@pytest.mark.parametrize("name", SPECS)
def test_where_it_is_said(name: str) -> None:
    """In the text, in order, nothing twice; every code has its page."""
    items = found_in(name).items
    places = [(item.label.span.source.path, item.label.span.start) for item in items]
    assert len(set(zip(places, [item.message for item in items]))) == len(items)
    for item in items:
        assert item.code in PAGES
        for label in (item.label, *item.others):
            assert 0 <= label.span.start <= label.span.end <= len(label.span.source.text)


def test_what_is_certain_mends() -> None:
    """With the mends that its findings carry, and those that these uncover, a spec has none of
    these findings any more."""
    mended = set()
    for name in SPECS:
        found = certain(name, found_in(name))
        text = (FOLDER / name).read_text("utf-8")
        left = found
        for _ in range(mend.ROUNDS):
            if not left:
                break
            text = mend.applied(text, [item.fix for item in left if item.fix])
            left = certain(name, found_in(name, text))
        assert not left, name
        mended |= {item.code for item in found}
    assert mended >= {"E101", "E104", "E110", "E111", "E204", "E301", "E302", "E310", "E413"}


def certain(name: str, bag: Bag) -> list[Diagnostic]:
    return [item for item in bag.items if item.fix and item.fix.span.source.path == name]


def test_the_corpus_is_large() -> None:
    assert len(SPECS) + len(PAGES) >= 300


def test_every_text_has_its_spec() -> None:
    assert sorted(path.stem for path in FOLDER.glob("*.txt")) == [name[:-5] for name in SPECS]

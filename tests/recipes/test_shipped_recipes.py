"""Every shipped classifier has a recipe, and every line of one has its source in the docs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import archdsl
from archdsl import driver
from archdsl.diagnostics import Bag
from archdsl.source import Source
from archdsl.syntax import ast, parser, unparse

ROOT = Path(__file__).parents[2]
SPECS = sorted((ROOT / "specs").glob("*.arch"))
PAGE = ROOT / "docs" / "training.md"


def said(spec: Path) -> list[str]:
    """Every line of its recipes, once, as `fmt` writes it on one line."""
    file = parser.parse(Source(str(spec), spec.read_text(encoding="utf-8")), Bag())
    assert file is not None
    pairs = [pair for item in file.items if isinstance(item, ast.Train) for pair in item.pairs]
    return list(dict.fromkeys(map(unparse.pair, pairs)))


def sourced(spec: Path) -> list[tuple[str, str]]:
    """The lines that the docs have for a spec, with their sources."""
    page = PAGE.read_text(encoding="utf-8")
    section = re.search(rf"^### \[{spec.stem}\].*?(?=^### |\Z)", page, re.M | re.S)
    return re.findall(r"^\| `(.*)` \| (.*) \|$", section[0], re.M) if section else []


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.stem)
def test_every_line_has_a_source(spec: Path) -> None:
    rows = sourced(spec)
    assert [line for line, _ in rows] == said(spec)
    assert all(len(source) > 1 for _, source in rows)


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.stem)
def test_every_classifier_of_pictures_has_a_recipe(spec: Path) -> None:
    bag = Bag()
    checked = driver.check(str(spec), bag)
    assert checked is not None, [item.message for item in bag.items]
    for design in checked.designs:
        (_, taken), *more = design.inputs
        (_, given), *others = design.outputs
        classifier = not more and not others and len(given) == 1 and taken[0] in (1, 3)
        assert bool(design.recipes) == classifier, design.name


def examples() -> list[tuple[int, str]]:
    page = PAGE.read_text(encoding="utf-8")
    found = re.finditer(r"^```arch\n(.*?)^```$", page, re.M | re.S)
    return [(page[: match.start()].count("\n") + 2, match[1]) for match in found]


@pytest.mark.parametrize(("line", "text"), examples(), ids=lambda value: str(value)[:6])
def test_every_example_of_the_guide_is_right(line: int, text: str, tmp_path: Path) -> None:
    spec = tmp_path / "example.arch"
    spec.write_text(text)
    assert not archdsl.check(spec)
    formatted = driver.format(str(spec), Bag())
    assert formatted is not None
    checked = driver.check(str(spec), Bag())
    assert checked is not None
    assert all(design.recipes for design in checked.designs)

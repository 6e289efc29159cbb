"""Every example of the language reference compiles, and what it compiles to can be imported."""

from __future__ import annotations

import os
import re
from typing import NamedTuple

import pytest

import archdsl

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PAGE = os.path.join(ROOT, "docs", "language.md")


class Example(NamedTuple):
    """A fenced block: the heading above it, the name that others import it by, its text."""

    heading: str
    line: int
    name: str
    text: str


def examples() -> list[Example]:
    with open(PAGE, encoding="utf-8") as file:
        page = file.read()
    found: list[Example] = []
    for match in re.finditer(
        r"^```arch(?: file=(\S+))?\n(.*?)^```$", page, re.DOTALL | re.MULTILINE
    ):
        before = page[: match.start()]
        heading = re.findall(r"^#+ (.*)$", before, re.MULTILINE)[-1]
        name = match[1] or f"example_{len(found) + 1}.arch"
        found.append(Example(heading, before.count("\n") + 2, name, match[2]))
    return found


EXAMPLES = examples()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = str(tmp_path_factory.mktemp("language"))
    for example in EXAMPLES:
        with open(os.path.join(path, example.name), "w", encoding="utf-8") as file:
            file.write(example.text)
    return path


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: f"line {example.line}")
def test_example_compiles(folder: str, example: Example) -> None:
    path = os.path.join(folder, example.name)
    assert [item.message for item in archdsl.check(path) if item.severity == "error"] == []
    module = archdsl.load(path)
    for summary in archdsl.summary(path):
        model = getattr(module, summary["variant"])()
        assert sum(parameter.numel() for parameter in model.parameters()) == summary["params"]


def test_every_figure_is_explained() -> None:
    from archdsl.analysis.claims import FIGURES

    with open(PAGE, encoding="utf-8") as file:
        table = file.read().split("| figure |")[1].split("\n\n")[0]
    named = [name for row in table.splitlines()[2:] for name in row.split("|")[1].split(",")]
    assert sorted(name.strip(" `") for name in named) == sorted(FIGURES)


def test_every_heading_has_an_example() -> None:
    with open(PAGE, encoding="utf-8") as file:
        headings = set(re.findall(r"^##+ (.*)$", file.read(), re.MULTILINE))
    assert headings == {example.heading for example in EXAMPLES}

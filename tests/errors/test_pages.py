"""The pages of the catalogue: each holds something that raises its code alone, and the same right."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from archdsl import driver
from archdsl.codes import CODES, FILES, FOLDER, GROUPS, PAGES, Page, catalogue
from archdsl.diagnostics import Bag
from archdsl.render import report

ROOT = Path(__file__).parents[2]
GOLDENS = Path(__file__).parent / "pages"
SPECS = [page for page in PAGES.values() if not page.shell]
SCRIPTS = [page for page in PAGES.values() if page.shell]
# What the lines of a page mean here.
COMMANDS = 'archdsl() { "$PYTHON" -m archdsl "$@"; }\npython() { "$PYTHON" "$@"; }\n'


def code_of(page: Page) -> str:
    return page.code


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def lay(page: Page) -> None:
    """Put the files of a page where it says."""
    for name, text in page.files:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(text, "utf-8")


def found_in(page: Page, role: str) -> Bag:
    """What is found in a spec of a page; to the end, so that the emitter has its say."""
    lay(page)
    path = Path(f"{role}.arch")
    path.write_text(getattr(page, role), "utf-8")
    bag = Bag()
    last = driver.check if page.code.startswith("W") else driver.emit
    result = last(str(path), bag)
    assert (result is None) == bag.failed
    return bag


@pytest.mark.parametrize("page", SPECS, ids=code_of)
def test_the_wrong_spec_raises_the_code_alone(
    page: Page, golden: Callable[[str, Path], None]
) -> None:
    bag = found_in(page, "wrong")
    assert [item.code for item in bag.items] == [page.code]
    golden(report(bag.items) + "\n", GOLDENS / f"{page.code}.txt")


@pytest.mark.parametrize("page", SPECS, ids=code_of)
def test_the_right_spec_compiles(page: Page) -> None:
    bag = found_in(page, "right")
    assert [str(item) for item in bag.items] == []


def done(page: Page, script: str) -> subprocess.CompletedProcess[str]:
    lay(page)
    return subprocess.run(
        ["bash", "-ec", COMMANDS + script],
        env={**os.environ, "PYTHON": sys.executable, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("page", SCRIPTS, ids=code_of)
def test_the_wrong_commands_raise_the_code_alone(
    page: Page, golden: Callable[[str, Path], None]
) -> None:
    result = done(page, page.wrong)
    assert result.returncode == 1
    assert re.findall(r"^\w+\[(\w+)\]", result.stderr, re.M) == [page.code]
    shown = result.stderr.replace(str(Path.cwd()), "FOLDER")
    golden(shown, GOLDENS / f"{page.code}.txt")


@pytest.mark.parametrize("page", SCRIPTS, ids=code_of)
def test_the_right_commands_succeed(page: Page) -> None:
    result = done(page, page.right)
    assert (result.returncode, result.stderr) == (0, "")


def test_every_page_was_read() -> None:
    """No heading is missed, and no page stands twice."""
    assert sorted(path.stem for path in Path(FOLDER).iterdir()) == sorted(FILES)
    texts = [Path(FOLDER, f"{name}.md").read_text("utf-8") for name in FILES]
    headings = [line[3:7] for text in texts for line in text.splitlines() if line[:3] == "## "]
    assert headings == list(CODES)
    assert len(set(headings)) == len(headings)
    for group in GROUPS:
        codes = [page.code for page in group.pages]
        assert codes == sorted(codes)


def test_every_golden_is_of_a_page() -> None:
    assert {path.stem for path in GOLDENS.iterdir()} == set(PAGES)


@pytest.mark.parametrize("page", PAGES.values(), ids=code_of)
def test_a_page_reads_well(page: Page) -> None:
    assert page.sentence.endswith(".")
    for line in f"{page.prose}\n{page.wrong}\n{page.right}".splitlines():
        assert len(line) <= 104
    assert "```" not in page.prose


def test_the_committed_catalogue_is_up_to_date() -> None:
    again = "python -m archdsl.codes > docs/errors.md"
    committed = (ROOT / "docs" / "errors.md").read_text("utf-8")
    assert committed == catalogue(), f"write it again: {again}"


def test_links_of_the_catalogue_lead_to_its_headings() -> None:
    text = catalogue()
    headings = re.findall(r"^### (.*)$", text, re.M)
    anchors = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
    assert set(re.findall(r"\]\(#([^)]*)\)", text)) == anchors

"""`archdsl explain`."""

from __future__ import annotations

import pytest

from archdsl.cli import main
from archdsl.codes import GROUPS, PAGES


@pytest.mark.parametrize("code", ["E204", "e204", "W601"])
def test_a_page(code: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", code]) == 0
    page = PAGES[code.upper()]
    shown = capsys.readouterr().out
    assert shown.startswith(f"{page.code}: {page.sentence}\n\n{page.prose}\n\n")
    for spec in (page.wrong, page.right):
        assert "\n".join(f"    {line}".rstrip() for line in spec.splitlines()) in shown


@pytest.mark.parametrize("code", PAGES)
def test_no_page_shows_markup_of_links(code: str) -> None:
    shown = str(PAGES[code])
    assert "](" not in shown.split(PAGES[code].wrong.splitlines()[0])[0]


def test_a_link_is_its_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "E302"]) == 0
    assert "Operations are listed in ops.md. Blocks" in capsys.readouterr().out


def test_the_list_of_all(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if line[0] != " "] == [f"{group.title}:" for group in GROUPS]
    assert [line[2:6] for line in lines if line[0] == " "] == list(PAGES)


@pytest.mark.parametrize(
    ("written", "hint"),
    [
        ("E2O4", "did you mean E204?"),
        ("204", "did you mean E204?"),
        ("E199", "did you mean E201?"),
        ("W699", "did you mean W6"),
        ("E20", "did you mean E20"),
        ("E640", "did you mean E614?"),
        ("E999", "`archdsl explain` lists all"),
        ("W204", "`archdsl explain` lists all"),
        ("X204", "did you mean E204?"),
        ("residual", "`archdsl explain` lists all"),
    ],
)
def test_a_code_that_is_none(written: str, hint: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", written]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith(f"archdsl: there is no code {written}; {hint}")

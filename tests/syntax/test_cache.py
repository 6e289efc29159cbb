"""The tables of the parser are kept in a folder of the user's own, and only there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from archdsl.diagnostics import Bag
from archdsl.source import Source
from archdsl.syntax import parser, tables


@pytest.fixture(scope="module")
def made_by_lark() -> tables.Tables:
    return tables.build()


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch, made_by_lark: tables.Tables) -> list[tables.Tables]:
    """The tables, each time that they are built."""
    times: list[tables.Tables] = []
    monkeypatch.setattr(tables, "build", lambda: (times.append(made_by_lark), times[-1])[1])
    return times


def parse_afresh(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(home))
    monkeypatch.setattr(parser, "_machine", None)
    assert parser.parse(Source("a.arch", "let a = 1"), Bag()) is not None


def test_second_run_reads_what_the_first_wrote(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, built: list[tables.Tables]
) -> None:
    parse_afresh(monkeypatch, tmp_path)
    (file,) = (tmp_path / "archdsl").iterdir()
    assert (tmp_path / "archdsl").stat().st_mode & 0o777 == 0o700
    assert file.stat().st_mode & 0o777 == 0o600
    parse_afresh(monkeypatch, tmp_path)
    assert built == [tables.load()]


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[:100],
        lambda data: b"",
        lambda data: data[:-1] + b"\xff",
        lambda data: data[:32] + b"\xfb" * 50,
        lambda data: b"0" * 32 + data[32:],
    ],
)
def test_a_damaged_file_is_replaced(
    damage: object, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, built: list[tables.Tables]
) -> None:
    parse_afresh(monkeypatch, tmp_path)
    (file,) = (tmp_path / "archdsl").iterdir()
    file.write_bytes(damage(file.read_bytes()))  # type: ignore[operator]
    parse_afresh(monkeypatch, tmp_path)
    assert len(built) == 2
    parse_afresh(monkeypatch, tmp_path)
    assert len(built) == 2


@pytest.mark.parametrize("changed", ["GRAMMAR", "lark"])
def test_what_the_tables_depend_on_names_their_file(
    changed: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, built: list[tables.Tables]
) -> None:
    parse_afresh(monkeypatch, tmp_path)
    (file,) = (tmp_path / "archdsl").iterdir()
    other = tmp_path / "lark" / "__init__.py"
    other.parent.mkdir()
    if changed == "GRAMMAR":
        other.write_text(Path(tables.GRAMMAR).read_text() + "// more\n")
        monkeypatch.setattr(tables, "GRAMMAR", str(other))
    else:
        other.write_text('__version__ = "1.99"')
        monkeypatch.syspath_prepend(str(tmp_path))
    parse_afresh(monkeypatch, tmp_path)
    assert len(built) == 2
    (another,) = {*(tmp_path / "archdsl").iterdir()} - {file}
    # The tables of another grammar, under this one's name, are not this one's.
    another.write_bytes(file.read_bytes())
    parse_afresh(monkeypatch, tmp_path)
    assert len(built) == 3


@pytest.mark.skipif(os.name == "nt", reason="modes are POSIX")
def test_a_folder_that_others_can_write_to_is_not_trusted(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, built: list[tables.Tables]
) -> None:
    folder = tmp_path / "archdsl"
    folder.mkdir()
    folder.chmod(0o777)
    parse_afresh(monkeypatch, tmp_path)
    assert list(folder.iterdir()) == []


@pytest.mark.skipif(os.name == "nt", reason="links are POSIX")
def test_a_link_is_not_followed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, built: list[tables.Tables]
) -> None:
    parse_afresh(monkeypatch, tmp_path)
    (file,) = (tmp_path / "archdsl").iterdir()
    file.rename(tmp_path / "elsewhere")
    file.symlink_to(tmp_path / "elsewhere")
    parse_afresh(monkeypatch, tmp_path)
    assert len(built) == 2
    assert not file.is_symlink()


def test_no_folder_is_no_obstacle(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, built: list[tables.Tables]
) -> None:
    (tmp_path / "archdsl").write_text("a file in the way")
    parse_afresh(monkeypatch, tmp_path)
    parse_afresh(monkeypatch, tmp_path)
    assert len(built) == 2

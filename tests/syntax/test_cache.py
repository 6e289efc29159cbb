"""The tables of the parser are kept in a folder of the user's own, and only there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from archdsl.diagnostics import Bag
from archdsl.source import Source
from archdsl.syntax import parser


def parse_afresh(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(home))
    monkeypatch.setattr(parser, "_parser", None)
    assert parser.parse(Source("a.arch", "let a = 1"), Bag()) is not None


def test_second_run_reads_what_the_first_wrote(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    parse_afresh(monkeypatch, tmp_path)
    (file,) = (tmp_path / "archdsl").iterdir()
    assert (tmp_path / "archdsl").stat().st_mode & 0o777 == 0o700
    assert file.stat().st_mode & 0o777 == 0o600
    before = file.stat()
    parse_afresh(monkeypatch, tmp_path)
    assert file.stat().st_mtime_ns == before.st_mtime_ns
    assert file.stat().st_ino == before.st_ino


def test_a_damaged_cache_is_replaced(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    parse_afresh(monkeypatch, tmp_path)
    (file,) = (tmp_path / "archdsl").iterdir()
    whole = file.stat().st_size
    file.write_bytes(file.read_bytes()[:100])
    parse_afresh(monkeypatch, tmp_path)
    assert file.stat().st_size > whole // 2


@pytest.mark.skipif(os.name == "nt", reason="modes are POSIX")
def test_a_folder_that_others_can_write_to_is_not_trusted(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = tmp_path / "archdsl"
    folder.mkdir()
    folder.chmod(0o777)
    parse_afresh(monkeypatch, tmp_path)
    assert list(folder.iterdir()) == []


def test_no_folder_is_no_obstacle(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "archdsl").write_text("a file in the way")
    parse_afresh(monkeypatch, tmp_path)

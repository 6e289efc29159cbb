"""Files are written whole, and what a killed process leaves behind goes with the next."""

from __future__ import annotations

import builtins
import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import archdsl
from archdsl import checkpoint, draft, output, store

ROOT = str(Path(archdsl.__file__).resolve().parent.parent)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    (tmp_path / "archdsl").mkdir(mode=0o700)
    return tmp_path


def writer() -> subprocess.Popen[str]:
    """A process in the midst of writing `archdsl/file`."""
    code = "from archdsl import draft\nwith draft.Draft('archdsl/file'):\n    input(print('at it'))"
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": ROOT},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "at it\n"
    return process


def tensors() -> None:
    torch = pytest.importorskip("torch")
    checkpoint.write("archdsl/other", {"weight": torch.zeros(1)})


WRITERS: list[Callable[[], None]] = [
    lambda: output.replace_file("archdsl/other", "text"),
    lambda: store.save("other", b"data"),
    tensors,
]


@pytest.mark.parametrize("write", WRITERS, ids=["text", "store", "weights"])
def test_what_a_killed_process_left_goes_with_the_next(write: Callable[[], None]) -> None:
    with writer() as killed, writer() as living:
        killed.send_signal(signal.SIGKILL)
        killed.wait()
        Path("archdsl/.archdsl-mine.txt").write_text("by hand")
        Path("archdsl/mine.tmp").write_text("by hand")
        assert len(os.listdir("archdsl")) == 4
        write()
        left = sorted(os.listdir("archdsl"))
        assert [name for name in left if name[-4:] != ".tmp" or name == "mine.tmp"] == [
            ".archdsl-mine.txt",
            "mine.tmp",
            "other",
        ]
        assert len(left) == 4, "the draft of the process that lives is left alone"
        assert living.stdin is not None
        living.stdin.write("\n")
        living.stdin.close()
        assert living.wait() == 0
    assert sorted(os.listdir("archdsl")) == [".archdsl-mine.txt", "file", "mine.tmp", "other"]


def test_links_of_the_name_are_left_alone() -> None:
    Path("elsewhere").write_text("by hand")
    Path("archdsl/.archdsl-0123.tmp").symlink_to("../elsewhere")
    draft.write("archdsl/file", b"new")
    assert Path("archdsl/.archdsl-0123.tmp").is_symlink()
    assert Path("elsewhere").read_text() == "by hand"


def test_a_failure_leaves_the_old_file_alone() -> None:
    draft.write("file", b"old")
    with pytest.raises(KeyboardInterrupt), draft.Draft("file") as path:
        Path(path).write_text("half")
        raise KeyboardInterrupt
    assert Path("file").read_text() == "old"
    assert sorted(os.listdir()) == ["archdsl", "file"]


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o755])
def test_permissions_stay(mode: int) -> None:
    Path("file").write_text("old")
    os.chmod("file", mode)
    draft.write("file", b"new")
    assert os.stat("file").st_mode & 0o777 == mode
    draft.write("other", b"new", mode)
    assert os.stat("other").st_mode & 0o777 == mode
    assert Path("file").read_text() == Path("other").read_text() == "new"


def test_a_new_file_has_the_permissions_that_all_have() -> None:
    Path("usual").touch()
    draft.write("file", b"new")
    assert os.stat("file").st_mode == os.stat("usual").st_mode


def test_a_draft_that_is_swept_before_its_lock_is_made_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    locked: list[int] = []

    def late(handle: int, how: int) -> None:
        if not locked:
            (found,) = Path().glob(".archdsl-*")
            found.unlink()
        locked.append(handle)

    monkeypatch.setattr(fcntl, "flock", late)
    draft.write("file", b"new")
    assert Path("file").read_text() == "new"
    assert len(locked) == 2
    assert sorted(os.listdir()) == ["archdsl", "file"]


@pytest.mark.parametrize("lacking", ["module", "lock"])
def test_without_locks_files_are_written_and_none_removed(
    lacking: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(95, "Operation not supported")

    real = builtins.__import__

    def without(name: str, *more: object) -> object:
        if name == "fcntl":
            raise ImportError(name)
        return real(name, *more)  # type: ignore[arg-type]

    if lacking == "module":
        monkeypatch.setattr(builtins, "__import__", without)
    else:
        monkeypatch.setattr(fcntl, "flock", refuse)
    Path(".archdsl-0123.tmp").write_text("whose?")
    draft.write("file", b"new")
    assert Path("file").read_text() == "new"
    assert sorted(os.listdir()) == [".archdsl-0123.tmp", "archdsl", "file"]

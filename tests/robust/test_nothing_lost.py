"""Whatever happens while a module is written, what stands at its place is whole: old or new."""

from __future__ import annotations

import os
import random
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

import archdsl
from archdsl import driver, output
from archdsl.diagnostics import Bag

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(archdsl.__file__)))
KILLS = int(os.environ.get("ARCHDSL_KILLS", "30"))  # more of them: ARCHDSL_KILLS=1000


def spec(width: int) -> str:
    steps = "\n".join(f"    c{i}: conv({width}, 3x3) -> bn -> relu" for i in range(40))
    return f"model M: [3, 8, 8] -> [_, _, _] {{\n{steps}\n}}\nvariant m = M()\n"


def start(folder: Path, *more: str, **options: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "archdsl", "compile", "net.arch", "-o", "out", *more]
    return subprocess.Popen(  # type: ignore[call-overload,no-any-return]
        command,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": ROOT},
        **options,
    )


def text_for(folder: Path, width: int) -> str:
    path = folder / "net.arch"
    path.write_text(spec(width))
    found = driver.emit(str(path), Bag())
    assert found is not None
    return found[1]


def test_killed_at_any_moment(tmp_path: Path) -> None:
    texts = {width: text_for(tmp_path, width) for width in (4, 8)}
    dice = random.Random(0)
    began = time.monotonic()
    assert start(tmp_path).wait() == 0
    took = time.monotonic() - began
    standing = texts[8]
    finished = 0
    for round in range(KILLS):
        width = (4, 8)[round % 2]
        (tmp_path / "net.arch").write_text(spec(width))
        process = start(tmp_path)
        time.sleep(dice.uniform(0, 1.3 * took))
        process.send_signal(signal.SIGKILL)
        finished += process.wait() == 0
        process.communicate()
        now = (tmp_path / "out" / "net.py").read_text()
        assert now in (standing, texts[width])
        standing = now
    left = [name for name in os.listdir(tmp_path / "out") if name != "net.py"]
    assert all(name.endswith(".tmp") for name in left)
    (tmp_path / "net.arch").write_text(spec(8))
    assert start(tmp_path).wait() == 0
    assert (tmp_path / "out" / "net.py").read_text() == texts[8]


def test_a_full_disk(tmp_path: Path) -> None:
    """The process may write files of 512 bytes and no more."""
    text_for(tmp_path, 4)
    assert start(tmp_path).wait() == 0
    before = (tmp_path / "out" / "net.py").read_bytes()
    (tmp_path / "net.arch").write_text(spec(8))

    def full() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (512, 512))

    process = start(tmp_path, preexec_fn=full)
    out, errors = process.communicate()
    assert (process.returncode, out) == (1, "")
    assert "error[E594]: cannot write out/net.py: File too large" in errors
    assert "Traceback" not in errors
    assert (tmp_path / "out" / "net.py").read_bytes() == before
    assert os.listdir(tmp_path / "out") == ["net.py"]


@pytest.mark.parametrize(
    ("verb", "right", "written"),
    [(("fmt",), "    c", "      c"), (("check", "--fix"), "3x3", "3X3")],
    ids=["fmt", "fix"],
)
def test_a_spec_outlives_a_full_disk(
    tmp_path: Path, verb: tuple[str, ...], right: str, written: str
) -> None:
    text = spec(4).replace(right, written)
    (tmp_path / "net.arch").write_text(text)

    def full() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (512, 512))

    command = [sys.executable, "-m", "archdsl", *verb, "net.arch"]
    environment = {**os.environ, "PYTHONPATH": ROOT}
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env=environment,
        preexec_fn=full,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "error[E594]: cannot write net.arch: File too large" in done.stderr
    assert "Traceback" not in done.stderr
    assert (tmp_path / "net.arch").read_text() == text
    assert os.listdir(tmp_path) == ["net.arch"]
    assert subprocess.run(command, cwd=tmp_path, env=environment, check=False).returncode == 0
    assert (tmp_path / "net.arch").read_text() == spec(4)


@pytest.mark.parametrize("call", ["open", "replace", "fsync", "makedirs"])
def test_no_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    """As root may write anywhere, the system's refusal is played."""
    text_for(tmp_path, 4)
    bag = Bag()
    folder = str(tmp_path / "out")
    (job,) = output.plan([str(tmp_path / "net.arch")], folder, bag)
    compiled = driver.compile(job, bag)
    assert compiled is not None
    (tmp_path / "net.arch").write_text(spec(8))

    allowed = getattr(os, call)

    def refuse(path: Any, *given: Any, **more: Any) -> Any:
        if call == "open" and not given[0] & (os.O_WRONLY | os.O_RDWR):
            return allowed(path, *given, **more)  # to read
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patched:
        patched.setattr(output.os, call, refuse)
        assert driver.compile(job, bag) is None
    (found,) = [item for item in bag.items if item.severity == "error"]
    assert (found.code, found.message) == ("E594", f"cannot write {job.target}: Permission denied")
    assert Path(job.target).read_text() == compiled.text
    assert os.listdir(folder) == ["net.py"]


def test_two_at_once(tmp_path: Path) -> None:
    texts = {text_for(tmp_path, 8)}
    for _ in range(3):
        running = [start(tmp_path) for _ in range(3)]
        assert [process.wait() for process in running] == [0, 0, 0]
        for process in running:
            process.communicate()
        assert (tmp_path / "out" / "net.py").read_text() in texts
        assert os.listdir(tmp_path / "out") == ["net.py"]
        (tmp_path / "out" / "net.py").unlink()

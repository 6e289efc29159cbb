"""Several specs are compiled side by side, and no one can tell by the result.

In processes of their own: where tests run in threads, nothing is forked.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

import archdsl

ROOT = str(Path(archdsl.__file__).resolve().parent.parent)
COMMAND = [sys.executable, "-m", "archdsl", "compile"]
# The same; a spec called `slow` is read once the pipe `gate` was opened and closed at its other end.
SLOW = """
import sys
from archdsl import cli, files
read = files.read
def slowly(path, *rest):
    if path.endswith("slow.arch"):
        open("gate").read()
    return read(path, *rest)
files.read = slowly
sys.exit(cli.main(["compile", *sys.argv[1:]]))
"""
RIGHT = "model Net(n): [3, 8, 8] -> [n, 8, 8] {{ conv(n, 3x3) -> bn }}\nvariant net = Net({})\n"
WRONG = "model Net(n): [3, 8, 8] -> [n, 8, 8] {{ conv(n, 3x3) -> bm }}\nvariant net = Net({})\n"
NOTHING = "model Net(n): [3, 8, 8] -> [n, 8, 8] {{ conv(n, 3x3) -> bn }}\n"

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux") or len(os.sched_getaffinity(0)) < 2,
    reason="one after the other, on such a machine",
)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", ROOT)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    Path("specs").mkdir()
    return tmp_path


def write(*texts: str) -> None:
    for number, text in enumerate(texts):
        Path("specs", f"net{number}.arch").write_text(text.format(number + 4))


def one_processor() -> None:
    os.sched_setaffinity(0, [min(os.sched_getaffinity(0))])


def start(
    *arguments: str, command: Sequence[str] = COMMAND, **options: object
) -> subprocess.Popen[str]:
    return subprocess.Popen(  # type: ignore[call-overload,no-any-return]
        [*command, "specs", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        **options,
    )


def start_slow(**options: object) -> tuple[subprocess.Popen[str], int]:
    """Start with a spec that is at work until what comes back with the process is closed."""
    os.mkfifo("gate")
    Path("specs", "slow.arch").touch()
    process = start(command=[sys.executable, "-c", SLOW], **options)
    return process, os.open("gate", os.O_WRONLY)  # once a worker has opened its end


def run(*arguments: str, **options: object) -> tuple[int, str, str]:
    process = start(*arguments, **options)
    out, errors = process.communicate(timeout=60)
    return process.returncode, out, errors


def members(session: int) -> dict[int, int]:
    """The processes that are alive in a session, with their parents."""
    found = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            stat = Path("/proc", name, "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(stat[3]) == session and stat[0] != "Z":
            found[int(name)] = int(stat[1])
    return found


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.mark.parametrize("more", [(), ("--check",), ("--limit", "nodes=2"), ("--limit", "nodes=1")])
def test_the_same_as_one_after_the_other(more: tuple[str, ...]) -> None:
    write(RIGHT, RIGHT, WRONG, RIGHT, NOTHING, RIGHT, "@", RIGHT, RIGHT)
    found = []
    for options in ({"preexec_fn": one_processor}, {}):
        said = run("-o", "out", *more, **options)
        written = {path.name: path.read_bytes() for path in Path().glob("out/*")}
        kept = {path.name: path.read_bytes() for path in Path().glob("cache/archdsl/*")}
        found.append((said, written, kept))
        for path in (*Path().glob("out/*"), *Path().glob("cache/archdsl/*.json")):
            path.unlink()
    assert found[0] == found[1]
    status, out, errors = found[0][0]
    assert status == 1
    assert ("net8.py" in out) == ("nodes=1" not in more)
    assert "specs/net2.arch" in errors
    assert set(found[0][1]) <= {f"net{number}.py" for number in (0, 1, 3, 5, 7, 8)}


def test_work_is_shared() -> None:
    """With the second item in hand no one waits: each of the workers has one."""
    code = """
import os, time
from archdsl.workers import in_order

def work(item):
    open(f"begun{item}", "x").close()
    while item in (1, 2) and not (os.path.exists("begun1") and os.path.exists("begun2")):
        time.sleep(0.01)
    return item, os.getpid()

found = list(in_order(work, range(9)))
assert [item for item, _ in found] == list(range(9))
pids = [pid for _, pid in found]
assert pids[0] == os.getpid() and pids[1] != pids[2] and os.getpid() not in pids[1:]
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_what_no_worker_lives_to_do_is_done_here() -> None:
    code = """
import os, signal
from archdsl.workers import Lost, in_order

here = os.getpid()

def work(item):
    if os.getpid() != here:
        os.kill(os.getpid(), signal.SIGKILL)
    return item

workers = len(os.sched_getaffinity(0))
assert workers == 2
assert list(in_order(work, range(9))) == [0, Lost(status=-9), Lost(status=-9), *range(3, 9)]
"""
    two = sorted(os.sched_getaffinity(0))[:2]
    subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        timeout=60,
        preexec_fn=lambda: os.sched_setaffinity(0, two),
    )


@pytest.mark.parametrize("to_all", [True, False], ids=["group", "process"])
def test_an_interrupt_is_quiet_and_leaves_no_one(to_all: bool) -> None:
    write(*[RIGHT] * 8)
    process, writer = start_slow(preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
    until(lambda: len(list(Path().glob("generated/*.py"))) == 8)
    assert len(members(process.pid)) > 2
    (os.killpg if to_all else os.kill)(process.pid, signal.SIGINT)
    assert process.communicate(timeout=30)[1] == ""
    assert process.returncode == 130
    assert members(process.pid) == {}
    assert sorted(os.listdir("generated")) == [f"net{number}.py" for number in range(8)]
    os.close(writer)


def test_a_worker_that_is_killed_costs_its_spec_alone() -> None:
    write(*[RIGHT] * 8)
    process, writer = start_slow()
    until(lambda: len(list(Path().glob("generated/*.py"))) == 8)
    for pid, parent in members(process.pid).items():
        if parent == process.pid:
            # The other may have been ended by then, as it has nothing to do.
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    out, errors = process.communicate(timeout=30)
    assert process.returncode == 1
    assert errors == (
        "archdsl: specs/slow.arch was not compiled: its process was ended (exit status -9)\n"
    )
    assert out == "".join(f"generated/net{number}.py: written\n" for number in range(8))
    os.close(writer)


def test_workers_end_with_who_asked() -> None:
    write(*[RIGHT] * 8)
    process, writer = start_slow()
    until(lambda: len(list(Path().glob("generated/*.py"))) == 8)
    process.kill()
    process.wait()
    os.close(writer)  # which ends that spec
    until(lambda: members(process.pid) == {})
    process.communicate()


def test_a_reader_that_has_gone() -> None:
    write(*[RIGHT] * 8)
    process = start("--check")
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    assert process.stderr.read() == ""
    assert process.wait() == 141
    assert members(process.pid) == {}

"""The command as a process: usage, exit status, pipes, signals, terminals."""

from __future__ import annotations

import contextlib
import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import archdsl

COMMAND = [sys.executable, "-m", "archdsl"]
SPEC = "model Net(n): [3, 8, 8] -> [n, 8, 8] { conv(n, 3x3) -> bn }\nvariant net = Net(4)\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(Path(archdsl.__file__).resolve().parent.parent))
    Path("net.arch").write_text(SPEC)
    Path("wrong.arch").write_text(SPEC.replace("bn", "bm"))
    return tmp_path


def run(*arguments: str, **more: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, check=False, **more)  # type: ignore[call-overload,no-any-return]


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["unknown"],
        ["check"],
        ["check", "net.arch", "--inpu", "3x8x8"],
        ["check", "net.arch", "--input", "3x0x8"],
        ["check", "net.arch", "--input", "3,8,8"],
        ["check", "net.arch", "--input", "3x8x-8"],
        ["check", "net.arch", "--input", "9" * 5000],
        ["compile", "net.arch", "--json"],
        ["dump", "net.arch"],
        ["dump", "net.arch", "--stage", "graph"],
        ["summary"],
        ["summary", "net.arch", "--variant", "none"],
    ],
    ids=" ".join,
)
def test_wrong_usage(arguments: list[str]) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "archdsl" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("verb", [[], ["compile"], ["check"], ["summary"], ["fmt"], ["dump"]])
def test_help(verb: list[str]) -> None:
    done = run(*verb, "--help")
    assert done.returncode == 0
    assert done.stdout.startswith("usage: archdsl")
    assert max(map(len, done.stdout.splitlines())) <= 100


def test_version() -> None:
    assert run("--version").stdout == f"archdsl {archdsl.__version__}\n"


def test_exit_status() -> None:
    assert run("check", "net.arch").returncode == 0
    assert run("check", "wrong.arch").returncode == 1


def test_end_to_end() -> None:
    first, second = run("compile", "net.arch"), run("compile", "net.arch")
    assert (first.returncode, first.stdout) == (0, "generated/net.py: written\n")
    assert (second.returncode, second.stdout) == (0, "generated/net.py: unchanged\n")
    assert run("compile", "net.arch", "--check").returncode == 0
    assert "class Net(nn.Module):" in Path("generated/net.py").read_text()


def test_a_closed_pipe_is_quiet() -> None:
    body = "\n".join("    conv(8, 3x3) -> bn -> relu" for _ in range(2000))
    Path("net.arch").write_text(
        f"model Net(): [3, 8, 8] -> [8, 8, 8] {{\n{body}\n}}\nvariant net = Net()\n"
    )
    process = subprocess.Popen(
        [*COMMAND, "summary", "net.arch", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.read(10)
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait() == 141


def _heed_interrupts() -> None:
    """A shell lets what it starts in the background ignore them, tests and all."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_interrupting_is_quiet() -> None:
    os.mkfifo("gate")
    # Reading a spec waits for the pipe.
    code = "import sys; from archdsl import cli, files; files.read = lambda *_: open('gate').read()"
    process = subprocess.Popen(
        [sys.executable, "-c", f"{code}; sys.exit(cli.main(['check', 'net.arch']))"],
        stderr=subprocess.PIPE,
        preexec_fn=_heed_interrupts,
    )
    writer = os.open("gate", os.O_WRONLY)  # returns once the command has opened its end
    errors = None
    for _ in range(12):
        # Python sees a signal that comes just before it waits for the pipe only after that wait.
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            _, errors = process.communicate(timeout=5)
            break
    os.close(writer)
    assert (process.returncode, errors) == (130, b"")


def test_output_that_the_terminal_cannot_show() -> None:
    Path("réseau.arch").write_text(SPEC)
    done = run("check", "réseau.arch", env={**os.environ, "PYTHONIOENCODING": "ascii"})
    assert (done.returncode, done.stdout) == (0, "r\\xe9seau.arch: right, 1 variant\n")


def on_a_terminal(**environment: str) -> str:
    """What the command writes to a terminal of its own."""
    main, side = pty.openpty()
    kept = {key: value for key, value in os.environ.items() if key != "NO_COLOR"}
    with subprocess.Popen(
        [*COMMAND, "check", "wrong.arch"], stderr=side, env={**kept, **environment}
    ):
        pass
    os.close(side)
    text = os.read(main, 10_000).decode()
    os.close(main)
    return text


def test_color_on_a_terminal_only() -> None:
    assert "\x1b[1;31merror[" in on_a_terminal(TERM="xterm")
    assert "\x1b" not in on_a_terminal(TERM="xterm", NO_COLOR="1")
    assert "\x1b" not in on_a_terminal(TERM="dumb")
    assert "\x1b" not in run("check", "wrong.arch").stderr


@pytest.mark.parametrize("verb", [["check"], ["summary"], ["check", "--json"], ["compile"]])
def test_results_that_nothing_takes(verb: list[str]) -> None:
    """A full disk, and no stream at all."""
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = subprocess.run(
            [*COMMAND, *verb, "net.arch"], stdout=full, stderr=-1, text=True, check=False
        )
    said = "archdsl: cannot print the results: No space left on device\n"
    assert (done.returncode, done.stderr) == (1, said)
    line = f"{' '.join([*COMMAND, *verb])} net.arch >&- 2>&-"
    assert subprocess.run(line, shell=True, check=False).returncode == 0


@pytest.mark.parametrize("form", ["text", "json", "sarif", "github"])
def test_names_of_files_that_are_no_text(form: str) -> None:
    os.rename(b"wrong.arch", b"wrong\xff\n.arch")
    done = subprocess.run(
        [*COMMAND, "check", b"wrong\xff\n.arch", "--format", form], capture_output=True, check=False
    )
    assert done.returncode == 1
    assert b"internal" not in done.stderr and b"E302" in done.stdout + done.stderr

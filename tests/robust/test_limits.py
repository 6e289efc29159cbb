"""What asks for too much is refused with a finding, soon, and within a gibibyte."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from pathlib import Path

import pytest

import archdsl
from archdsl import limits

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(archdsl.__file__)))
NET = "model M: [3, 8, 8] -> [_, _, _] {{ {} }}\nvariant m = M()\n"
SECONDS = 20  # of the processor's time: this machine's neighbours take none of it


def grown(first: str, step: str, times: int) -> str:
    """`let`s each of which is made of the one before."""
    lines = [f"let a0 = {first}"]
    lines += [f"let a{i} = {step.replace('#', f'a{i - 1}')}" for i in range(1, times)]
    return "\n".join(lines) + "\n"


def chained(times: int) -> str:
    blocks = [f"block B{i} {{ B{i - 1} -> B{i - 1} }}" for i in range(1, times)]
    return "\n".join(["block B0 { relu }", *blocks, NET.format(f"B{times - 1}")])


def unknown(name: str, times: int) -> str:
    """As many variants, each of one that is not there, though its name is near all others."""
    return "".join(f"variant v{i} = {name}{i}()\n" for i in range(times))


DEEP = 100_000
CASES = {
    "repeat": (NET.format("repeat 10**9 { relu }"), "E420"),
    "repeats": (NET.format("repeat 10**4 { repeat 10**4 { relu } }"), "E420"),
    "count": (NET.format("relu * (10**9)"), "E420"),
    "doubling": (chained(60), "E420"),
    "tree": (
        "block B(n) { if n > 0 { B(n - 1) -> B(n - 1) } else { relu } }\n" + NET.format("B(60)"),
        "E420",
    ),
    "endless": ("block B(n) { B(n + 1) }\n" + NET.format("B(0)"), "E421"),
    "power": (NET.format("conv(2 ** 10 ** 9, 1x1)"), "E405"),
    "powers": (NET.format("conv(9 ** 9 ** 9 ** 9, 1x1)"), "E405"),
    "squares": (grown("10", "# * #", 60), "E405"),
    "float": (NET.format("conv(int(10.0 ** 400), 1x1)"), "E405"),
    "range": (NET.format("conv(len(range(10 ** 12)), 1x1)"), "E405"),
    "parts": (NET.format("conv(10 ** 18, 1x1) -> split(10 ** 9)"), "E405"),
    "divisors": (NET.format("conv(10 ** 18, 1x1) -> group_norm(7)"), "E233"),
    "taps": (NET.format("conv_transpose(1, 10 ** 9) -> [_, 1, 1]"), "E413"),
    "list": (NET.format("conv(len([0] * 10 ** 12), 1x1)"), "E405"),
    "lists": (grown("[1]", "[#, #]", 60), "E405"),
    "string": (grown('"ab" * 10 ** 12', "#", 2), "E405"),
    "strings": (grown('"ab"', "# + #", 60), "E405"),
    "template": (grown('"ab"', "# + #", 12) + NET.format('"{a11}{a11}{a11}": relu'), None),
    "loops": ("let x = [sum([i * j for j in range(90000)]) for i in range(90000)]\n", "E407"),
    "digits": (f"let x = {'1' * 200_000}\n", "E107"),
    "parentheses": (f"let x = {'(' * DEEP}1{')' * DEEP}\n", "E105"),
    "brackets": (f"let x = {'[' * DEEP}\n", "E105"),
    "braces": (f"model M: [3, 8, 8] -> [3, 8, 8] {'{' * DEEP}\n", "E105"),
    "signs": (f"let x = {'-' * DEEP}1\n", "E105"),
    "sums": (f"let x = {'1+' * DEEP}1\n", "E105"),
    "nots": (f"let x = {'not ' * (DEEP // 2)}1\n", "E105"),
    "ternaries": (f"let x = {'1 if 1 else ' * (DEEP // 5)}1\n", "E105"),
    "attributes": (f"let x = y{'.x' * DEEP}\n", "E105"),
    "closers": ("}" * 200_000, "E109"),
    "mismatches": ("(]" * 100_000, "E109"),
    "quotes": ('"' * 200_000, "E108"),
    "unknown": (NET.format("\n".join(f"cnv{i}(3)" for i in range(8_000))), "E302"),
    "variants": (
        NET.format("relu") + "".join(f"variant m{i} = m{i - 1 or ''}()\n" for i in range(1, 9_000)),
        None,
    ),
    "names": (NET.format("relu") + unknown("w", 9_000), "E301"),
    "long_names": (NET.format("relu") + unknown("w" * 90, 900), "E301"),
    "output": (
        NET.format('for i in range(5000) { "layer{i}": conv(3, 1x1) }'),
        "E422",
    ),
    "too_large": ("#" * (limits.LIMITS["bytes"] + 1), "E393"),
}


def held() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "archdsl", *arguments],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=held,
        env={**os.environ, "PYTHONPATH": ROOT},
    )


@pytest.mark.parametrize("name", CASES)
def test_refused(tmp_path: Path, name: str) -> None:
    text, code = CASES[name]
    path = tmp_path / "net.arch"
    path.write_text(text)
    verb = ("compile", "-o", str(tmp_path)) if code == "E422" else ("check",)
    done = run(*verb, str(path))
    assert "internal error" not in done.stderr
    assert "Traceback" not in done.stderr
    if code is not None:
        assert done.returncode == 1, done.stderr[:1000]
        assert f"error[{code}]" in done.stderr[:5000]


def test_a_deep_nest_is_refused_at_once(tmp_path: Path) -> None:
    from archdsl import driver
    from archdsl.diagnostics import Bag

    path = tmp_path / "net.arch"
    path.write_text(f"let x = {'(' * DEEP}1{')' * DEEP}\n")
    driver.check(str(path), Bag(), text="let x = 1\n")  # what is imported now is imported once
    start = time.process_time()
    bag = Bag()
    assert driver.check(str(path), bag) is None
    assert time.process_time() - start < 0.5
    assert [item.code for item in bag.items] == ["E105"]


# For each limit a spec that fits, a value that it doesn't fit, and what is said then.
LOWERED = {
    "bytes": ("relu", 50, "at most 50"),
    "digits": ("conv(10 ** 9 // 10 ** 9, 1x1)", 5, "more than 5 digits"),
    "items": ("conv(len([1, 2, 3] * 5), 1x1)", 10, "at most 10"),
    "characters": ('conv(len("abcd" * 5), 1x1)', 10, "at most 10"),
    "steps": ("conv(len([i for i in range(500)]), 1x1)", 300, "too many steps"),
    "nodes": ("repeat 50 { relu }", 20, "more than 20 nodes"),
    "output": ("relu", 100, "and 100 are allowed"),
}


def test_every_limit_is_tried() -> None:
    assert set(LOWERED) == set(limits.LIMITS)


@pytest.mark.parametrize("name", LOWERED)
def test_limits_can_be_lowered(tmp_path: Path, name: str) -> None:
    body, limit, said = LOWERED[name]
    path = tmp_path / "net.arch"
    path.write_text(NET.format(body))
    compiled = ("compile", str(path), "-o", str(tmp_path))
    done = run(*compiled, "--limit", f"{name}={limit}")
    assert done.returncode == 1
    assert said in done.stderr
    assert f"`--limit {name}=N` allows more" in done.stderr
    assert run(*compiled).returncode == 0


def test_limits_can_be_set(tmp_path: Path) -> None:
    path = tmp_path / "net.arch"
    path.write_text(NET.format("repeat 50 { relu }"))
    assert run("check", str(path)).returncode == 0
    done = run("check", str(path), "--limit", "nodes=20")
    assert done.returncode == 1
    assert "more than 20 nodes" in done.stderr
    assert "`--limit nodes=N` allows more" in done.stderr
    for wrong in ("nodes", "nodes=x", "nodes=0", "node=5", "=5"):
        done = run("check", str(path), "--limit", wrong)
        assert (done.returncode, done.stdout) == (2, ""), wrong


def test_limits_that_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "LIMITS", dict(limits.LIMITS))
    limits.set_limit("steps", 5)
    assert limits.LIMITS["steps"] == 5
    with pytest.raises(ValueError, match="there is no limit 'nodse'"):
        limits.set_limit("nodse", 5)
    with pytest.raises(ValueError, match="at least 1"):
        limits.set_limit("nodes", 0)

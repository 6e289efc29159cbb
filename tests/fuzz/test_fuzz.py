"""A bounded run of the fuzzer. `python tests/fuzz --seed N --count N` runs it for longer."""

from __future__ import annotations

import os
import subprocess
import sys

import fuzz_attempt
import pytest
from fuzz_inputs import KINDS, ROOT, Input, make

FOLDER = os.path.dirname(os.path.abspath(__file__))


# The same inputs each time: what new ones find is for runs of the command.
COUNTS = {"bytes": 8000, "tokens": 6000, "grammar": 2000, "mutants": 3000}


@pytest.mark.parametrize("kind", KINDS)
def test_any_input_gives_findings_or_a_result(kind: str) -> None:
    """In a process of its own, which is held to a gibibyte."""
    command = [sys.executable, FOLDER, "--seed", "1", "--kind", kind]
    done = subprocess.run(
        [*command, "--count", str(COUNTS[kind])],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        env={**os.environ, "PYTHONPATH": ROOT},
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("kind", KINDS)
def test_inputs_are_those_of_their_numbers(kind: str) -> None:
    assert [make(kind, 3, n) for n in range(20)] == [make(kind, 3, n) for n in range(20)]
    assert len({make(kind, 3, n) for n in range(20)}) > 10


def test_a_crash_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    given = Input("x.arch", b"model M: [3, 8, 8] -> [3, 8, 8] { relu }\nvariant m = M()\n")
    assert fuzz_attempt.attempt(given).word == "right"

    def crash(*_: object, **__: object) -> None:
        raise ValueError("crash")

    monkeypatch.setattr(fuzz_attempt.driver, "check", crash)
    word, failure = fuzz_attempt.attempt(given)
    assert word == "failed"
    assert failure.endswith("ValueError: crash\n")

"""docs/lecture.md is what its command writes, and leaves nothing of the lecture out."""

from __future__ import annotations

import subprocess
import sys

import page
import pytest
import torch
from claim import HERE, statements
from network import network, path
from printed import NO, OPEN
from runs import form_difference, make, noise

import archdsl

# What the tables of the slides hold, as beginnings of keys: a cell that is lost is found missing.
CELLS = {
    "layers-": 4,
    "dropout-": 4 + 1,  # what dropout trains begins alike
    "ilsvrc-": 5,
    "bn-": 4,
    "cost-": 8 + 3,  # three formulas of MobileNet's begin alike
    "v3-": 8,
    "table-": 5,
    "ten-": 3,
    "wrn-resnet": 3,
    "wrn-error-": 4,
    "resnext-conv": 2 * 5,
    "resnext-params": 2,
    "resnext-flops": 2,
    "size-": 7,
    "reduction-": 2,
    "accuracy-": 5,
    "t8-": 3 * 3,
    "t9-": 3 * 3,
    "t5-": 9 + 9 + 5,
}


@pytest.fixture(scope="module")
def computed() -> str:
    return page.page()


def test_the_page_is_what_the_command_writes(computed: str) -> None:
    before, measured = page.split(page.current())
    assert before == f"{computed}\n", "docs/lecture.md differs: python tests/lecture"
    assert measured, "nothing was measured: python tests/lecture --measure"


def test_every_statement_is_checked_or_has_a_source() -> None:
    keys = [statement.key for statement in statements()]
    assert len(set(keys)) == len(keys)
    assert page.CLAIMS.keys() == {item.key for item in statements() if not item.source}


@pytest.mark.parametrize("start", CELLS)
def test_no_cell_of_a_table_is_left_out(start: str) -> None:
    assert sum(item.key.startswith(start) for item in statements()) == CELLS[start]


def test_what_does_not_hold_has_a_reason() -> None:
    for claim in page.claims():
        assert claim.answer.note or claim.verdict not in (NO, OPEN), claim.statement.key


def test_the_page_shows_every_statement(computed: str) -> None:
    for statement in statements():
        assert f"| {statement.says} | {statement.figure} |" in computed or statement.source
        assert statement.source in computed


def test_figures_that_disagree_are_different() -> None:
    said = {statement.key: statement.figure for statement in statements()}
    for one, other, *_ in page.DISAGREEMENTS:
        assert said[one] != said[other]


def test_networks_are_those_of_the_summary() -> None:
    net = network("googlenet_paper")
    (summary,) = archdsl.summary(path("googlenet_paper"), net.name)
    assert summary["params"] == net.params + net.aux_params
    assert (summary["macs"], summary["depth"]) == (net.macs, net.depth)


@pytest.mark.parametrize("forms", ["ab", "bc"])
def test_forms_are_equal_only_with_the_same_weights(forms: str) -> None:
    one, other = (f"resnext_form_{form}" for form in forms)
    assert form_difference(one, other) < 1e-5
    first, second = (make("resnext_forms", form) for form in (one, other))
    with torch.no_grad():
        x = noise(1, 256, 14, 14)
        assert (first(x) - second(x)).abs().max() > 0.1


def test_the_spec_is_in_canonical_form() -> None:
    command = [sys.executable, "-m", "archdsl", "fmt", HERE, "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr

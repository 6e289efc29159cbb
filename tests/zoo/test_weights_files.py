"""Files made from public models load into the variants whose specs tell of them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import counterpart
import pytest
import torch
import zoo
from counterpart import Counterpart
from safetensors.torch import save_file

import archdsl
from archdsl import driver
from archdsl.diagnostics import Bag


def cases() -> dict[tuple[str, str, str], Counterpart | None]:
    """The clauses of the shipped specs, by their file, model and source; for each the quickest model
    of that library that is compared with a variant of theirs."""
    found: dict[tuple[str, str, str], Counterpart | None] = {}
    for spec in zoo.specs():
        program = driver.load_program(zoo.spec_path(spec), Bag())
        assert program is not None
        for definition in program.definitions:
            variants = {of.name for of in program.variants if of.definition == definition.name}
            compared = [of for of in counterpart.counterparts() if of.variant in variants]
            for told in definition.weights:
                key = os.path.basename(told.span.source.path), definition.name, told.source
                models = [of for of in compared if of.library == told.source]
                models += [of for of in [found.get(key)] if of is not None]
                found[key] = min(models, key=lambda of: of.slow, default=None)
    return found


CASES = cases()


def case(key: tuple[str, str, str]) -> object:
    of = CASES[key]
    marks = [pytest.mark.slow] if of is not None and of.slow else []
    return pytest.param(of, id="-".join(key), marks=marks)


@pytest.mark.parametrize("of", [case(key) for key in CASES])
def test_a_file_of_the_library_fits(of: Counterpart | None, tmp_path: Path) -> None:
    assert of is not None, "nothing shows that these keys are right"
    theirs = counterpart.build(of)
    state = zoo.random_state(theirs)
    file = str(tmp_path / "theirs.safetensors")
    save_file(state, file)
    found = archdsl.weights(zoo.spec_path(of.spec), file, of.variant)
    ours = zoo.build(getattr(zoo.load(of.spec), of.variant), **of.ours)
    zoo.filled(theirs, state)
    zoo.filled(ours, found)
    x = zoo.image(1, *of.input)
    with torch.no_grad():
        expected, got = theirs.eval()(x), ours.eval()(x)
    assert counterpart.difference(got, expected) <= of.tolerance


def test_files_from_before_torchvision_renamed_its_layers(tmp_path: Path) -> None:
    """DenseNet's public files: `norm.1`, `conv.2` for `norm1`, `conv2`, and no counts."""
    ours = zoo.build(zoo.load("densenet").densenet121)
    state = zoo.random_state(ours)
    old: dict[str, Any] = {}
    for key, value in state.items():
        head, layer, rest = key.partition(".denselayer")
        for kind in ("norm", "conv"):
            for number in "12":
                rest = rest.replace(f".{kind}{number}.", f".{kind}.{number}.")
        if not key.endswith("num_batches_tracked"):
            old[head + layer + rest] = value
    assert "features.denseblock1.denselayer1.norm.1.weight" in old
    file = str(tmp_path / "old.pth")
    torch.save(old, file)
    found = archdsl.weights(zoo.spec_path("densenet"), file)
    assert found.keys() == state.keys()
    for key, value in found.items():
        assert torch.equal(value, state[key]) or key.endswith("num_batches_tracked")


def test_a_file_of_equal_keys_fits_by_itself(tmp_path: Path) -> None:
    of = next(c for c in counterpart.counterparts() if c.variant == "resnext50_32x4d")
    state = zoo.random_state(counterpart.build(of))
    file = str(tmp_path / "theirs.pth")
    torch.save({"state_dict": state}, file)
    found = archdsl.weights(zoo.spec_path(of.spec), file)
    zoo.filled(zoo.build(zoo.load(of.spec).resnext50_32x4d), found)

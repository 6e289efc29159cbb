"""The table: its own consistency, PyTorch's names and defaults, and the page that it makes."""

from __future__ import annotations

import importlib
import inspect
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import torchvision_models

from archdsl.recipes.check import value_of
from archdsl.recipes.entry import REQUIRED, Entry, Parameter, Setting
from archdsl.recipes.reference import reference, signature
from archdsl.recipes.table import ABSENT, KEYS, SETTINGS, lookup

PAGE = Path(__file__).parents[2] / "docs" / "recipes.md"
METHODS = list({id(entry): entry for setting in SETTINGS for entry in setting.methods}.values())
OPTIMIZERS = KEYS["optimizer"].methods


def test_the_committed_page_is_up_to_date() -> None:
    again = "python -m archdsl.recipes.reference > docs/recipes.md"
    assert PAGE.read_text(encoding="utf-8") == reference(), f"write it again: {again}"


def test_every_key_and_method_stands_in_it_once() -> None:
    lines = reference().splitlines()
    for setting in SETTINGS:
        assert lines.count(f"## `{setting.name}`") == 1
    for entry in METHODS:
        assert lines.count(f"### `{signature(entry)}`") == 1


@pytest.mark.parametrize("entry", METHODS, ids=lambda entry: entry.name)
def test_defaults_are_values_of_their_own_parameters(entry: Entry) -> None:
    for parameter in entry.parameters:
        if parameter.default is not REQUIRED and parameter.default != ():
            assert value_of("it", parameter, parameter.default) == parameter.default


def _named(entries: Any) -> list[str]:
    return [
        name
        for entry in entries
        for name in {name.lower().replace("_", "") for name in (entry.name, *entry.elsewhere)}
    ]


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_a_name_from_elsewhere_means_one_thing(setting: Setting) -> None:
    assert not [name for name, count in Counter(_named(setting.methods)).items() if count > 1]
    for entry in setting.methods:
        assert not [n for n, count in Counter(_named(entry.parameters)).items() if count > 1]


def test_keys_from_elsewhere_mean_one_thing() -> None:
    assert not [name for name, count in Counter(_named(SETTINGS)).items() if count > 1]
    assert not set(ABSENT) & {"data", "augment", "optimizer", "schedule", "epochs", "batch"}


def _found(path: str) -> Any:
    whole = f"torch.{path}" if path.startswith("nn.") else path
    module, _, name = whole.rpartition(".")
    return getattr(importlib.import_module(module), name)


@pytest.mark.parametrize(
    "entry", [entry for entry in METHODS if entry.torch], ids=lambda entry: entry.name
)
def test_what_pytorch_calls_it_is_there(entry: Entry) -> None:
    assert entry.torch is not None
    if entry.torch.startswith("torchvision"):
        torchvision_models.models()
    assert _found(entry.torch) is not None


@pytest.mark.parametrize("entry", OPTIMIZERS, ids=lambda entry: entry.name)
def test_optimizers_have_the_parameters_and_defaults_of_pytorch(entry: Entry) -> None:
    assert entry.torch is not None
    theirs = inspect.signature(_found(entry.torch)).parameters
    for parameter in entry.parameters:
        if parameter.name == "exempt":
            continue
        default = theirs[parameter.name].default
        assert parameter.default is REQUIRED or parameter.default == default, parameter.name


@pytest.mark.parametrize("entry", OPTIMIZERS, ids=lambda entry: entry.name)
def test_optimizers_take_what_the_table_allows(entry: Entry) -> None:
    import torch

    assert entry.torch is not None
    arguments = {p.name: _another(p) for p in entry.parameters if p.name != "exempt"}
    if "dampening" in arguments:
        arguments["dampening"] = 0.0
    made = _found(entry.torch)([torch.zeros(2, requires_grad=True)], **entry.keywords(arguments))
    assert made.defaults["lr"] == arguments["lr"]


def _another(parameter: Parameter) -> Any:
    """A value that is allowed, and is not the default."""
    if parameter.type == "bool":
        return True
    return (0.5, 0.75) if parameter.type == "numbers" else 0.5


def test_keywords_leave_defaults_out() -> None:
    entry = lookup("optimizer", "sgd")
    given = {"lr": 0.1, "momentum": 0.9, "dampening": 0.0, "nesterov": False, "weight_decay": 0.0}
    assert entry.keywords(given) == {"lr": 0.1, "momentum": 0.9}

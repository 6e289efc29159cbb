"""What the tests of the shipped specs share: the specs, their figures, random weights."""

from __future__ import annotations

import csv
import functools
import os
from typing import Any, NamedTuple

import torch
from random_weights import State, random_state
from torch import Tensor, nn

import archdsl

__all__ = [
    "Figures",
    "build",
    "filled",
    "image",
    "load",
    "random_state",
    "reference",
    "spec_path",
    "specs",
    "summaries",
]

HERE = os.path.dirname(os.path.abspath(__file__))
SPECS = os.path.join(os.path.dirname(os.path.dirname(HERE)), "specs")

# The tests run beside each other already: more threads each would wait for one another.
torch.set_num_threads(1)


class Figures(NamedTuple):
    """A row of reference.csv."""

    spec: str
    variant: str
    input: tuple[int, ...]
    params: int
    macs: int
    depth: int
    source: str


def reference() -> tuple[Figures, ...]:
    """The published or measured figures of every shipped variant."""
    with open(os.path.join(HERE, "reference.csv"), encoding="utf-8", newline="") as file:
        return tuple(
            Figures(
                row["spec"],
                row["variant"],
                tuple(int(side) for side in row["input"].split("x")),
                int(row["params"]),
                int(row["macs"]),
                int(row["depth"]),
                row["source"],
            )
            for row in csv.DictReader(file)
        )


def specs() -> tuple[str, ...]:
    """The names of the shipped specs."""
    return tuple(sorted(name[:-5] for name in os.listdir(SPECS) if name.endswith(".arch")))


@functools.cache
def summaries(spec: str) -> dict[str, Any]:
    """What `archdsl summary` says of each variant of a spec."""
    return {entry["variant"]: entry for entry in archdsl.summary(spec_path(spec))}


def spec_path(name: str) -> str:
    return os.path.join(SPECS, f"{name}.arch")


@functools.cache
def load(name: str) -> Any:
    """The generated module of a shipped spec."""
    return archdsl.load(spec_path(name))


def build(factory: Any, **arguments: Any) -> Any:
    """A model without values: quick to make, whatever its size."""
    with torch.device("meta"):
        return factory(**arguments)


def filled(model: nn.Module, state: State) -> nn.Module:
    """The model with these values, which have to fit exactly; its statistics are its own."""
    buffers = dict(model.named_buffers())
    own = {key: value.clone() if key in buffers else value for key, value in state.items()}
    model.load_state_dict(own, assign=True)
    for parameter in model.parameters():
        parameter.requires_grad_(True)
    return model


def image(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))

"""What the tests of the shipped specs share: the specs, their figures, random weights."""

from __future__ import annotations

import csv
import functools
import os
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

import archdsl

HERE = os.path.dirname(os.path.abspath(__file__))
SPECS = os.path.join(os.path.dirname(os.path.dirname(HERE)), "specs")

State = dict[str, Tensor]


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


def random_state(model: nn.Module, seed: int = 0) -> State:
    """Values for all parameters and buffers of a model, such that signals neither die nor burst."""
    generator = torch.Generator().manual_seed(seed)
    state: State = {}
    for key, value in model.state_dict().items():
        if key.endswith("num_batches_tracked"):
            state[key] = torch.randint(1, 1000, value.shape, generator=generator)
        elif key.endswith("running_var"):
            state[key] = torch.rand(value.shape, generator=generator) + 0.5
        elif value.dim() > 1:
            spread = (2 / value[0].numel()) ** 0.5
            state[key] = torch.randn(value.shape, generator=generator) * spread
        elif key.endswith("weight"):
            state[key] = torch.rand(value.shape, generator=generator) * 0.5 + 0.5
        else:
            state[key] = torch.randn(value.shape, generator=generator) * 0.1
    return state


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

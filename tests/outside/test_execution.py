"""The generated model computes what the checked graph says, node by node.

The graph comes from the checker and the model from the emitter, and neither knows of the other.
Here each node of the graph is run by itself, with the model's own module where it has one; what
leaves the graph has to be what the model returns.
"""

from __future__ import annotations

import glob
import os
from collections.abc import Callable
from typing import Any

import pytest
import torch
from executor import Executor
from random_weights import random_state
from torch import Tensor, nn

import archdsl
from archdsl import driver
from archdsl.diagnostics import Bag

torch.set_num_threads(1)

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
PATHS = sorted(
    glob.glob(os.path.join(ROOT, "specs", "*.arch"))
    + glob.glob(os.path.join(HERE, "specs", "*.arch"))
)


def _filled(factory: Callable[[], Any]) -> nn.Module:
    """A model with random values, made without others unless it has buffers that no state holds."""
    with torch.device("meta"):
        model: nn.Module = factory()
    state = random_state(model)
    model.load_state_dict(state, assign=True)
    if any(buffer.is_meta for buffer in model.buffers()):
        model = factory()
        model.load_state_dict(state)
    return model.eval()


@pytest.mark.parametrize("path", PATHS, ids=lambda path: os.path.basename(path)[:-5])
def test_model_computes_the_graph(path: str) -> None:
    checked = driver.check(path, Bag())
    assert checked is not None
    design = min(checked.designs, key=lambda found: found.macs)
    model = _filled(getattr(archdsl.load(path), design.name))
    generator = torch.Generator().manual_seed(0)
    inputs = tuple(torch.randn(2, *shape, generator=generator) for _, shape in design.inputs)

    executor = Executor(design, model)
    with torch.no_grad():
        due = executor.run(inputs)
        result = model(*inputs)
    results = (result,) if isinstance(result, Tensor) else tuple(result)
    for found, expected in zip(results, due, strict=True):
        assert torch.isfinite(found).all()
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)


def test_every_weight_is_of_a_node() -> None:
    """A module with weights that no node of the graph stands for would go unchecked."""
    for path in PATHS:
        checked = driver.check(path, Bag())
        assert checked is not None
        design = min(checked.designs, key=lambda found: found.macs)
        with torch.device("meta"):
            model = getattr(archdsl.load(path), design.name)()
        nodes = {step.path for step in design.walk()}
        for key, _ in model.named_parameters():
            assert nodes & {key, key.rpartition(".")[0]}, (path, key)

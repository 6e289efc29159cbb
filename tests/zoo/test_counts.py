"""Parameters, multiply-adds, depth and shapes: ours, torch's and the published ones agree."""

from __future__ import annotations

import functools
from typing import Any

import pytest
import torch
import zoo
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

ROWS = zoo.reference()
ALL = [pytest.param(row, id=row.variant) for row in ROWS]


@pytest.mark.parametrize("row", ALL)
def test_summary_has_the_published_figures(row: zoo.Figures) -> None:
    summary = zoo.summaries(row.spec)[row.variant]
    assert summary["params"] == row.params
    assert summary["macs"] == row.macs
    assert summary["depth"] == row.depth


@pytest.mark.parametrize("row", ALL)
def test_torch_counts_the_same(row: zoo.Figures) -> None:
    model = zoo.build(getattr(zoo.load(row.spec), row.variant)).eval()
    assert sum(parameter.numel() for parameter in model.parameters()) == row.params
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model(torch.empty(1, *row.input, device="meta"))
    assert counter.get_total_flops() == 2 * row.macs


def test_every_variant_has_a_row() -> None:
    assert {row.spec for row in ROWS} == set(zoo.specs())
    for spec in zoo.specs():
        assert set(zoo.summaries(spec)) == {row.variant for row in ROWS if row.spec == spec}


class Shapes:
    """What every leaf module of a model gave, call by call, without the batch."""

    def __init__(self, model: nn.Module) -> None:
        self.seen: dict[str, list[list[int]]] = {}
        for path, module in model.named_modules():
            if not any(True for _ in module.children()):
                module.register_forward_hook(functools.partial(self._keep, path))

    def _keep(self, path: str, module: nn.Module, inputs: Any, output: Tensor) -> None:
        self.seen.setdefault(path, []).append(list(output.shape[1:]))


@pytest.mark.parametrize("row", ALL)
def test_every_shape_is_what_the_module_gives(row: zoo.Figures) -> None:
    model = zoo.build(getattr(zoo.load(row.spec), row.variant)).train()
    shapes = Shapes(model)
    with torch.no_grad():
        model(torch.empty(2, *row.input, device="meta"))

    checked: dict[str, list[list[int]]] = {}
    for node in zoo.summaries(row.spec)[row.variant]["nodes"]:
        if node["path"] in shapes.seen:
            checked.setdefault(node["path"], []).append(list(node["output"]))
        elif (block := node["path"].rpartition(".")[0]) in shapes.seen:
            # A block without modules of its own gives what its last step gives.
            checked[block] = [list(node["output"])]
    assert checked == shapes.seen

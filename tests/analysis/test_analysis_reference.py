"""Figures of known networks: against torchvision on the meta device, and published receptive fields."""

from __future__ import annotations

import pytest
import torch
import torchvision_models
from analysis_text import DENSENET, GOOGLENET, RESNET, designs
from torch.utils.flop_counter import FlopCounterMode

from archdsl.ir.design import Design

zoo = torchvision_models.models()

FOUND = {found.name: found for text in (RESNET, DENSENET, GOOGLENET) for found in designs(text)}

MODELS = {
    "resnet18": lambda: zoo.resnet18(),
    "resnet50": lambda: zoo.resnet50(),
    "resnext50_32x4d": lambda: zoo.resnext50_32x4d(),
    "densenet121": lambda: zoo.densenet121(),
    "googlenet": lambda: zoo.googlenet(init_weights=False, aux_logits=True),
    "googlenet_noaux": lambda: zoo.googlenet(init_weights=False, aux_logits=False),
}

# receptive field, depth, convolutions run
KNOWN = {
    "resnet18": (435, 18, 20),
    "resnet50": (427, 50, 53),
    "resnext50_32x4d": (427, 50, 53),
    "densenet121": (2071, 121, 120),
    "googlenet": (379, 22, 57),
}


def _module(name: str) -> torch.nn.Module:
    with torch.device("meta"):
        return MODELS[name]().eval()


@pytest.mark.parametrize("name", MODELS)
def test_figures_are_torchs(name: str) -> None:
    module = _module(name)
    counter = FlopCounterMode(display=False)
    with counter:
        module(torch.empty(1, 3, 224, 224, device="meta"))
    found = FOUND[name]
    assert found.params == sum(parameter.numel() for parameter in module.parameters())
    assert found.macs * 2 == counter.get_total_flops()


@pytest.mark.parametrize("name", MODELS)
def test_shapes_and_paths_are_torchs(name: str) -> None:
    """Every convolution, norm and linear layer: its path, its output, its parameters."""
    module = _module(name)
    seen: dict[str, tuple[int, ...]] = {}
    kinds = (torch.nn.Conv2d, torch.nn.BatchNorm2d, torch.nn.Linear)
    for path, child in module.named_modules():
        if isinstance(child, kinds):
            child.register_forward_hook(
                lambda _, __, out, path=path: seen.__setitem__(path, tuple(out.shape[1:]))
            )
    module(torch.empty(1, 3, 224, 224, device="meta"))
    ours = {
        step.path: step.output
        for step in FOUND[name].walk()
        if step.op in ("conv", "bn", "linear") and not step.aux
    }
    assert ours == seen


@pytest.mark.parametrize("name", KNOWN)
def test_receptive_field_depth_and_convolutions(name: str) -> None:
    found = FOUND[name]
    assert (found.receptive_field[0], found.depth, found.totals.convs) == KNOWN[name]
    assert found.receptive_field[0] == found.receptive_field[1]


def test_side_heads_are_counted_apart() -> None:
    with_aux, without = FOUND["googlenet"], FOUND["googlenet_noaux"]
    assert with_aux.params == 13_004_888
    assert with_aux.totals.params == without.params == 6_624_904
    assert with_aux.totals.aux_params == 13_004_888 - 6_624_904
    assert with_aux.macs == without.macs == 1_498_376_192
    assert with_aux.totals.aux_macs == 1_506_748_416 - 1_498_376_192
    assert [(head.path, head.output, head.weight) for head in with_aux.aux] == [
        ("aux1", (1000,), 0.3),
        ("aux2", (1000,), 0.3),
    ]


def _conv_elements(name: str) -> int:
    total = 0

    def count(_: object, __: object, out: torch.Tensor) -> None:
        nonlocal total
        total += out.numel()

    module = _module(name)
    for child in module.modules():
        if isinstance(child, torch.nn.Conv2d):
            child.register_forward_hook(count)
    module(torch.empty(1, 3, 224, 224, device="meta"))
    return total


@pytest.mark.parametrize("name", ["resnet50", "densenet121"])
def test_convolution_activations_are_torchs(name: str) -> None:
    assert FOUND[name].totals.conv_activations == _conv_elements(name)


def test_activations_leave_out_what_runs_in_place() -> None:
    found = FOUND["resnet18"]
    kept = [step for step in found.walk() if step.op != "relu"]
    elements = sum(torch.Size(step.output).numel() for step in kept)
    assert found.activations == elements


def test_figures_add_up() -> None:
    for found in FOUND.values():
        assert sum(step.params for step in found.walk()) == found.params
        assert sum(step.macs for step in found.walk() if not step.aux) == found.macs
        assert sum(1 for _ in found.walk()) == found.totals.nodes
        rows = list(found.tree().children)
        assert sum(row.params for row in rows) == found.params
        assert sum(row.macs for row in rows if row.kind != "aux") == found.macs


def _longest(found: Design) -> int:
    depth: dict[int, int] = {-1: 0}
    for step in found.walk():
        before = max((depth[index] for index, _ in step.operands), default=0)
        depth[step.index] = before + step.weighted
    return max(depth[step.index] for step in found.walk() if not step.aux)


@pytest.mark.parametrize("name", KNOWN)
def test_depth_is_the_longest_path_of_the_graph(name: str) -> None:
    assert FOUND[name].depth == _longest(FOUND[name])

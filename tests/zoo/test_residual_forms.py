"""Forms of residual networks that no library has, held against those that one has."""

from __future__ import annotations

import pytest
import torch
import zoo
from torch import Tensor, nn

State = dict[str, Tensor]


def outputs(model: nn.Module, state: State, x: Tensor) -> tuple[Tensor, Tensor]:
    """What the model gives with these values, and what reaches its input backwards."""
    zoo.filled(model, state).eval()
    x = x.clone().requires_grad_(True)
    result = model(x)
    result.pow(2).sum().backward()
    assert x.grad is not None
    return result.detach(), x.grad


@pytest.mark.parametrize(
    ("spec", "bare", "projected", "side"),
    [
        ("resnet", "resnet18_paper", "resnet18", 64),
        ("resnet_cifar", "resnet20", "resnet20_cifar10", 32),
    ],
)
def test_option_a_is_a_projection_that_selects(
    spec: str, bare: str, projected: str, side: int
) -> None:
    """With the identity for weights and a norm that does nothing, option B gives option A."""
    module = zoo.load(spec)
    option_a, option_b = zoo.build(getattr(module, bare)), zoo.build(getattr(module, projected))
    state = zoo.random_state(option_a)
    chosen = dict(state)
    for key, value in zoo.random_state(option_b).items():
        if key.endswith("downsample.0.weight"):
            chosen[key] = torch.eye(*value.shape[:2])[:, :, None, None]
        elif key.endswith(("downsample.1.weight", "downsample.1.running_var")):
            chosen[key] = torch.ones_like(value)
        elif ".downsample." in key:
            chosen[key] = torch.zeros_like(value)
    for norm in (norm for norm in option_b.modules() if isinstance(norm, nn.BatchNorm2d)):
        norm.eps = 0.0
    for norm in (norm for norm in option_a.modules() if isinstance(norm, nn.BatchNorm2d)):
        norm.eps = 0.0
    x = zoo.image(2, 3, side, side)
    for found, expected in zip(
        outputs(option_a, state, x), outputs(option_b, chosen, x), strict=True
    ):
        torch.testing.assert_close(found, expected)


def paths_of(state: State, cardinality: int) -> tuple[State, State]:
    """The values of form (c) in the shapes of forms (a) and (b): a slice for each path."""
    a: State = {}
    b: State = {}
    for key, value in state.items():
        if not key.startswith("form.path."):
            b[key] = value
            if key == "form.expand.weight":
                for i, part in enumerate(value.chunk(cardinality, dim=1)):
                    a[f"form.paths.{i}.expand.weight"] = part
            else:
                a[key] = value
            continue
        name = key.removeprefix("form.path.")
        parts = value.chunk(cardinality) if value.dim() else [value] * cardinality
        for i, part in enumerate(parts):
            a[f"form.paths.{i}.path.{name}"] = b[f"form.paths.{i}.{name}"] = part
    return a, b


@pytest.mark.parametrize("suffix", ["", "_bare"])
def test_the_three_forms_of_resnext_are_one(suffix: str) -> None:
    module = zoo.load("resnext_forms")
    forms = {name: zoo.build(getattr(module, f"resnext_form_{name}{suffix}")) for name in "abc"}
    c = zoo.random_state(forms["c"])
    a, b = paths_of(c, 32)
    x = zoo.image(2, 256, 14, 14)
    expected = outputs(forms["c"], c, x)
    for found in (outputs(forms["a"], a, x), outputs(forms["b"], b, x)):
        for ours, theirs in zip(found, expected, strict=True):
            torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-4)

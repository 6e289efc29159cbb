"""torchvision's weights load strictly, and everything computed from them is the same."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest
import torch
import torchvision_models
import zoo
from torch import Tensor, nn


class Case(NamedTuple):
    """A variant that torchvision has, and an input small enough for tests."""

    spec: str
    variant: str
    side: int
    theirs: dict[str, Any] = {}
    name: str | None = None


QUICK = (
    Case("vgg", "vgg11", 32),
    Case("vgg", "vgg13_bn", 32),
    Case("googlenet", "googlenet", 64, {"init_weights": False}),
    Case(
        "googlenet",
        "googlenet_noaux",
        64,
        {"init_weights": False, "aux_logits": False},
        "googlenet",
    ),
    Case("resnet", "resnet18", 64),
    Case("resnet", "resnet50", 64),
    Case("resnext", "resnext50_32x4d", 64),
    Case("densenet", "densenet121", 64),
    Case(
        "inception_v3",
        "inception_v3_noaux",
        80,
        {"init_weights": False, "aux_logits": False},
        "inception_v3",
    ),
)
LONG = (
    Case("vgg", "vgg11_bn", 32),
    Case("vgg", "vgg13", 32),
    Case("vgg", "vgg16", 32),
    Case("vgg", "vgg16_bn", 32),
    Case("vgg", "vgg19", 32),
    Case("vgg", "vgg19_bn", 32),
    Case("resnet", "resnet34", 64),
    Case("resnet", "resnet101", 64),
    Case("resnet", "resnet152", 64),
    Case("resnet", "wide_resnet50_2", 64),
    Case("resnet", "wide_resnet101_2", 64),
    Case("resnext", "resnext101_32x8d", 64),
    Case("resnext", "resnext101_64x4d", 64),
    # In training, the side head takes no smaller input.
    Case("inception_v3", "inception_v3", 299, {"init_weights": False}),
    Case("densenet", "densenet161", 64),
    Case("densenet", "densenet169", 64),
    Case("densenet", "densenet201", 64),
)
CASES = [pytest.param(case, id=case.variant) for case in QUICK] + [
    pytest.param(case, id=case.variant, marks=pytest.mark.slow) for case in LONG
]


def outputs(result: Any) -> tuple[Tensor, ...]:
    return (result,) if isinstance(result, Tensor) else tuple(result)


def same_order(spec: str, results: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """torchvision's GoogLeNet returns its side heads last one first."""
    if spec == "googlenet" and len(results) == 3:
        return (results[0], results[2], results[1])
    return results


def loss_of(results: tuple[Tensor, ...]) -> Tensor:
    """A sum that weighs every output differently, so that no gradient cancels out."""
    parts = [(result * zoo.image(*result.shape, seed=i)).sum() for i, result in enumerate(results)]
    return torch.stack(parts).sum()


def trained(model: nn.Module, x: Tensor, spec: str, theirs: bool) -> tuple[Tensor, ...]:
    """One forward and backward in training; dropout draws the same in every model."""
    model.train()
    torch.manual_seed(1)
    results = outputs(model(x))
    if theirs:
        results = same_order(spec, results)
    loss_of(results).backward()  # type: ignore[no-untyped-call]
    return tuple(result.detach() for result in results)


@pytest.mark.parametrize("case", CASES)
def test_same_as_torchvision(case: Case) -> None:
    factory = getattr(torchvision_models.models(), case.name or case.variant)
    reference = zoo.build(factory, weights=None, **case.theirs)
    ours = zoo.build(getattr(zoo.load(case.spec), case.variant))
    state = zoo.random_state(reference)
    assert sorted(ours.state_dict()) == sorted(state)
    zoo.filled(reference, state)
    zoo.filled(ours, state)

    x = zoo.image(2, 3, case.side, case.side)
    with torch.no_grad():
        expected, found = reference.eval()(x), ours.eval()(x)
    assert torch.isfinite(expected).all()
    assert torch.equal(found, expected)

    expected_all = trained(reference, x, case.spec, theirs=True)
    found_all = trained(ours, x, case.spec, theirs=False)
    assert len(found_all) == len(expected_all)
    for found, expected in zip(found_all, expected_all, strict=True):
        assert torch.equal(found, expected)

    gradients = {key: value.grad for key, value in ours.named_parameters()}
    for key, value in reference.named_parameters():
        assert gradients[key] is not None, key
        assert torch.equal(gradients[key], value.grad), key
    statistics = dict(ours.named_buffers())
    for key, value in reference.named_buffers():
        assert torch.equal(statistics[key], value), key


def test_all_variants_of_torchvision_are_compared() -> None:
    """A variant that torchvision has under the same name can't be forgotten."""
    available = dir(torchvision_models.models())
    compared = {case.variant for case in QUICK + LONG}
    assert {row.variant for row in zoo.reference() if row.variant in available} <= compared

"""Models that others wrote, and how far ours give what they give from the same values."""

from __future__ import annotations

import functools
import glob
import importlib.util
import math
import os
import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
import torchvision_models
import zoo
from random_weights import State
from torch import Tensor, nn

from archdsl import driver
from archdsl.analysis import renaming
from archdsl.analysis.session import Session
from archdsl.diagnostics import Bag

FOLDER = os.path.join(zoo.HERE, "counterparts")


class Counterpart(NamedTuple):
    """A variant of ours, and the model of a library that computes the same."""

    spec: str
    variant: str
    library: str
    """`torchvision`, `timm` or `pytorchcv`."""
    name: str
    """What the library calls the model."""
    input: tuple[int, ...]
    """Channels, height and width for the comparison: the smallest that is sensible."""
    arguments: dict[str, Any] = {}
    """For the library's factory."""
    keys: tuple[tuple[str, str], ...] = ()
    """Pattern and replacement, from their keys to ours; the first that matches a whole key counts.
    Where there are none, it is what the spec says under `weights`, or the keys are the same."""
    tolerance: float = 0.0
    """The largest difference allowed, as a part of the largest value; 0: equal to the bit."""
    why: str = ""
    """Why there is a tolerance, or what else differs."""
    slow: bool = False
    modes: tuple[str, ...] = ("eval", "train")
    order: tuple[int, ...] = ()
    """Which of their outputs in training is our first, second, ...; empty: the same order."""
    ours: dict[str, Any] = {}
    """Arguments for our function, where a variant has to be compared at other sizes."""
    adapt: Callable[[nn.Module], None] | None = None
    """Exchanges modules of theirs, none with values, where theirs departs from the paper; `why`
    says which."""


class Differences(NamedTuple):
    """How far the two were apart at most, by mode; training has gradients and statistics in it."""

    eval: float | None
    train: float | None


@functools.cache
def counterparts() -> tuple[Counterpart, ...]:
    """All that stand in `counterparts/`, a file for each spec."""
    found: list[Counterpart] = []
    for path in sorted(glob.glob(os.path.join(FOLDER, "*.py"))):
        name = os.path.splitext(os.path.basename(path))[0]
        spec = importlib.util.spec_from_file_location(f"counterparts_of_{name}", path)
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        for counterpart in module.COUNTERPARTS:
            assert counterpart.spec == name, f"{path} speaks of {counterpart.spec}"
            found.append(counterpart)
    return tuple(found)


def names(library: str) -> set[str]:
    """The models that a library has."""
    if library == "torchvision":
        return set(torchvision_models.models().list_models())
    torchvision_models.models()  # what timm imports has to be importable
    if library == "timm":
        import timm

        return set(timm.list_models())
    import pytorchcv.model_provider

    return set(pytorchcv.model_provider._models)


def build(counterpart: Counterpart) -> nn.Module:
    """Their model, without values, and adapted where it has to be."""
    models = torchvision_models.models()
    arguments = counterpart.arguments
    if counterpart.library == "torchvision":
        model = zoo.build(getattr(models, counterpart.name), weights=None, **arguments)
    elif counterpart.library == "timm":
        import timm

        model = zoo.build(timm.create_model, model_name=counterpart.name, **arguments)
    else:
        import pytorchcv.model_provider

        model = zoo.build(pytorchcv.model_provider.get_model, name=counterpart.name, **arguments)
    assert isinstance(model, nn.Module)
    if counterpart.adapt is not None:
        counterpart.adapt(model)
    return model


def renamed(counterpart: Counterpart, keys: Sequence[str]) -> dict[str, str]:
    """Our key for each of theirs: by the patterns, one of which has to match; else as the spec says
    under `weights`; else the same."""
    if counterpart.keys:
        return {key: _replaced(key, counterpart.keys) for key in keys}
    bag = Bag()
    checked = driver.check(zoo.spec_path(counterpart.spec), bag)
    assert checked is not None, bag.items
    (design,) = checked.named(counterpart.variant)
    for definition in checked.program.definitions:
        for told in definition.weights:
            if (definition.name, told.source) == (design.model, counterpart.library):
                return renaming.renamed(told, keys, design, Session(checked.program, bag))
    return {key: key for key in keys}


def _replaced(key: str, patterns: tuple[tuple[str, str], ...]) -> str:
    for pattern, replacement in patterns:
        if found := re.fullmatch(pattern, key):
            return found.expand(replacement)
    raise AssertionError(f"no pattern matches {key}")


def compare(counterpart: Counterpart) -> Differences:
    """Give both the same random values and the same images, and look at all that comes out."""
    theirs = build(counterpart)
    ours = zoo.build(getattr(zoo.load(counterpart.spec), counterpart.variant), **counterpart.ours)
    state = zoo.random_state(theirs)
    mapping = renamed(counterpart, list(state))
    assert len(set(mapping.values())) == len(mapping), "two keys become one"
    zoo.filled(theirs, state)
    zoo.filled(ours, fitted({mapping[key]: value for key, value in state.items()}, ours))

    x = zoo.image(2, *counterpart.input)
    apart: dict[str, float] = {}
    for mode in counterpart.modes:
        apart[mode] = (evaluated if mode == "eval" else trained)(counterpart, theirs, ours, x)
    if "train" in apart:
        apart["train"] = max(apart["train"], of_state(mapping, theirs, ours))
    return Differences(apart.get("eval"), apart.get("train"))


def fitted(state: State, ours: nn.Module) -> State:
    """The values in our shapes: every key is one of ours, none is missing.

    A convolution that covers the whole map is a linear layer whose weights stand in the same order:
    nothing but its shape changes.
    """
    own = ours.state_dict()
    assert state.keys() == own.keys(), sorted(state.keys() ^ own.keys())
    given: State = {}
    for key, value in state.items():
        shape = own[key].shape
        assert shape == value.shape or shape == value.flatten(1).shape, key
        given[key] = value.reshape(shape)
    return given


def evaluated(counterpart: Counterpart, theirs: nn.Module, ours: nn.Module, x: Tensor) -> float:
    with torch.no_grad():
        expected, found = outputs(theirs.eval()(x)), outputs(ours.eval()(x))
    # Some run their side heads in evaluation, too; these come last.
    assert len(found) <= len(expected)
    return max(map(difference, found, expected))


def trained(counterpart: Counterpart, theirs: nn.Module, ours: nn.Module, x: Tensor) -> float:
    """One forward and backward in training; dropout draws the same in both."""
    expected = forward_and_backward(theirs, x, counterpart.order)
    found = forward_and_backward(ours, x, ())
    assert len(found) == len(expected)
    return max(map(difference, found, expected))


def of_state(mapping: dict[str, str], theirs: nn.Module, ours: nn.Module) -> float:
    """How far gradients and running statistics are apart after training."""
    own = dict(ours.named_parameters()) | dict(ours.named_buffers())
    gradients: dict[str, list[tuple[Tensor, Tensor]]] = {}
    for key, parameter in theirs.named_parameters():
        found, expected = own[mapping[key]].grad, parameter.grad
        assert (found is None) == (expected is None), key
        if found is not None and expected is not None:
            layer = key.rpartition(".")[0]
            gradients.setdefault(layer, []).append((found, expected.reshape(found.shape)))
    apart = [difference(own[mapping[key]], buffer) for key, buffer in theirs.named_buffers()]
    return max([0.0, *apart, *map(of_layer, gradients.values())])


def of_layer(gradients: list[tuple[Tensor, Tensor]]) -> float:
    """Differences by the layer's largest gradient.

    That of a bias before a norm is nothing but rounding, and has no scale of its own.
    """
    scale = max(expected.abs().max().item() for _, expected in gradients)
    return max(difference(found, expected, scale) for found, expected in gradients)


def outputs(result: Any) -> tuple[Tensor, ...]:
    return (result,) if isinstance(result, Tensor) else tuple(result)


def forward_and_backward(model: nn.Module, x: Tensor, order: tuple[int, ...]) -> tuple[Tensor, ...]:
    model.train()
    torch.manual_seed(1)
    results = outputs(model(x))
    if order:
        assert sorted(order) == list(range(len(results)))
        results = tuple(results[i] for i in order)
    # Each number weighs differently, so that no gradient cancels out.
    parts = [(part * zoo.image(*part.shape, seed=i)).sum() for i, part in enumerate(results)]
    torch.stack(parts).sum().backward()  # type: ignore[no-untyped-call]
    return tuple(part.detach() for part in results)


def difference(found: Tensor, expected: Tensor, scale: float | None = None) -> float:
    """The largest difference, as a part of the largest value that was expected."""
    assert found.shape == expected.shape
    assert torch.isfinite(expected.sum())
    if torch.equal(found, expected):
        return 0.0
    apart = (found - expected).abs().max().item()
    assert math.isfinite(apart)
    if scale is None:
        scale = expected.abs().max().item()
    return apart / scale if scale else math.inf

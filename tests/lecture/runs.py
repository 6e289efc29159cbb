"""What a run of generated modules shows, and what a clock does. Everything here needs torch."""

from __future__ import annotations

import functools
import os
import platform
import time
from collections.abc import Sequence
from typing import Any

import torch
from network import path
from torch import Tensor, nn

import archdsl

EXAMPLE = [[-1, 4, 1, 2], [0, 1, 3, -2], [1, 5, -2, 6], [3, -1, -2, -2]]
BATCH = 16

# Tests run beside each other: more threads each would wait for one another, and times would vary.
torch.set_num_threads(1)


@functools.cache
def module(spec: str) -> Any:
    """The generated module of a spec."""
    return archdsl.load(path(spec))


def make(spec: str, variant: str) -> nn.Module:
    model = getattr(module(spec), variant)()
    assert isinstance(model, nn.Module)
    return model.eval()


def noise(*shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


@torch.no_grad()
def pool_example(variant: str) -> str:
    """The 4x4 map of the slide, pooled: its rows with a stroke between."""
    pooled = make("claims", variant)(torch.tensor([[EXAMPLE]], dtype=torch.float32))
    return " / ".join(" ".join(f"{x:g}" for x in row) for row in pooled[0, 0].tolist())


def rectified() -> tuple[str, str]:
    """What ReLU gives at -1, 0 and 1, and its slopes there."""
    x = torch.tensor([-1.0, 0.0, 1.0]).view(1, 1, 1, 3)
    x.requires_grad_(True)
    # It works in place, which is not for what autograd begins with.
    y = make("claims", "rectify")(x + 0)
    (slopes,) = torch.autograd.grad(y.sum(), x)
    values, changes = (tensor.flatten().tolist() for tensor in (y, slopes))
    return ", ".join(f"{v:g}" for v in values), ", ".join(f"{v:g}" for v in changes)


def smoothing_difference() -> float:
    """Between torch's smoothed loss and that of the distribution on the slide, u uniform."""
    epsilon, classes = 0.1, 10
    scores, labels = noise(4, classes), torch.arange(4)
    q = nn.functional.one_hot(labels, classes).float()
    smoothed = (1 - epsilon) * q + epsilon / classes
    expected = -(smoothed * scores.log_softmax(1)).sum(1).mean()
    loss = nn.functional.cross_entropy(scores, labels, label_smoothing=epsilon)
    return float((loss - expected).abs())


@torch.no_grad()
def lrn_difference() -> float:
    """The largest difference between the generated layer and the formula of the slide."""
    n, k, alpha, beta = 5, 2.0, 1e-4, 0.75
    a = 10 * noise(1, 8, 2, 2)
    channels = a.shape[1]
    expected = torch.empty_like(a)
    for i in range(channels):
        near = a[:, max(0, i - n // 2) : min(channels - 1, i + n // 2) + 1]
        expected[:, i] = a[:, i] / (k + alpha * near.square().sum(1)) ** beta
    return float((make("claims", "normalise")(a) - expected).abs().max())


def inputs_seen(variant: str) -> tuple[int, int]:
    """How many inputs each output depends on (the same number for all), of how many."""
    model = make("claims", variant)
    for weight in model.parameters():
        nn.init.ones_(weight)
    x = torch.ones(1, 12, 1, 1)
    slopes = torch.autograd.functional.jacobian(model, x)  # type: ignore[no-untyped-call]
    (seen,) = set((slopes.reshape(12, 12) != 0).sum(1).tolist())
    return seen, 12


@torch.no_grad()
def shuffle_difference() -> float:
    """The largest difference between a shuffle before a grouped convolution, and one each of whose
    groups is given channels of all groups before."""
    model = make("claims", "groups_shuffled")
    first, second = (layer for layer in model.modules() if isinstance(layer, nn.Conv2d))
    x = noise(2, 12, 5, 5)
    groups = first(x).chunk(3, dim=1)
    # In turn, one of each.
    taken = [groups[k % 3][:, k // 3] for k in range(12)]
    weights = second.weight.chunk(3)
    given = [torch.stack(taken[4 * group : 4 * group + 4], dim=1) for group in range(3)]
    expected = torch.cat([nn.functional.conv2d(*pair) for pair in zip(given, weights)], dim=1)
    return float((model(x) - expected).abs().max())


# The three forms of ResNeXt's block


def form_difference(one: str, other: str) -> float:
    """The largest difference between two forms, the second with the weights of the first."""
    first, second = make("resnext_forms", one), make("resnext_forms", other)
    _randomise(first)
    state = second.state_dict()
    second.load_state_dict({key: _carried(first.state_dict(), key) for key in state})
    x = noise(2, 256, 14, 14)
    with torch.no_grad():
        return float((first(x) - second(x)).abs().max())


def _randomise(model: nn.Module) -> None:
    """Weights keep what they began with; norms get something to do."""
    generator = torch.Generator().manual_seed(1)
    for value in model.state_dict().values():
        if value.is_floating_point() and value.dim() == 1:
            value.uniform_(0.5, 1.5, generator=generator)


def _carried(state: dict[str, Tensor], key: str) -> Tensor:
    """A value of form (b) or (c), made of those of the form before it.

    What each path makes stands side by side: along the outputs, but for the last 1x1 of (a),
    which takes its path's maps: along the inputs.
    """
    if key in state:
        return state[key]
    inner = key.removeprefix("form.paths.")
    if inner != key:  # (b) of (a): a path within the path
        number, _, rest = inner.partition(".")
        return state[f"form.paths.{number}.path.{rest}"]
    rest = key.removeprefix("form.").removeprefix("path.")
    parts = [value for name, value in state.items() if _of_a_path(name, rest)]
    if parts[0].dim() == 0:
        return parts[0]
    return torch.cat(parts, dim=1 if rest == "expand.weight" else 0)


def _of_a_path(name: str, rest: str) -> bool:
    head, _, tail = name.removeprefix("form.paths.").partition(".")
    return name.startswith("form.paths.") and head.isdigit() and tail == rest


# Time


def machine() -> str:
    return f"one thread of {_processor()}, torch {torch.__version__}"


def _processor() -> str:
    if os.path.exists("/proc/cpuinfo"):
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            for line in file:
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def seconds(nets: Sequence[tuple[str, str]], rounds: int) -> list[float]:
    """The quickest forward pass of each with a batch of 16, all taking turns.

    It is the processor's time of one thread: what else the machine does counts for little.
    """
    models = [make(*net) for net in nets]
    x = noise(BATCH, 3, 224, 224)
    best = [float("inf")] * len(models)
    with torch.no_grad():
        for _ in range(rounds):
            for i, model in enumerate(models):
                start = time.thread_time()
                model(x)
                best[i] = min(best[i], time.thread_time() - start)
    return best

"""Which operations of torch a step of two models takes: what one does and the other does not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

Operations = Counter[tuple[str, tuple[tuple[int, ...], ...]]]


class Recorder(TorchDispatchMode):
    """Counts operations by name and the shapes that they are given."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: Operations = Counter()

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        tensors = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, torch.Tensor)]
        name = func.name().removeprefix("aten::").partition(".")[0]
        self.seen[name, tuple(tuple(tensor.shape) for tensor in tensors)] += 1
        return func(*args, **(kwargs or {}))


def of(step: Callable[[], Any]) -> Operations:
    with Recorder() as recorder:
        step()
    return recorder.seen


def differences(ours: Operations, theirs: Operations) -> str:
    """`same`, or what ours has more of, and less: `+27 relu, -27 relu_`."""
    more, less = by_name(ours - theirs), by_name(theirs - ours)
    found = [f"+{more[name]} {name}" for name in sorted(more)]
    found += [f"-{less[name]} {name}" for name in sorted(less)]
    return ", ".join(found) or "same"


def by_name(found: Operations) -> Counter[str]:
    counts: Counter[str] = Counter()
    for (name, _), number in found.items():
        counts[name] += number
    return counts

"""Runs a design node by node: what a model has to compute, found without its `forward`.

The design comes from the checker and the model from the emitter, and neither knows of the other.
Each node is run by itself, with the model's own module where it has one.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from archdsl.ir.design import Design, Step, walk

FUNCTIONS: dict[str, Callable[[tuple[Tensor, ...], dict[str, Any]], Tensor]] = {
    "concat": lambda x, a: torch.cat(x, dim=1),
    "mean": lambda x, a: torch.stack(x).sum(dim=0) / len(x),
    "neg": lambda x, a: -x[0],
    "maximum": lambda x, a: torch.maximum(*x),
    "minimum": lambda x, a: torch.minimum(*x),
    "identity": lambda x, a: x[0],
    "flatten": lambda x, a: torch.flatten(x[0], 1),
    "reshape": lambda x, a: x[0].reshape(len(x[0]), *a["shape"]),
    "reduce_mean": lambda x, a: x[0].mean([axis + 1 for axis in a["axes"]], keepdim=a["keep"]),
    "shift": lambda x, a: x[0] + a["amount"],
    "slice": lambda x, a: x[0][:, a["start"] : a["stop"]],
    "select": lambda x, a: x[0][:, list(a["channels"])],
    "pad": lambda x, a: F.pad(x[0], _sides(a["amount"])),
    "crop": lambda x, a: _crop(x[0], x[1].shape[-2:] if len(x) > 1 else _side(a["size"])),
    "pad_channels": lambda x, a: F.pad(x[0], (0, 0, 0, 0, 0, a["width"] - x[0].shape[1])),
    "resize": lambda x, a: F.interpolate(
        x[0], size=x[1].shape[-2:] if len(x) > 1 else _side(a["size"]), mode=a["mode"]
    ),
    "permute": lambda x, a: x[0].permute(0, *(axis + 1 for axis in a["order"])),
    "matmul": lambda x, a: torch.matmul(*x),
    "avgpool": lambda x, a: F.avg_pool2d(x[0], _side(a["kernel"]), stride=_side(a["stride"])),
}


OPERATORS = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "div": operator.truediv,
}


def _side(value: Any) -> Any:
    return tuple(value) if isinstance(value, tuple) else value


def _sides(amount: Any) -> tuple[int, ...]:
    """Left, right, top and bottom."""
    return (amount,) * 4 if isinstance(amount, int) else tuple(amount)


def _crop(x: Tensor, size: Any) -> Tensor:
    """The middle of a map; of two middles, the upper left one."""
    height, width = (size, size) if isinstance(size, int) else size
    top, left = (x.shape[-2] - height) // 2, (x.shape[-1] - width) // 2
    return x[..., top : top + height, left : left + width]


class Executor:
    """Runs the nodes of a design on the modules of a model."""

    def __init__(self, design: Design, model: nn.Module) -> None:
        self.ends: list[tuple[int, int]] = []
        self.steps = [step for step in walk(design.root, self.ends) if not step.aux]
        self.modules = dict(model.named_modules())
        self.tensors = dict(model.named_parameters()) | dict(model.named_buffers())

    def run(self, inputs: tuple[Tensor, ...]) -> list[Tensor]:
        """The model's results."""
        values = {(-1, place): value for place, value in enumerate(inputs)}
        for step in self.steps:
            operands = tuple(values[operand] for operand in step.operands)
            for place, result in enumerate(self._step(step, operands)):
                # What is made of the model's own tensors alone has no batch.
                due = tuple(step.outputs[place])
                assert tuple(result.shape[-len(due) :]) == due, step.path
                values[step.index, place] = result
        return [values[end] for end in self.ends]

    def _step(self, step: Step, operands: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        if step.op in ("param", "const"):
            return (self.tensors[step.path],)
        if step.op == "split":
            return operands[0].split([shape[0] for shape in step.outputs], dim=1)
        module = self.modules.get(step.path)
        if module is not None:
            # A copy: the module may work in place.
            return (module(*(operand.clone() for operand in operands)),)
        if step.op in ("add", "sub", "mul", "div"):
            return (_arithmetic(step.op, operands, step.arguments),)
        if step.op == "scale":
            return (operands[0] * step.arguments["factor"],)
        return (FUNCTIONS[step.op](operands, step.arguments),)


def _arithmetic(op: str, operands: tuple[Tensor, ...], numbers: dict[str, Any]) -> Tensor:
    """Arithmetic of several values, or of one and a number on either side."""
    parts: list[Any] = list(operands)
    if "left" in numbers:
        parts.insert(0, numbers["left"])
    if "right" in numbers:
        parts.append(numbers["right"])
    result = parts[0]
    for part in parts[1:]:
        result = OPERATORS[op](result, part)
    return result

"""The generated model computes what the checked graph says, node by node.

The graph comes from the checker and the model from the emitter, and neither knows of the other.
Here each node of the graph is run by itself, with the model's own module where it has one; what
leaves the graph has to be what the model returns.
"""

from __future__ import annotations

import glob
import itertools
import operator
import os
from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from random_weights import random_state
from torch import Tensor, nn

import archdsl
from archdsl import driver, expr
from archdsl.diagnostics import Bag
from archdsl.ir import program as p
from archdsl.ir.design import Design, Step

torch.set_num_threads(1)

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
PATHS = sorted(
    glob.glob(os.path.join(ROOT, "specs", "*.arch"))
    + glob.glob(os.path.join(HERE, "specs", "*.arch"))
)

FUNCTIONS: dict[str, Callable[[tuple[Tensor, ...], dict[str, Any]], Tensor]] = {
    "concat": lambda x, a: torch.cat(x, dim=1),
    "mean": lambda x, a: torch.stack(x).sum(dim=0) / len(x),
    "neg": lambda x, a: -x[0],
    "identity": lambda x, a: x[0],
    "flatten": lambda x, a: torch.flatten(x[0], 1),
    "reshape": lambda x, a: x[0].reshape(len(x[0]), *a["shape"]),
    "reduce_mean": lambda x, a: x[0].mean([axis + 1 for axis in a["axes"]], keepdim=a["keep"]),
    "shift": lambda x, a: x[0] + a["amount"],
    "slice": lambda x, a: x[0][:, a["start"] : a["stop"]],
    "select": lambda x, a: x[0][:, list(a["channels"])],
    "pad": lambda x, a: F.pad(x[0], tuple(a["amount"])),
    "pad_channels": lambda x, a: F.pad(x[0], (0, 0, 0, 0, 0, a["width"] - x[0].shape[1])),
    "resize": lambda x, a: F.interpolate(x[0], size=x[1].shape[-2:]),
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


class Executor:
    """Runs the nodes of a design on the modules of a model."""

    def __init__(self, design: Design, model: nn.Module) -> None:
        self.steps = [step for step in design.walk() if not step.aux]
        self.inputs = len(design.inputs)
        self.modules = dict(model.named_modules())
        self.tensors = dict(model.named_parameters()) | dict(model.named_buffers())
        self.arguments = {row.path: row.arguments for row in _rows(design.tree())}
        self.used: set[tuple[int, int]] = set()
        self.ran: set[str] = set()

    def run(self, inputs: tuple[Tensor, ...]) -> list[Tensor]:
        """The values that no node takes."""
        values = {(-1, place): value for place, value in enumerate(inputs)}
        constants = dict(zip(self._arithmetic(), self._constants(), strict=True))
        for step in self.steps:
            self.used.update(step.operands)
            operands = tuple(values[operand] for operand in step.operands)
            for place, result in enumerate(self._step(step, operands, constants)):
                assert tuple(result.shape[1:]) == tuple(step.outputs[place]) or (
                    step.op in ("param", "const")
                ), step.path
                values[step.index, place] = result
        return [value for key, value in values.items() if key not in self.used and key[0] >= 0]

    def _step(
        self, step: Step, operands: tuple[Tensor, ...], constants: dict[int, Any]
    ) -> tuple[Tensor, ...]:
        if step.op in ("param", "const"):
            return (self.tensors[step.path],)
        if step.op == "split":
            return operands[0].split([shape[0] for shape in step.outputs], dim=1)
        module = self.modules.get(step.path)
        if module is not None:
            self.ran.add(step.path)
            # A copy: the module may work in place.
            return (module(*(operand.clone() for operand in operands)),)
        if step.op in ("add", "sub", "mul", "div"):
            return (_arithmetic(step.op, operands, constants.get(step.index)),)
        if step.op == "scale":
            return (operands[0] * self._factor(step),)
        return (FUNCTIONS[step.op](operands, step.arguments),)

    def _factor(self, step: Step) -> float:
        """What a `residual(scale=...)` or a `scale(...)` multiplies with."""
        if not isinstance(step.item, p.Residual):
            return float(step.arguments["factor"])
        scale = step.item.scale
        if isinstance(scale, expr.Number):
            return float(scale.value)
        assert isinstance(scale, expr.Name)
        return float(self.arguments[step.path.rpartition(".")[0]][scale.id])

    # A graph keeps no numbers: those of `1 - t` are read from the expression.

    def _arithmetic(self) -> list[int]:
        return [
            step.index
            for step in self.steps
            if isinstance(step.item, p.From) and step.op in ("add", "sub", "mul", "div")
        ]

    def _constants(self) -> list[Any]:
        found: list[Any] = []
        steps = [step for step in self.steps if isinstance(step.item, p.From)]
        for item, group in itertools.groupby(steps, key=lambda step: step.item):
            assert isinstance(item, p.From)
            sides = [(node.left, node.right) for node in _binaries(item.value)]
            found += sides * (len(list(group)) // len(sides))
        return found


def _binaries(node: expr.Expr) -> list[expr.Binary]:
    """The operations of an expression, inner ones first."""
    if isinstance(node, expr.Comprehension):
        return _binaries(node.element)
    if not isinstance(node, expr.Binary):
        return (
            []
            if not isinstance(node, expr.TupleExpr)
            else [found for item in node.items for found in _binaries(item)]
        )
    return [*_binaries(node.left), *_binaries(node.right), node]


def _arithmetic(op: str, operands: tuple[Tensor, ...], sides: Any) -> Tensor:
    parts: list[Any] = list(operands)
    if len(operands) == 1:
        left, right = sides
        if isinstance(left, expr.Number):
            parts = [left.value, operands[0]]
        else:
            assert isinstance(right, expr.Number)
            parts = [operands[0], right.value]
    result = parts[0]
    for part in parts[1:]:
        result = OPERATORS[op](result, part)
    return result


def _rows(row: Any) -> list[Any]:
    return [row, *(found for child in row.children for found in _rows(child))]


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
        sinks = executor.run(inputs)
        result = model(*inputs)
    for found in (result,) if isinstance(result, Tensor) else tuple(result):
        assert torch.isfinite(found).all()
        assert any(
            sink.shape == found.shape and torch.allclose(sink, found, rtol=1e-4, atol=1e-5)
            for sink in sinks
        )


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

"""What each value of a design is, as a stand-in: by its graph, and by the table of ops.

`rehearse.py` holds what a module computes against this. Both come to their marks by running
stand-ins: here the texts of the table, with the arguments that were checked, there what was written.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Collection, Sequence
from types import CodeType
from typing import Any

from archdsl.emit import standins
from archdsl.emit import symbol as s
from archdsl.emit.traced import Sizes, Tensor, cat
from archdsl.ir import program as p
from archdsl.ir.design import Design, Step
from archdsl.ops.op import Torch, form
from archdsl.ops.table import OPS

BATCH = 2

_ARITHMETIC = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "div": operator.truediv,
}


class LayerCall:
    """A step that a module does: what it gets, and what it makes."""

    __slots__ = ("inputs", "made", "marks", "op", "step")

    def __init__(self, step: Step, inputs: list[Tensor], made: list[Tensor]) -> None:
        self.step = step
        self.op = OPS.get(step.op)
        self.inputs = inputs
        self.marks = [tensor.mark for tensor in inputs]
        self.made = made


class Course:
    """The values of a design, by step and place."""

    def __init__(
        self,
        design: Design,
        steps: Sequence[Step],
        paths: Collection[str],
        externs: Collection[str],
    ) -> None:
        self.steps = steps
        self.calls: list[LayerCall] = []
        self.values: dict[tuple[int, int], Tensor] = {}
        self._known: dict[int, Sizes] = {}
        for place, (_, shape) in enumerate(design.inputs):
            self.values[-1, place] = self.given((BATCH, *shape), "input", place)
        for step in steps:
            inputs = self.inputs(step)
            if step.path in paths and is_module(step.op, externs):
                made = self._by_module(step, inputs)
                self.calls.append(LayerCall(step, inputs, made))
            elif isinstance(step.item, p.Tensor):
                made = [self.given(step.output, "tensor", step.path)]
            else:
                made = self._by_function(step, inputs)
                for tensor, sizes in zip(made, _sizes(step, inputs)):
                    self._known[tensor.mark] = sizes
            for place, tensor in enumerate(made):
                self.values[step.index, place] = tensor

    def given(self, sizes: Sizes, *what: Any) -> Tensor:
        """A value that nothing made."""
        return self._value(sizes, hash(what))

    def _value(self, sizes: Sizes, mark: int) -> Tensor:
        tensor = Tensor(sizes)
        tensor.mark, tensor.known = mark, self._known
        return tensor

    def inputs(self, step: Step) -> list[Tensor]:
        return [self.values[operand] for operand in step.operands]

    def maker(self, mark: int) -> Step | None:
        """The step that made a value, if one did."""
        made = (index for (index, _), tensor in self.values.items() if tensor.mark == mark)
        index = next(made, -1)
        return None if index < 0 else self.steps[index]

    def _by_module(self, step: Step, inputs: list[Tensor]) -> list[Tensor]:
        """What a layer makes: no more is known of it than what it is made of."""
        if step.op == "identity":
            return inputs
        marks = [tensor.mark for tensor in inputs]
        return [
            self._value(sizes, hash((step.path, place, *marks)))
            for place, sizes in enumerate(_sizes(step, inputs))
        ]

    def _by_function(self, step: Step, inputs: list[Tensor]) -> list[Tensor]:
        """What `forward` writes as a function or an operator."""
        numbers = step.arguments
        if step.op == "split":
            return inputs[0].split([shape[0] for shape in step.outputs], dim=1)
        if step.op == "concat":
            return [cat(inputs, dim=1)]
        if step.op == "mean":
            return [functools.reduce(operator.add, inputs) / len(inputs)]
        if step.op == "neg":
            return [-inputs[0]]
        if step.op in _ARITHMETIC:
            sides = (*_given("left", numbers), *inputs, *_given("right", numbers))
            return [functools.reduce(_ARITHMETIC[step.op], sides)]
        if isinstance(step.item, p.Residual):
            return [functools.reduce(operator.mul, (*inputs, *_given("factor", numbers)))]
        torch = form(OPS[step.op], numbers, step.inputs[0]) if step.op in OPS else None
        if torch is None or torch.expression is None:
            return self._by_module(step, inputs)
        return [self._expression(torch, step, inputs)]

    def _expression(self, torch: Torch, step: Step, inputs: list[Tensor]) -> Any:
        """The table's text for an op, run."""
        beside = [f"x{place}" for place in range(1, len(inputs))]
        free, texts = iter(beside), {}
        for param in OPS[step.op].parameters:
            value = step.arguments[param.name]
            flows = param.type == "value" and value is not None
            texts[param.name] = next(free) if flows else s.text(value, 8)
        assert torch.expression is not None
        helper = torch.helper if torch.module is None else None
        names = _names()
        exec(_compiled("\n".join((*torch.imports, helper or "")), "exec"), names)
        values = dict(zip(["x", *beside], inputs))
        return eval(_compiled(torch.expression("x", texts), "eval"), names, values)


def _sizes(step: Step, inputs: list[Tensor]) -> list[Sizes]:
    """The shapes of a step's results: what learned tensors alone make has no batch."""
    for tensor, shape in zip(inputs, step.inputs):
        if len(tensor.shape) > len(shape):
            return [(BATCH, *each) for each in step.outputs]
    return list(step.outputs)


def _given(name: str, numbers: dict[str, Any]) -> list[Any]:
    return [numbers[name]] if name in numbers else []


@functools.cache
def _names() -> dict[str, Any]:
    """What the table's texts may name."""
    return {"__builtins__": standins.names()}


@functools.lru_cache(maxsize=500)
def _compiled(text: str, mode: str) -> CodeType:
    return compile(text, "<table>", mode, dont_inherit=True)


def is_module(op: str, externs: Collection[str]) -> bool:
    """Whether a step is a module's: a sum of two values may bear the name of a block."""
    return op in _LAYERS or op in externs


_LAYERS = {name for name, op in OPS.items() if op.torch.module or op.torch.select}

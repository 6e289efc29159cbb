"""What a model's `state_dict` holds: its keys and their shapes, from the design alone."""

from __future__ import annotations

from archdsl.ir.program import Tensor
from archdsl.node import Node
from archdsl.ops.op import Shape
from archdsl.ops.table import OPS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from archdsl.ir.design import Design, Step


class State(Node):
    """Shapes by key, and the paths of extern layers: what those keep, only Python knows."""

    shapes: dict[str, Shape]
    externs: tuple[str, ...]

    def known(self, key: str) -> bool:
        """Whether a key is one of the model's, or may be one of an extern layer's."""
        return key in self.shapes or any(key.startswith(f"{path}.") for path in self.externs)


def state(design: Design, externs: Collection[str]) -> State:
    """The state of a design, in a program that has extern layers of these names."""
    return state_of(design.walk(), externs)


def state_of(steps: Iterable[Step], externs: Collection[str]) -> State:
    """The state of a network whose steps these are."""
    shapes: dict[str, Shape] = {}
    paths: dict[str, None] = {}
    for step in steps:
        if isinstance(step.item, Tensor):
            shapes[step.path] = step.output
        elif step.op in externs:
            paths[step.path] = None
        elif step.op in OPS:
            for name, shape in OPS[step.op].state(step.arguments, step.inputs[0]).items():
                shapes[f"{step.path}.{name}"] = shape
    return State(shapes=shapes, externs=tuple(paths))

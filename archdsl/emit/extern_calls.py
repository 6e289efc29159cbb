"""Calls of layers that a spec takes from Python."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archdsl.emit.made import Made
from archdsl.emit.tensor import Tensor
from archdsl.ir import program as p

if TYPE_CHECKING:
    from archdsl.emit.writer import ClassWriter


def extern_module(w: ClassWriter, extern: p.Extern, given: dict[str, Any], tensor: Tensor) -> Made:
    """A layer of Python on a tensor. All its arguments go by name: the class may have another order,
    and other defaults."""
    w.unit.use_extern(extern)
    arguments: list[str] = []
    scope = dict(w.unit.constants)
    for param in extern.params:
        if param.name in given:
            scope[param.name] = given[param.name]
        elif param.default is not None:
            scope[param.name] = w.evaluator.evaluate(param.default, scope)
        arguments.append(f"{param.name}={w.unit.value_text(w, scope[param.name])}")
    shape = tensor.shape
    if extern.dims is not None:
        scope["in"] = tensor
        shape = tuple(w.evaluator.evaluate(dim, scope) for dim in extern.dims)
    return Made(
        text=f"{w.unit.class_name(w, extern.attribute)}({', '.join(arguments)})",
        kind="nn.Module",
        flow=Tensor(shape, stride=tensor.stride if shape == tensor.shape else None),
    )

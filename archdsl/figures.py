"""A design's figures as plain data: what `archdsl summary --json` prints."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from archdsl.ir.design import Design, Step
    from archdsl.ops.op import Shape


def figures(design: Design, smallest: tuple[int, ...] | None) -> dict[str, Any]:
    """All of a variant. Shapes are lists without the batch; `params` count side heads, `macs`
    and `depth` do not, for those don't run in use. `activations` are elements for one image."""
    totals = design.totals
    return {
        "model": design.model,
        "variant": design.variant,
        "input": _ports(design.inputs),
        "output": _ports(design.outputs),
        "smallest_input": None if smallest is None else list(smallest),
        "params": design.params,
        "macs": design.macs,
        "depth": design.depth,
        "receptive_field": list(design.receptive_field),
        "activations": design.activations,
        "buffers": totals.buffers,
        "convs": totals.convs,
        "linears": totals.linears,
        "aux_params": totals.aux_params,
        "aux_macs": totals.aux_macs,
        "aux": [
            {"path": head.path, "output": list(head.output), "weight": head.weight}
            for head in design.aux
        ],
        "notes": list(design.notes),
        "nodes": [_node(step) for step in design.walk()],
    }


def _node(step: Step) -> dict[str, Any]:
    """One op. A module that is used several times has its parameters at its first use."""
    return {
        "path": step.path,
        "op": step.op,
        "input": _shapes(step.inputs),
        "output": _shapes(step.outputs),
        "params": step.params,
        "macs": step.macs,
        "aux": step.aux,
    }


def _ports(ports: Sequence[tuple[str | None, Shape]]) -> Any:
    """The shape of the only port; shapes by name where there are several."""
    if len(ports) == 1:
        return list(ports[0][1])
    return {name: list(shape) for name, shape in ports}


def _shapes(shapes: Sequence[Shape]) -> list[Any]:
    """The shape of the only value; a list of shapes where there are several."""
    return list(shapes[0]) if len(shapes) == 1 else [list(shape) for shape in shapes]

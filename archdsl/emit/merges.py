"""Merges of branches or values, splits, and dense concatenation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archdsl.emit import symbol as s
from archdsl.emit.branches import apart, branches, split_branches
from archdsl.emit.code import fits
from archdsl.emit.joins import join, join_members
from archdsl.emit.tensor import Flow, Tensor, TensorList, parts, single
from archdsl.ir import program as p

if TYPE_CHECKING:
    from archdsl.emit.writer import ClassWriter


def merge(w: ClassWriter, item: p.Merge, flow: Flow) -> Tensor:
    """Branches on one value, or the values that arrive, joined."""
    if item.branches is None:
        if isinstance(flow, TensorList):
            return join_members(w, item.op, flow)
        if not isinstance(flow, tuple):
            return flow
        return join(w, item.op, list(parts(w.settle_several(flow))))
    start = w.settle_flow(flow)
    start = start.but(fresh=False) if isinstance(start, Tensor) else start
    return branches(w, item.branches, start, item.op)


def split(w: ClassWriter, item: p.Split, flow: Flow) -> Flow:
    """Parts of the channels, a branch each."""
    tensor = w.flush(single(flow)).but(fresh=False)
    sizes = w.value(item.parts)
    if isinstance(sizes, s.Symbol) and item.branches is not None:
        sizes = _written_parts(item.branches) or sizes
    w.unit.need("torch")
    if isinstance(sizes, (int, s.Symbol)):
        text = f"torch.chunk({tensor.text}, {w.forward_text(sizes)}, dim=1)"
        count, widths = sizes, s.Symbol("uniform", tensor.channels // sizes, sizes)
    else:
        text = f"torch.split({tensor.text}, {_list_text(w, sizes)}, dim=1)"
        count, widths = len(sizes), sizes
    rest = tuple(s.Symbol("uniform", dim, count) for dim in tensor.shape[1:])
    pieces = TensorList((widths, *rest), text, count, simple=False)
    if item.branches is not None:
        return split_branches(w, item.branches, tensor, pieces, item.join)
    if isinstance(count, s.Symbol):
        return pieces
    return (tensor,) if count == 1 else apart(tensor, pieces)


def _written_parts(items: tuple[p.BranchItem, ...]) -> int | None:
    """The number of branches, where all are written out: there are as many parts."""
    if any(isinstance(item, (p.BranchLoop, p.BranchIf)) for item in items):
        return None
    return sum(isinstance(item, p.Branch) for item in items)


def _list_text(w: ClassWriter, sizes: tuple[Any, ...]) -> str:
    return "[" + ", ".join(w.forward_text(size) for size in sizes) + "]"


def dense(w: ClassWriter, item: p.Dense, flow: Flow) -> Tensor:
    """The input and what the body makes of it, side by side."""
    start = w.flush(single(flow)).but(fresh=False)
    variable = w.names.take("new")
    with w.inner_scope(), w.stream(variable, start.text):
        body = single(w.walk(item.body, start))
    result = join(w, "concat", [start, body])
    if not fits(f"{w.variable} = {result.text}", 2):
        w.emit(f"{variable} = {body.text}")
        result = join(w, "concat", [start, body.but(text=variable, simple=True)])
    w.names.release(variable)
    return result

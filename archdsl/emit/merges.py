"""Merges of branches or values, splits, and dense concatenation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archdsl.emit import symbol as s
from archdsl.emit.branches import apart, branches, split_branches
from archdsl.emit.code import fits
from archdsl.emit.joins import join, join_members
from archdsl.emit.pairs import known
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
    given = _given(w, item, sizes)
    if isinstance(sizes, s.Symbol) and item.branches is not None and not given:
        sizes = _written_parts(item.branches) or sizes
    w.unit.need("torch")
    if isinstance(sizes, s.Symbol) and given:
        text = f"torch.split({tensor.text}, {_as_list(w, sizes)}, dim=1)"
        count, widths = _listed_parts(item, sizes)
    elif isinstance(sizes, (int, s.Symbol)):
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


def _given(w: ClassWriter, item: p.Split, sizes: Any) -> bool:
    """Whether the parts' widths are given, and not their number: the uses know."""
    if not isinstance(sizes, s.Symbol):
        return isinstance(sizes, (tuple, list))
    if sizes.op in ("loop", "join"):
        return True
    found = {
        isinstance(each, (tuple, list)) for sample in w.samples for each in known(sizes, sample)
    }
    if len(found) > 1:
        raise w.error(
            "E523",
            "`split` gets the widths of its parts in one use, and their number in another",
            item.parts.span,
            "give the widths in each use, or write two splits, in the arms of an `if`",
        )
    return found == {True}


def _listed_parts(item: p.Split, sizes: s.Symbol) -> tuple[Any, Any]:
    """The number of parts with given widths, and these: one by one where each has its branch."""
    count = None if item.branches is None else _written_parts(item.branches)
    if count is None:
        return s.call("len", [sizes]), sizes
    return count, tuple(s.index(sizes, position) for position in range(count))


def _as_list(w: ClassWriter, sizes: s.Symbol) -> str:
    """A list of widths as torch wants it: no tuple, nor any other sequence."""
    text = w.forward_text(sizes)
    return text if text.startswith("[") else f"list({text})"


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

"""Modules that several calls use, made once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archdsl.emit import symbol as s
from archdsl.emit.calls import make
from archdsl.emit.code import Variable, variables_in
from archdsl.emit.evaluate import spread
from archdsl.emit.loops import run_of
from archdsl.emit.made import Made
from archdsl.emit.tensor import Flow, Tensor
from archdsl.ir import program as p
from archdsl.ir.walk import parts

if TYPE_CHECKING:
    from archdsl.diagnostics import SpecError
    from archdsl.emit.writer import ClassWriter


def use(w: ClassWriter, call: p.Call, flow: Flow) -> Made:
    """What a call of a shared module makes of a flow; the first one also makes the module."""
    share: p.Share = w.scope[f"share {call.callee}"]
    made = make(w, share.call, flow)
    if share.name in w.attributes:
        return made
    if not w.loops and _used_with(w, call):
        name = share.call.name or p.ModuleName(base=share.name, written=True, span=share.span)
        w.declare(name, made.text, made.kind)
        return made
    w.attributes.add(share.name)
    if not w.trying:
        text = make(w, share.call, _before(w, call, flow)).text
        w.contexts[0].shared[share.name] = (text, made.kind)
    return made


def _before(w: ClassWriter, call: p.Call, flow: Flow) -> Flow:
    """A flow in loops and arms with the widths that it has in the first run, in words that hold
    before them. All uses of a module have one width, so that the first run's is that of all."""
    around = "a loop" if w.loops else "an `if`"
    if not _always_used(w, call.callee):
        raise _refused(w, call, f"whether there is a `{call.callee}` depends on {around}")
    if isinstance(flow, tuple):
        return tuple(_before(w, call, part) for part in flow)
    assert isinstance(flow, Tensor)
    width = _first(w, flow.channels)
    outside = w.frames[: w.contexts[0].frames]
    local = any(variable.frame not in outside for variable in variables_in(width))
    looped = {name for loop in w.loops for name in loop.names}
    if local or getattr(width, "op", None) == "out" or s.names_in(width, expand=True) & looped:
        raise _refused(w, call, f"how wide `{call.callee}` is made depends on {around}")
    return flow.but(shape=(width, *flow.shape[1:]))


def _first(w: ClassWriter, width: Any) -> Any:
    """A width in the first run of the loops around."""
    outside = w.frames[: w.contexts[0].frames]
    while isinstance(width, Variable):
        if width.meaning is not None and not s.opaque(width.meaning):
            return width.meaning
        if width.frame in outside or width.entry is None:
            return width
        width = width.entry
    for loop in reversed(w.loops):
        item = spread(loop.variables, run_of(loop.trips, 0))
        items = {f"{name}_channels": each for name, each in item.items()}
        width = s.substitute(width, {**items, **item, loop.counts or "_": 0})
    return width


def _uses(w: ClassWriter, name: str) -> list[set[int]]:
    """The calls of a shared module that each instance of the definition makes."""
    calls = {
        node.uid
        for node in parts(w.definition.body)
        if isinstance(node, p.Call) and node.kind == "shared" and node.callee == name
    }
    return [calls & each.observed.keys() for each in w.unit.instances(w.definition.name)]


def _used_with(w: ClassWriter, call: p.Call) -> bool:
    """Whether whatever uses a shared module makes this call of it, so that it belongs where the call
    does."""
    return not w.contexts or all(call.uid in uses for uses in _uses(w, call.callee) if uses)


def _always_used(w: ClassWriter, name: str) -> bool:
    """Whether all that the definition is run on uses the module."""
    return all(_uses(w, name))


def _refused(w: ClassWriter, call: p.Call, message: str) -> SpecError:
    where = "the loop" if w.loops else "the `if`"
    return w.error("E528", message, call.span, f"use it once before {where}")

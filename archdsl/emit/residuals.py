"""Residuals: a body, and what is added to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archdsl import expr as e
from archdsl.emit import symbol as s
from archdsl.emit.code import Code, variables_in
from archdsl.emit.conditions import guarded_projection, write_arms
from archdsl.emit.joins import atomic, operand, simpler
from archdsl.emit.tensor import Flow, Tensor, single, times
from archdsl.ir import program as p

if TYPE_CHECKING:
    from archdsl.emit.writer import ClassWriter


def residual(w: ClassWriter, item: p.Residual, flow: Flow) -> Tensor:
    """`body(x) * scale + skip(x)`"""
    start = w.flush(single(flow)).but(fresh=False)
    condition = True if item.condition is None else w.value(item.condition)
    conditional = isinstance(condition, s.Symbol)
    skips = item.skip != "none" and (conditional or bool(condition))
    projected = skips and item.projection is not None
    if w.trying:
        return _tried(w, item, start, skips)
    late = projected and (conditional or _reads_body(item))
    identity: Tensor | None = None
    projection: Code = []
    with w.inner_scope():
        if projected and not late:
            trial = _knowing(w, item, start, _trial_body(w, item, start))
            outer, w.init = w.init, []
            identity = guarded_projection(w, item, start, trial)
            projection, w.init = w.init, outer
        mark, versions = len(w.init), w.reassigned
        keep = start.text not in w.protected and start.text == w.variable
        overwrite = identity is not None and identity.text != start.text and keep
        variable = start.text
        if overwrite:
            assert identity is not None
            with w.stream(start.text, identity.text):
                body = single(w.walk(item.body, _marked(w, start)))
        else:
            variable = w.names.take("out" if start.text != "out" else "inner")
            with w.stream(variable, start.text):
                body = single(w.walk(item.body, _marked(w, start)))
        # The projection stands after the body, unless the body's loops reassign what it reads.
        at = len(w.init) if w.reassigned == versions else mark
        w.init[at:at] = projection
        if conditional:
            body = _scaled(w, item, body)
        if body.text.count("(") > 1 or ((late or conditional) and body.text != variable):
            w.emit(f"{variable} = {body.text}")
            body = body.but(text=variable, simple=True)
        if conditional and projected:
            assert isinstance(condition, s.Symbol)
            return _added_under(w, item, condition, start, body)
        if late:
            identity = guarded_projection(w, item, start, _knowing(w, item, start, body))
        if not overwrite:
            w.names.release(variable)
    if identity is not None and identity.text.startswith("identity"):
        w.names.release(identity.text)
    if not conditional:
        body = _scaled(w, item, body)
    if not skips:
        return body.but(stride=_through(start, body))
    added = _added(w, item, start, body, identity or start)
    if not conditional:
        return added
    text = f"{added.text} if {w.flag(condition)} else {body.text}"
    return body.but(text=text, simple=False, stride=added.stride, fresh=False)


def _added_under(
    w: ClassWriter, item: p.Residual, condition: s.Symbol, start: Tensor, body: Tensor
) -> Tensor:
    """A projection that is there under a condition only, and added only then."""

    def add() -> None:
        identity = guarded_projection(w, item, start, _knowing(w, item, start, body))
        w.emit(f"{body.text} = {_added(w, item, start, body, identity).text}")
        if identity.text.startswith("identity"):
            w.names.release(identity.text)

    write_arms(w, condition, add, None)
    w.names.release(body.text)
    return body.but(stride=_through(start, body), fresh=False)


def _scaled(w: ClassWriter, item: p.Residual, body: Tensor) -> Tensor:
    """What the body makes, times the residual's `scale`."""
    scale = 1 if item.scale is None else w.value(item.scale)
    if s.same(scale, 1):
        return body
    text = f"{operand(body.text, '*')} * {w.forward_text(scale, 8)}"
    return body.but(text=text, simple=False, fresh=True)


def _through(start: Tensor, body: Tensor) -> Any:
    return times(start.stride, body.stride)


def _added(
    w: ClassWriter, item: p.Residual, start: Tensor, body: Tensor, identity: Tensor
) -> Tensor:
    text = operand(body.text, "+")
    shape = tuple(
        b if simpler(b, a) or i == 0 else a
        for i, (a, b) in enumerate(zip(body.shape, identity.shape))
    )
    if item.projection is None:
        known = identity.channels if s.opaque(body.channels) else body.channels
        shape = (known, *shape[1:])
    elif not s.opaque(body.channels):
        shape = body.shape
    total = f"{text} + {operand(identity.text, '+')}"
    if item.projection is None and atomic(text) and identity.text == start.text:
        total = f"{identity.text} + {text}"
    return Tensor(shape, total, stride=_through(start, body), fresh=True)


def _marked(w: ClassWriter, start: Tensor) -> Tensor:
    """The input, from which the body counts strides; so do the values that it reads beside it."""
    for name, value in w.scope.items():
        if isinstance(value, Tensor) and value.stride is not None:
            beside = start.stride is not None and s.same(value.stride, start.stride)
            w.scope[name] = value.but(stride=(1, 1) if beside else None)
    return start.marked()


def _tried(w: ClassWriter, item: p.Residual, start: Tensor, skips: bool) -> Tensor:
    """What leaves a residual, as far as a trial has to know it."""
    body = _knowing(w, item, start, _trial_body(w, item, start))
    return _added(w, item, start, body, start) if skips else body.but(stride=_through(start, body))


def _trial_body(w: ClassWriter, item: p.Residual, start: Tensor) -> Tensor:
    kept = w.snapshot()
    try:
        with w.inner_scope(), w.stream("trial", start.text):
            return single(w.walk(item.body, _marked(w, start)))
    finally:
        w.restore(kept)


def _knowing(w: ClassWriter, item: p.Residual, start: Tensor, body: Tensor) -> Tensor:
    """The body's result; where only a loop knows its width, it is what the projection makes."""
    local = any(each.meaning is None for each in variables_in(body.channels))
    if item.projection is None or not (local or s.opaque(body.channels)):
        return body
    kept = w.snapshot()
    try:
        with w.inner_scope(), w.stream("trial", start.text):
            projected = single(w.walk(item.projection, start))
    finally:
        w.restore(kept)
    width = projected.channels
    if variables_in(width) and not s.opaque(width):
        width = s.expanded(width)  # what its loop leaves: the local is the trial's
    return body.but(shape=(width, *body.shape[1:]))


def _reads_body(item: p.Residual) -> bool:
    """Whether the projection starts from a value that the body names."""
    assert item.projection is not None
    named = _targets(item.body)
    return any(
        isinstance(each, p.From) and _names(each.value) & named for each in item.projection.items
    )


def _targets(region: p.Region) -> set[str]:
    found: set[str] = set()
    for item in region.items:
        found |= {target.base for target in item.targets}
        if isinstance(item, p.Group):
            found |= _targets(item.body)
    return found


def _names(node: e.Expr) -> set[str]:
    match node:
        case e.Name():
            return {node.id}
        case e.TupleExpr() | e.ListExpr():
            return set().union(*(_names(item) for item in node.items)) if node.items else set()
        case e.Binary():
            return _names(node.left) | _names(node.right)
        case e.Index():
            return _names(node.value)
        case _:
            return set()

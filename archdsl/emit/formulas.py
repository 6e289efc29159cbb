"""Arithmetic over values, and lists of them: what stands after `from`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archdsl import expr as e
from archdsl.emit import symbol as s
from archdsl.emit.evaluate import Loop as Comprehension
from archdsl.emit.evaluate import listing, spread
from archdsl.emit.families import Loop, forward_iterable
from archdsl.emit.joins import LEVELS, common, level_of, operand, stride_of
from archdsl.emit.loops import loop_scope, run_of, trips_of, values_of
from archdsl.emit.tensor import Flow, Tensor, TensorList, parts, several_results, single
from archdsl.emit.values import Family, summed

if TYPE_CHECKING:
    from archdsl.emit.writer import ClassWriter


def arithmetic(w: ClassWriter, node: e.Expr) -> Flow:
    """`from E`: a value, several, or a formula over values, parameters and numbers."""
    match node:
        case e.TupleExpr() | e.ListExpr():
            return _computed(w, tuple(arithmetic(w, item) for item in node.items))
        case e.Comprehension():
            return _each(w, node)
        case _:
            result = _formula(w, node)
            return result.values() if isinstance(result, Family) else result


def _each(w: ClassWriter, node: e.Comprehension) -> Flow:
    over = values_of(w, node.names, node.iterable)
    plain = isinstance(node.element, e.Name) and (node.element.id,) == node.names
    if over and plain and not node.conditions:
        return over[node.names[0]]
    trips = trips_of(w, node.iterable)
    counts = [len(trips)] if isinstance(trips, tuple) else [each.count for each in over.values()]
    known = [count for count in counts if isinstance(count, int)]
    if not known:
        return _comprehended(w, node, trips, over)
    made = []
    for position in range(known[0]):
        with w.inner_scope() as scope:
            scope.update(spread(node.names, run_of(trips, position)))
            scope.update({name: each.member((position,)) for name, each in over.items()})
            if all(w.value(condition) for condition in node.conditions):
                made.append(arithmetic(w, node.element))
    return _computed(w, tuple(made))


def _computed(w: ClassWriter, flow: tuple[Flow, ...]) -> Flow:
    """Several values, of which equal texts are no results of one call."""
    if not several_results(flow):
        return flow
    once = w.flush(single(flow), w.names.take("y"))
    return tuple(each.but(text=once.text, simple=True) for each in parts(flow))


def _comprehended(
    w: ClassWriter, node: e.Comprehension, trips: s.Symbol, lists: dict[str, TensorList]
) -> TensorList:
    """As many values as the constructor's caller says, as a list comprehension."""
    over = forward_iterable(w, node.iterable, None)
    w.contexts.append(Loop(node.names, None, len(w.loops) + 1, trips))
    try:
        with loop_scope(w, node.names, node.iterable, trips):
            element = single(arithmetic(w, node.element))
            conditions = tuple(w.value(condition) for condition in node.conditions)
            if lists and conditions:
                raise w.error(
                    "E519",
                    "how many values this lists depends on an argument of the constructor",
                    node.span,
                )
            tests = "".join(f" if {w.forward_text(condition, 2)}" for condition in conditions)
    finally:
        w.contexts.pop()
    bound = tuple(f"{name}_channels" if name in lists else name for name in node.names)
    dims = tuple(
        (
            s.Symbol("loop", Comprehension(bound, dim, trips, conditions))
            if conditions
            else _same_sizes(dim, axis, lists) or listing(bound, dim, trips)
        )
        for axis, dim in enumerate(element.shape)
    )
    count = s.call("len", [dims[0]]) if conditions else s.index_count(trips)
    text = f"[{element.text} for {', '.join(node.names)} in {over}{tests}]"
    return TensorList(
        dims,
        text,
        count,
        simple=False,
        total=None if conditions or lists else summed(bound, trips)(element.channels),
    )


def _same_sizes(dim: Any, axis: int, lists: dict[str, TensorList]) -> Any:
    """The heights or widths that one of the lists has already, if those of what is made are."""
    for source in lists.values():
        made = getattr(dim, "op", None) == "index" and dim.args[0]
        if axis and made and s.same(made, source.shape[axis]):
            return made
    return None


def _formula(w: ClassWriter, node: e.Expr) -> Any:
    if isinstance(node, e.Binary) and node.op in ("+", "-", "*", "/"):
        left, right = _formula(w, node.left), _formula(w, node.right)
        if not isinstance(left, Tensor) and not isinstance(right, Tensor):
            return s.binary(node.op, left, right)
        return _operate(w, node.op, left, right)
    if isinstance(node, e.Unary) and node.op == "-":
        value = _formula(w, node.operand)
        if isinstance(value, Tensor):
            return value.but(text=f"-{operand(value.text, '*')}", simple=False)
        return s.negate(value)
    if isinstance(node, (e.Name, e.Index, e.Input)):
        value = w.value(node)
        if isinstance(value, Tensor):
            return value.but(stride=value.stride)
        return value
    return w.value(node)


def _operate(w: ClassWriter, op: str, left: Any, right: Any) -> Tensor:
    level = LEVELS[op]
    texts = []
    for value, side in ((left, level), (right, level + 1)):
        if isinstance(value, Tensor):
            texts.append(f"({value.text})" if level_of(value.text) < side else value.text)
        else:
            texts.append(w.forward_text(value, side))
    tensors = [value for value in (left, right) if isinstance(value, Tensor)]
    return Tensor(common(tensors), f" {op} ".join(texts), stride=stride_of(tensors), fresh=True)

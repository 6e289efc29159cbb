"""Loops of the constructor: their headers, their names, and who reads them."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from archdsl import expr as e
from archdsl.emit import symbol as s
from archdsl.emit.code import Block, Code, mentions, variables_in
from archdsl.emit.evaluate import listing, spread
from archdsl.emit.sizes import evened, sources
from archdsl.emit.tensor import Tensor, TensorList, listed
from archdsl.ir import program as p

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archdsl.emit.writer import ClassWriter

_SPELLED = ("range", "enumerate", "zip", "reversed")


def loop_header(
    w: ClassWriter, names: tuple[str, ...], iterable: e.Expr | None, count: e.Expr | None
) -> tuple[Any, str]:
    """What a loop runs over (a tuple where known, else a symbol), and `for names in ...:`.

    Over a list of values, the constructor loops over their channels.
    """
    target = ", ".join(bound_names(w, names, iterable))
    if iterable is None:
        assert count is not None
        times = w.value(count)
        trips = tuple(range(times)) if isinstance(times, int) else s.call("range", [times])
        return trips, f"for {target} in range({s.text(times)}):"
    return trips_of(w, iterable), f"for {target} in {iterable_text(w, iterable)}:"


def bound_names(w: ClassWriter, names: tuple[str, ...], iterable: e.Expr | None) -> tuple[str, ...]:
    """What a loop's names are called in the constructor, which goes over the channels of values."""
    over = lists_of(w, names, iterable)
    return tuple(f"{name}_channels" if name in over else name for name in names)


def trips_of(w: ClassWriter, iterable: e.Expr) -> Any:
    """What the constructor loops over."""
    value = w.value(iterable)
    source = listed(value)
    trips = value if source is None else source.shape[0]
    if _holds_values(trips):
        raise w.error(
            "E529",
            "the constructor and `forward` cannot loop over rows of both numbers and values",
            iterable.span,
            "make two lists of them: `for x, width in zip([a, b], [8, 16])`",
        )
    return trips


def _holds_values(trips: Any) -> bool:
    if isinstance(trips, s.Symbol):
        return any(map(_holds_values, trips.args))
    return isinstance(trips, Tensor) or (
        isinstance(trips, tuple) and any(map(_holds_values, trips))
    )


def lists_of(
    w: ClassWriter, names: tuple[str, ...], iterable: e.Expr | None
) -> dict[str, TensorList]:
    """The loop names that run over lists of values."""
    found = {}
    for name, node in sources(names, iterable):
        value = _list_of(w, node)
        if value is not None:
            found[name] = value
    return found


def _list_of(w: ClassWriter, node: e.Expr) -> TensorList | None:
    """A list of values, perhaps the other way round."""
    if isinstance(node, e.CallExpr) and node.function == "reversed":
        inner = _list_of(w, node.arguments[0].value)
        if inner is None:
            return None
        return _turned(inner)
    return listed(w.value(node))


def _turned(values: TensorList) -> TensorList:
    """A list of values the other way round."""
    dims = values.shape
    if not _alike(values):
        dims = tuple(s.slice_of(each, None, None, -1) for each in dims)
    return TensorList(dims, f"{values.text}[::-1]", values.count, items=values.items[::-1])


def values_of(w: ClassWriter, names: tuple[str, ...], iterable: e.Expr) -> dict[str, TensorList]:
    """The names that run over lists of values, each with its list in the order in which it is gone
    through."""
    turned, node = False, iterable
    while isinstance(node, e.CallExpr) and node.function == "reversed":
        turned, node = not turned, node.arguments[0].value
    found = lists_of(w, names, node)
    return {name: _turned(each) for name, each in found.items()} if turned else found


def iterable_text(w: ClassWriter, node: e.Expr) -> str:
    """The text of what a loop runs over: `range`, `enumerate` and their like stay calls."""
    if isinstance(node, e.CallExpr) and node.function in _SPELLED:
        inner = [iterable_text(w, argument.value) for argument in node.arguments]
        return spelled(node.function, inner)
    value = evened(w.value(node))
    source = listed(value)
    if source is None:
        return w.unit.value_text(w, value)
    if _alike(source):
        return f"range({w.unit.value_text(w, source.count)})"
    return w.unit.value_text(w, source.shape[0])


def spelled(function: str, inner: list[str]) -> str:
    """A call of `range`, `enumerate` or their like."""
    if function == "zip":
        inner = [*inner, "strict=True"]
    elif function == "reversed" and inner[0].startswith(("enumerate(", "zip(", "reversed(")):
        inner = [f"list({inner[0]})"]
    return f"{function}({', '.join(inner)})"


@contextmanager
def loop_scope(
    w: ClassWriter, names: tuple[str, ...], iterable: e.Expr | None, trips: Any
) -> Iterator[None]:
    """Inside, the loop's names are symbols; those of `enumerate(xs)` know that they are `xs[i]`."""
    over = lists_of(w, names, iterable)
    with w.inner_scope() as scope, w.pairs.loop(names, iterable) as pairs:
        for name in names:
            scope[name] = s.pair_of(s.name(name)) if name in pairs else s.name(name)
        if _enumerates(iterable, names):
            assert isinstance(iterable, e.CallExpr)
            items = w.value(iterable.arguments[0].value)
            if listed(items) is None and names[1] not in pairs:
                meaning = s.Symbol("index", items, s.name(names[0]))
                scope[names[1]] = s.name(names[1], meaning=meaning)
        scope.update(_rows_of(w, names, iterable))
        for name, each in over.items():
            scope[name] = _listed(name, each, names[0] if _enumerates(iterable, names) else None)
        yield


def _rows_of(
    w: ClassWriter, names: tuple[str, ...], iterable: e.Expr | None
) -> dict[str, tuple[Any, ...]]:
    """The loop names that stand for rows with values in them: of `zip` or `enumerate`."""
    found = {}
    for name, node in sources(names, iterable):
        while isinstance(node, e.CallExpr) and node.function == "reversed":
            node = node.arguments[0].value
        if not isinstance(node, e.CallExpr) or node.function not in ("zip", "enumerate"):
            continue
        columns = [_list_of(w, argument.value) for argument in node.arguments]
        if node.function == "enumerate":
            columns = [None, *columns]
        if any(columns):
            found[name] = tuple(
                _cell(name, column, position) for position, column in enumerate(columns)
            )
    return found


def _cell(name: str, column: TensorList | None, position: int) -> Any:
    """What stands at a place of a row: in the constructor, the channels of a value."""
    known = s.Symbol("index", s.name(name), position)
    if column is None:
        return known
    dims = [s.index(each, s.name(f"@{name}")) for each in column.shape]
    channels = dims[0] if _alike(column) else known
    return Tensor((channels, *dims[1:]), f"{name}[{position}]", stride=None, simple=True)


def _listed(name: str, source: TensorList, counter: str | None) -> Tensor:
    """A value that a loop takes from a list: the constructor knows its channels by name."""
    position = s.name(counter or f"@{name}")
    dims = [s.index(each, position) for each in source.shape]
    if _alike(source):
        return Tensor(tuple(dims), name, stride=None, simple=True)
    channels = s.name(f"{name}_channels", meaning=dims[0] if counter else None)
    return Tensor((channels, *dims[1:]), name, stride=None, simple=True)


def _alike(source: TensorList) -> bool:
    """Whether all values of a list have the same channels."""
    return isinstance(source.shape[0], s.Symbol) and source.shape[0].op == "uniform"


def _enumerates(iterable: e.Expr | None, names: tuple[str, ...]) -> bool:
    return (
        isinstance(iterable, e.CallExpr)
        and iterable.function == "enumerate"
        and len(names) == 2
        and len(iterable.arguments) == 1
    )


def run_of(trips: Any, position: int) -> Any:
    """What a loop's names are bound to in one of its runs."""
    if isinstance(trips, s.Symbol) and trips.op == "call":
        if trips.args[0] == "enumerate" and len(trips.args) == 2:
            return (position, run_of(trips.args[1], position))
        if trips.args[0] == "zip":
            return tuple(run_of(each, position) for each in trips.args[1:])
        if trips.args[0] == "range":
            start = trips.args[1] if len(trips.args) > 2 else 0
            return start + position * (trips.args[3] if len(trips.args) > 3 else 1)
    return s.index(trips, position)


def unused(header: str, body: Code) -> str:
    """The header with `_` for names that the body does not read."""
    head, tail = header[4:].split(" in ", 1)
    kept = [name if mentions(body, name) else "_" for name in head.split(", ")]
    return _simplest(f"for {', '.join(kept)} in {tail}")


def _simplest(header: str) -> str:
    """`for _, v in enumerate(xs)` is `for v in xs`."""
    prefix = "for _, "
    if header.startswith("for _, _ in enumerate("):
        return f"for _ in {header[len('for _, _ in enumerate('):-2]}:"
    if header.startswith(prefix) and " in enumerate(" in header:
        head, tail = header[len(prefix) :].split(" in enumerate(", 1)
        if "," not in head and head != "_":
            return f"for {head} in {tail[:-2]}:"
    return header


def require_line(w: ClassWriter, item: p.Require) -> None:
    """`require c: "..."` as the constructor's `raise ValueError`."""
    condition = s.negation(w.value(item.condition))
    if not isinstance(condition, s.Symbol):
        return
    message = w.unit.fstring(w, item.message)
    w.init.append(Block(header=f"if {s.text(condition)}:", body=[f"raise ValueError({message})"]))


def starts_anew(body: p.Region) -> bool:
    """Whether a run takes nothing from the one before."""
    made = [item for item in body.items if not isinstance(item, (p.Let, p.Require))]
    return bool(made) and _anew(made[0])


def _anew(item: Any) -> bool:
    match item:
        case p.From():
            return True
        case p.If():
            return item.otherwise is not None and all(
                starts_anew(arm) for arm in (item.then, item.otherwise)
            )
        case p.Merge():
            return item.branches is not None and all(_anew(branch) for branch in item.branches)
        case p.Branch():
            return starts_anew(item.body)
        case p.BranchLoop():
            return all(_anew(branch) for branch in item.branches)
        case p.BranchIf():
            return all(_anew(branch) for branch in (*item.then, *item.otherwise))
        case p.Let() | p.Require():
            return True
        case _:
            return False


# Strides


def rerun(before: Tensor, after: Tensor, names: tuple[str, ...], trips: Any) -> Tensor:
    """What a loop leaves, of what one run made: the strides of its runs multiply."""
    if before.stride is None or after.stride is None or s.same(before.stride, after.stride):
        return after
    if not s.same(before.stride, (1, 1)):
        return after.but(stride=None)
    sides = tuple(_through(side, names, trips) for side in after.stride)
    return after.but(stride=None if None in sides else sides)


def _through(stride: Any, names: tuple[str, ...], trips: Any) -> Any:
    """The stride of all runs together; None where a local of the loop has it."""
    if variables_in(stride):
        return None
    if not isinstance(trips, s.Symbol):
        steps = [s.substitute(stride, spread(names, trip)) for trip in trips]
        return s.product(steps)
    if s.names_in(stride, expand=True).isdisjoint(names):
        return s.binary("**", stride, s.index_count(trips))
    return s.call("prod", [listing(names, stride, trips)])

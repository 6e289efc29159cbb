"""Loops of the constructor: their headers, their names, and who reads them."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from archdsl import expr as e
from archdsl.emit import symbol as s
from archdsl.emit.code import Block, Code, mentions
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
    over = lists_of(w, names, iterable)
    target = ", ".join(f"{name}_channels" if name in over else name for name in names)
    if iterable is None:
        assert count is not None
        times = w.value(count)
        trips = tuple(range(times)) if isinstance(times, int) else s.call("range", [times])
        return trips, f"for {target} in range({s.text(times)}):"
    return trips_of(w, iterable), f"for {target} in {iterable_text(w, iterable)}:"


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
        dims = inner.shape
        if not _alike(inner):
            dims = tuple(s.slice_of(each, None, None, -1) for each in dims)
        return TensorList(dims, f"reversed({inner.text})", inner.count, items=inner.items[::-1])
    return listed(w.value(node))


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
        for name, each in over.items():
            scope[name] = _listed(name, each, names[0] if _enumerates(iterable, names) else None)
        yield


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
        if trips.args[0] == "range" and len(trips.args) == 2:
            return position
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

"""Loops of the constructor: their headers, their names, and who reads them."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from archdsl import expr as e
from archdsl.emit import symbol as s
from archdsl.emit.code import Block, Code, mentions
from archdsl.ir import program as p

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archdsl.emit.writer import ClassWriter

_SPELLED = ("range", "enumerate", "zip", "reversed")


def loop_header(
    w: ClassWriter, names: tuple[str, ...], iterable: e.Expr | None, count: e.Expr | None
) -> tuple[Any, str]:
    """What a loop runs over (a tuple where known, else a symbol), and `for names in ...:`."""
    target = ", ".join(names)
    if iterable is None:
        assert count is not None
        times = w.value(count)
        trips = tuple(range(times)) if isinstance(times, int) else s.call("range", [times])
        return trips, f"for {target} in range({s.text(times)}):"
    return w.value(iterable), f"for {target} in {iterable_text(w, iterable)}:"


def iterable_text(w: ClassWriter, node: e.Expr) -> str:
    """The text of what a loop runs over: `range`, `enumerate` and their like stay calls."""
    if isinstance(node, e.CallExpr) and node.function in _SPELLED:
        inner = [iterable_text(w, argument.value) for argument in node.arguments]
        if node.function == "zip":
            inner.append("strict=True")
        return f"{node.function}({', '.join(inner)})"
    return s.text(w.value(node))


@contextmanager
def loop_scope(
    w: ClassWriter, names: tuple[str, ...], iterable: e.Expr | None, trips: Any
) -> Iterator[None]:
    """Inside, the loop's names are symbols; those of `enumerate(xs)` know that they are `xs[i]`."""
    with w.inner_scope() as scope:
        for name in names:
            scope[name] = s.name(name)
        if _enumerates(iterable, names):
            assert isinstance(iterable, e.CallExpr)
            items = w.value(iterable.arguments[0].value)
            meaning = s.Symbol("index", items, s.name(names[0]))
            scope[names[1]] = s.name(names[1], meaning=meaning)
        yield


def _enumerates(iterable: e.Expr | None, names: tuple[str, ...]) -> bool:
    return (
        isinstance(iterable, e.CallExpr)
        and iterable.function == "enumerate"
        and len(names) == 2
        and len(iterable.arguments) == 1
    )


def unused(header: str, names: tuple[str, ...], body: Code) -> str:
    """The header with `_` for names that the body does not read."""
    for name in names:
        if name != "_" and not mentions(body, name):
            head, tail = header[4:].split(" in ", 1)
            kept = ["_" if each == name else each for each in head.split(", ")]
            header = f"for {', '.join(kept)} in {tail}"
    return _simplest(header)


def _simplest(header: str) -> str:
    """`for _, v in enumerate(xs)` is `for v in xs`."""
    prefix = "for _, "
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
    w.init.append(
        Block(header=f"if {s.text(condition)}:", body=[f"raise ValueError({message})"])
    )

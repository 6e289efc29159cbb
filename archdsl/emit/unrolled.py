"""Loops that are written out, as labels computed in them are attributes of the class."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from archdsl.emit import symbol as s
from archdsl.emit.evaluate import spread
from archdsl.emit.loops import loop_header, run_of, starts_anew
from archdsl.emit.pairs import known, names_of
from archdsl.emit.tensor import Flow
from archdsl.expr import Expr, Template
from archdsl.ir.walk import modules
from archdsl.node import Node

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archdsl.emit.writer import ClassWriter
    from archdsl.ir import program as p


def computed_labels(root: Node | tuple[Node, ...]) -> bool:
    """Whether any of a class's own modules in a part of it has a computed label."""
    return any(isinstance(name.base, Template) for name, _, _ in modules(root))


def decided(w: ClassWriter, condition: Any, arms: tuple[Any, ...]) -> Any:
    """The condition of an `if`: where labels in its arms hang on arguments, what it is in all uses,
    as only the labels of the arm that is taken are attributes."""
    labels = [name.base for name, _, _ in modules(arms) if isinstance(name.base, Template)]
    names = set().union(*(names_of(label.parts) for label in labels))
    return w.settled(condition) if s.symbolic([w.scope.get(name) for name in names]) else condition


def written_out(
    w: ClassWriter,
    uid: int,
    names: tuple[str, ...],
    iterable: Expr | None,
    count: Expr | None,
    body: p.Region,
    flow: Flow,
) -> Flow:
    """Each run's steps, one after another."""
    unread, anew = w.unread, starts_anew(body)
    every = runs(w, uid, names, iterable, count, body)
    for position, bound in enumerate(every):
        w.unread = anew and (unread or position + 1 < len(every))
        with run(w, position, bound):
            left = w.walk(body, flow)
            flow = flow if w.unread else w.settle_flow(left)
    w.unread = unread
    return flow


def runs(
    w: ClassWriter,
    uid: int,
    names: tuple[str, ...],
    iterable: Expr | None,
    count: Expr | None,
    place: p.Region | p.BranchLoop,
) -> list[dict[str, Any]]:
    """What the names of a loop stand for in each of its runs."""
    trips, _ = loop_header(w, names, iterable, count)
    if isinstance(trips, s.Symbol):
        length = _length(w, uid, trips)
        if length is None:
            raise w.error(
                "E511",
                "labels computed in a loop whose length is an argument of the constructor",
                place.span,
                "make them an indexed family, `name[i]:`, or put the loop into a named part",
            )
        trips = [run_of(trips, position) for position in range(length)]
    return [spread(names, trip) for trip in trips]


@contextmanager
def run(w: ClassWriter, position: int, bound: dict[str, Any]) -> Iterator[None]:
    """Inside, the loop's names are those of one run, and modules without a computed label are
    members of families."""
    outer, w.runs = w.runs, (*w.runs, position)
    try:
        with w.inner_scope() as scope:
            scope.update(bound)
            yield
    finally:
        w.runs = outer


def _length(w: ClassWriter, uid: int, trips: s.Symbol) -> int | None:
    """How often a loop runs, if that is as often in all uses."""
    found = [each for sample in w.samples for each in known(trips, sample)]
    if not found or any(not isinstance(each, (tuple, range)) for each in found):
        found = w.unit.observed(w.definition.name, uid)
    lengths = set(map(len, found))
    return lengths.pop() if len(lengths) == 1 else None

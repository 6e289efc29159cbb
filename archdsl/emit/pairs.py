"""Which of a definition's symbols stand for sizes that the file writes as pairs."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from archdsl import expr as e
from archdsl.emit import symbol as s
from archdsl.emit.evaluate import spread
from archdsl.emit.sizes import flat, sized, sources
from archdsl.ops.op import Size

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from archdsl.emit.writer import ClassWriter
    from archdsl.source import Span

# How many values of a loop's names are looked at.
SAMPLES = 64


class Pairs:
    """What is a pair follows from where a symbol comes from, and from what it was in each use."""

    def __init__(self, w: ClassWriter) -> None:
        self._w = w
        self._names: set[str] = set()

    def form(self, value: Any) -> str | None:
        """`size` of a symbol that is a pair, `sizes` of one that holds pairs."""
        if not isinstance(value, s.Symbol) or not self._hold(value):
            return None
        found = [each for sample in self._w.samples for each in known(value, sample)]
        kinds = set(map(type, found))
        if kinds & {Size, s.Pair}:
            if (
                value.op == "index"
                and int in kinds
                and not any(map(self._list, s.names_in(value, expand=True)))
            ):
                raise self._mixed(self._w.definition.span)
            return "size"
        return "sizes" if any(map(sized, found)) else None

    @contextmanager
    def loop(self, names: tuple[str, ...], iterable: e.Expr | None) -> Iterator[set[str]]:
        """Inside, a loop's names have the values that they take in the file; those that it gives
        are pairs."""
        if iterable is None:
            yield set()
            return

        def items(sample: dict[str, Any]) -> tuple[Any, ...]:
            try:
                found = self._w.evaluator.evaluate(iterable, sample)
            except LookupError:
                return ()
            return tuple(found) if isinstance(found, (tuple, range)) else ()

        held = self._hold(self._w.value(iterable)) or any(map(self._named, names_of(iterable)))
        with self._over(names, iterable, held, items) as pairs:
            yield pairs

    @contextmanager
    def comprehension(self, node: e.Comprehension, iterable: Any) -> Iterator[set[str]]:
        """The same for a comprehension, over a value."""

        def items(sample: dict[str, Any]) -> tuple[Any, ...]:
            return tuple(
                item
                for found in known(iterable, sample)
                if isinstance(found, (tuple, range))
                for item in found
            )

        with self._over(node.names, node.iterable, self._hold(iterable), items) as pairs:
            yield pairs

    @contextmanager
    def _over(
        self,
        names: tuple[str, ...],
        iterable: e.Expr,
        held: bool,
        items: Callable[[dict[str, Any]], tuple[Any, ...]],
    ) -> Iterator[set[str]]:
        w = self._w
        outer = (w.samples, self._names)
        w.samples = [
            {**sample, **spread(names, item)} for sample in outer[0] for item in items(sample)
        ][:SAMPLES]
        try:
            values = {name: [each[name] for each in w.samples if name in each] for name in names}
            kept = {name for name in names if held and any(map(sized, values[name]))}
            pairs = {name for name in kept if any(isinstance(each, Size) for each in values[name])}
            self._names = (self._names - set(names)) | kept
            for name in pairs:
                if int in map(type, values[name]) and not self._even(name, names, iterable):
                    raise self._mixed(iterable.span)
            yield pairs
        finally:
            w.samples, self._names = outer

    def _even(self, name: str, names: tuple[str, ...], iterable: e.Expr) -> bool:
        """Whether a name's list is written as pairs throughout, numbers too."""
        source = dict(sources(names, iterable)).get(name)
        if isinstance(source, e.Name):
            return self._list(source.id)
        return source is not None and flat(self._w.value(source))

    def _list(self, name: str) -> bool:
        owners = (self._w.definition.name, "")
        return any(self._w.unit.sizes.even(owner, name) for owner in owners)

    def _mixed(self, span: Span) -> Exception:
        return self._w.error(
            "E524",
            "numbers stand among oblong sizes, and `same` has no one text for both",
            span,
            "write all of them as sizes, `3x3` for 3",
        )

    def _named(self, name: str) -> bool:
        sizes, owner = self._w.unit.sizes, self._w.definition.name
        return name in self._names or sizes.pairs(owner, name) or sizes.pairs("", name)

    def _hold(self, value: Any) -> bool:
        """Whether a value comes from what is written as pairs."""
        if isinstance(value, s.NamedList):
            return self._named(value.name)
        if isinstance(value, tuple):
            return s.has_oblong(value) or any(map(self._hold, value))
        if not isinstance(value, s.Symbol):
            return False
        if value.op == "name":
            return self._named(value.args[0]) or self._hold(value.meaning)
        if value.op == "loop":
            return self._hold(value.args[0].iterable) or self._hold(value.args[0].element)
        if value.op == "ternary":
            return self._hold((value.args[0], value.args[2]))
        return any(map(self._hold, value.args))


def known(value: Any, sample: dict[str, Any]) -> tuple[Any, ...]:
    """A value in one use; nothing where that hangs on more than arguments."""
    try:
        return (s.substitute(value, sample),)
    except (LookupError, TypeError):
        return ()


def names_of(node: Any) -> set[str]:
    """The names in an expression."""
    if isinstance(node, e.Name):
        return {node.id}
    if isinstance(node, tuple):
        return set().union(*map(names_of, node))
    if isinstance(node, (e.Expr, e.Argument)):
        return set().union(*(names_of(getattr(node, field)) for field in type(node)._fields))
    return set()

"""Branches and residuals: values that part and meet again."""

from __future__ import annotations

from archdsl.analysis import merge
from archdsl.analysis.calls import Calls, without_batch
from archdsl.analysis.merge import Side, head
from archdsl.analysis.notes import error
from archdsl.analysis.notes import place as place_of
from archdsl.analysis.places import Place
from archdsl.analysis.trail import trail
from archdsl.analysis.value import (
    POISON,
    Value,
    stride_between,
)
from archdsl.ir import program as p
from archdsl.limits import LIMITS, more
from archdsl.ops.table import lookup
from archdsl.source import Span
from archdsl.values import show

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any


class Joins(Calls):
    """Runs merges, splits, dense bodies and residuals."""

    def _sides(
        self, items: tuple[p.BranchItem, ...], stream: Any, place: Place, feed: Any = None
    ) -> list[Side]:
        """The branches run, each on the stream (or on what `feed` gives it)."""
        sides: list[Side] = []
        for item in items:
            if isinstance(item, p.Branch):
                given = stream if feed is None else feed(len(sides), item.span)
                mark = len(self.nodes)
                result = self.region(item.body, given, place)
                value = self.single(result, item.span, "this branch")
                looped = self.session.frames[-1].kind == "iteration"
                name = "" if item.name is None or looped else f"`{item.name}`"
                sides.append(Side(value, name, item.span, self.nodes[mark:]))
            elif isinstance(item, p.BranchIf):
                holds = self.session.evaluator.truth(item.condition, self.scope)
                self.observe(item.uid, stream, stream, holds)
                arm = item.then if holds else item.otherwise
                sides += self._sides(arm, stream, place, _shifted(feed, len(sides)))
            elif isinstance(item, p.BranchLoop):
                sides += self._branch_loop(item, stream, place, _shifted(feed, len(sides)))
            else:
                self.item(item, stream, place)
        return sides

    def _branch_loop(self, item: p.BranchLoop, stream: Any, place: Place, feed: Any) -> list[Side]:
        evaluator = self.session.evaluator
        if item.repeat:
            found = evaluator.evaluate(item.iterable, self.scope)
            if type(found) is not tuple:
                count = evaluator.integer(item.iterable, self.scope, "a count")
                evaluator.budget.spend(count, item.span)
                found = tuple(range(count))
            values = found
        else:
            values = evaluator.iterate(item.iterable, self.scope)
        sides: list[Side] = []
        for position, value in enumerate(values):
            frame = self.iteration(item.names, value, position, len(values), item.iterable.span)
            self.session.frames.append(frame)
            try:
                within = place.run(position)
                sides += self._sides(item.branches, stream, within, _shifted(feed, len(sides)))
            finally:
                self.session.frames.pop()
            if sides and sides[-1].value is POISON:
                break
        self.observe(item.uid, stream, stream, values)
        return sides

    def _merge(self, item: p.Merge, stream: Any, place: Place) -> Any:
        if item.branches is None:
            sides = self._arriving(item, stream)
        else:
            sides = _numbered(self._sides(item.branches, stream, place))
        if any(side.value.shape is None for side in sides):
            return POISON
        if not sides:
            notes = tuple(self._empty(item.branches or (), item.span))
            raise error("E211", f"`{item.op}` has nothing to join", head(item), notes=notes)
        result = self.join(item, item.op, sides, place)
        self.observe(item.uid, stream, result)
        return result

    def _empty(self, items: tuple[p.BranchItem, ...], seen_from: Span) -> Iterator[str]:
        """Why a merge has no branches, though some are written."""
        for item in items:
            where = place_of(item.span, seen_from)
            if isinstance(item, p.BranchLoop):
                yield f"the loop at {where} goes over nothing"
            elif isinstance(item, p.BranchIf):
                yield f"the `if` at {where} does not hold"

    def _arriving(self, item: p.Merge, stream: Any) -> list[Side]:
        if isinstance(stream, Value):
            if stream is POISON:
                return [Side(POISON, "", item.span)]
            raise error(
                "E206",
                f"`{item.op}` joins several values, and one arrives",
                item.span,
                help=f"give it branches, `{item.op} {{ ... }}`, or `from (a, b) -> {item.op}`",
            )
        for number, value in enumerate(stream, 1):
            if isinstance(value, tuple):
                raise error(
                    "E206",
                    f"value {number} of those that `{item.op}` joins is a list of {len(value)}",
                    item.span,
                    help=f"join the list first: `from xs -> {item.op} as one`, then "
                    f"`from (one, ...) -> {item.op}`",
                )
        return [
            Side(
                self.single(value, item.span, f"`{item.op}`"),
                f"value {number}",
                item.span,
                apart=False,
            )
            for number, value in enumerate(stream, 1)
        ]

    def _split(self, item: p.Split, stream: Any, place: Place) -> Any:
        widths = self._widths(item, stream)
        if widths is None:
            return POISON
        value = stream
        shapes = tuple((width, *value.shape[1:]) for width in widths)
        cost = self.session.functional("split", shapes, stored=False)
        path = self.paths.functional(place, "split")
        parts = self.leaves(item, path, cost, (value,), value.reach)
        if item.branches is None:
            self.observe(item.uid, stream, parts)
            return parts

        def feed(position: int, span: Span) -> Value:
            if position < len(parts):
                return parts[position]
            raise error(
                "E212",
                f"a branch too many: `split` makes {len(parts)} parts",
                span,
                others=((head(item), f"{len(parts)} parts"),),
            )

        sides = _numbered(self._sides(item.branches, stream, place, feed))
        if any(side.value.shape is None for side in sides):
            return POISON
        if len(sides) != len(parts):
            raise error(
                "E212",
                f"`split` makes {len(parts)} parts, for {len(sides)} branches",
                head(item),
                help="a branch that is `identity` passes its part on",
            )
        result = self.join(item, item.join, sides, place)
        self.observe(item.uid, stream, result)
        return result

    def _widths(self, item: p.Split, stream: Any) -> tuple[int, ...] | None:
        value = self.single(stream, item.span, "`split`")
        if not value.batched:
            raise without_batch("split", head(item))
        parts = self.session.evaluator.evaluate(item.parts, self.scope)
        if value.shape is None:
            return None
        channels = value.shape[0]
        span = item.parts.span
        if type(parts) is tuple:
            if not all(type(part) is int and part > 0 for part in parts) or not parts:
                raise error("E402", "the parts of a split are ints above 0", span)
            if sum(parts) != channels:
                raise error(
                    "E203",
                    f"the parts of this split are {sum(parts)} channels of {channels}",
                    span,
                    help=(
                        f"the last part would be {channels - sum(parts[:-1])}"
                        if channels > sum(parts[:-1])
                        else None
                    ),
                )
            return parts
        count = self.session.evaluator.integer(item.parts, self.scope, "a number of parts", 1)
        if count > LIMITS["items"]:
            message = f"a split into more than {LIMITS['items']:,} parts"
            raise error("E405", message, span, help=more("items"))
        if channels % count:
            raise error(
                "E203",
                f"{channels} channels do not divide into {count} parts",
                span,
                help=(
                    f"give the widths: `split([{channels - (count - 1) * (channels // count)}"
                    + f", {channels // count}" * (count - 1)
                    + "])`"
                    if 1 < count <= min(channels, 8)
                    else None
                ),
            )
        return (channels // count,) * count

    def _dense(self, item: p.Dense, stream: Any, place: Place) -> Any:
        value = self.single(stream, item.span, "`dense`")
        mark = len(self.nodes)
        result = self.region(item.body, stream, place)
        made = self.single(result, item.span, "the body")
        if value.shape is None or made.shape is None:
            return POISON
        sides = [
            Side(value, "the input", item.span, apart=False),
            Side(made, "the body", item.body.span, self.nodes[mark:]),
        ]
        shape = merge.concat(sides, head(item), "dense", "E205")
        joined = self.joined(item, "concat", shape, (value, made), place)
        self.observe(item.uid, stream, joined)
        return joined

    def _residual(self, item: p.Residual, stream: Any, place: Place) -> Any:
        value = self.single(stream, item.span, "`residual`")
        mark = len(self.nodes)
        body = self.single(self.region(item.body, value, place), item.span, "the body")
        made = Side(body, "the body", item.body.span, self.nodes[mark:])
        if value.shape is None or body.shape is None:
            return POISON
        projected, skip = self._skip(item, value, body, place)
        if skip is not None and skip.shape is None:
            return POISON
        if item.scale is not None:
            body = self._scaled(item, body, place)
        if skip is None:
            self.observe(item.uid, stream, body, None)
            return body
        stride = stride_between(value, made.value)
        if not _addable(body.shape, skip.shape):
            norm = any(_is_norm(cost.op) for cost in self.costs_of(made.nodes))
            side = Side(skip, "the skip", item.skip_span)
            projection = merge.projection(made, stride, norm, self._visible())
            widths = made.shape[0] != side.shape[0]
            maker = trail(self, body, 0, item.skip_span) if widths else ()
            raise merge.residual_mismatch(
                made, side, item.skip_span, stride, projected, projection, _gap(item), maker
            )
        assert body.shape is not None and skip.shape is not None
        shape = tuple(map(max, body.shape, skip.shape))
        result = self.joined(item, "add", shape, (body, skip), place)
        self.observe(item.uid, stream, result, projected)
        return result

    def _visible(self) -> set[str]:
        """The numbers that have a name everywhere in the definition."""
        lets = [item for item in self.definition.body.items if isinstance(item, p.Let)]
        params = [param.name for param in self.definition.params]
        return {*params, *self.session.roots.names, *(name for let in lets for name in let.names)}

    def _skip(
        self, item: p.Residual, value: Value, body: Value, place: Place
    ) -> tuple[bool, Value | None]:
        """Whether the input was projected, and what is added; None where nothing is."""
        if item.skip == "none":
            return False, None
        if item.condition is not None and not self.session.evaluator.truth(
            item.condition, self.scope
        ):
            return False, None
        if item.projection is None:
            return False, value
        assert value.shape is not None and body.shape is not None
        moved = stride_between(value, body) != (1, 1)
        if item.skip == "identity" and value.shape[0] == body.shape[0] and not moved:
            return False, value
        result = self.region(item.projection, value, place)
        return True, self.single(result, item.projection.span, "the projection")

    def _scaled(self, item: p.Residual, body: Value, place: Place) -> Value:
        assert item.scale is not None and body.shape is not None
        scale = self.session.evaluator.evaluate(item.scale, self.scope)
        if isinstance(scale, Value):
            shape = merge.elementwise(
                [Side(body, "the body", item.span), Side(scale, "the scale", item.scale.span)],
                item.scale.span,
                "scale",
                "E208",
            )
            return self.joined(item, "scale", shape, (body, scale), place)
        if isinstance(scale, bool) or not isinstance(scale, (int, float)):
            raise error("E402", f"a scale is a number, not {show(scale)}", item.scale.span)
        if scale == 1:
            return body
        return self.joined(item, "scale", body.shape, (body,), place, (("factor", scale),))


def _gap(item: p.Residual) -> merge.Gap | None:
    """Where the projection of a residual would go that has none."""
    if item.skip != "identity" or item.projection is not None or item.condition is not None:
        return None
    written = item.skip_span.start > item.body.span.start
    end = (item.skip_span if written else item.body.span).end
    place = Span(source=item.span.source, start=end, end=end)
    return place, " else" if written else " skip identity else"


def _numbered(sides: list[Side]) -> list[Side]:
    """Branches without a label of their own are known by their number."""
    for number, side in enumerate(sides, 1):
        side.name = side.name or f"branch {number}"
    return sides


def _addable(body: Any, skip: Any) -> bool:
    """Equal, or one of them a single pixel that torch spreads over the other."""
    if body == skip:
        return True
    if len(body) != 3 or len(skip) != 3 or body[0] != skip[0]:
        return False
    return (1, 1) in (body[1:], skip[1:])


def _shifted(feed: Any, by: int) -> Any:
    """A feed for branches that come after `by` others."""
    if feed is None:
        return None
    return lambda position, span: feed(position + by, span)


def _is_norm(name: str) -> bool:
    op = lookup(name)
    return op is not None and op.norm

"""What holds items: groups, parts, loops, conditions, side heads."""

from __future__ import annotations

from archdsl.analysis.joins import Joins
from archdsl.analysis.notes import Frame, error
from archdsl.analysis.places import Place
from archdsl.analysis.value import (
    POISON,
)
from archdsl.ir import program as p
from archdsl.ir.design import (
    AuxHead,
)
from archdsl.values import show

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Containers(Joins):
    """Runs items that hold others."""

    def _group(self, item: p.Group, stream: Any, place: Place) -> Any:
        if item.name is None and not (place.sequential and item.body.sequential):
            result = self.region(item.body, stream, place)
        else:
            path = self.paths.module(item.name, place, "group")
            section = self.open(item, "group", path, stream)
            result = self.region(item.body, stream, Place(path, item.body.sequential))
            self.close(section, result)
        self.observe(item.uid, stream, result)
        return result

    def _part(self, item: p.Part, stream: Any, place: Place) -> Any:
        inner, path = place, ""
        if item.name is not None:
            path = self.paths.module(item.name, place, item.kind)
            inner = Place(path, item.body.sequential)
        section = self.open(item, item.kind, path, stream)
        self.session.frames.append(Frame(item.kind, path))
        try:
            result = self.region(item.body, stream, inner)
            if item.dims is not None and result is not POISON:
                name = f"`{item.kind} {path}`" if path else item.kind
                value = self.single(result, item.span, f"the shape of {name}")
                self.guarded(self.check_dims, item.dims, value, item.span, item.kind)
        finally:
            self.session.frames.pop()
            self.close(section, POISON)
        self.observe(item.uid, stream, result)
        section.outputs = self.shapes(result)
        return result

    def _repeat(self, item: p.Repeat, stream: Any, place: Place) -> Any:
        times = self.session.evaluator.integer(item.times, self.scope, "a count")
        if times > self.session.max_nodes:
            self._too_many(item.times.span)
        names = (item.variable,) if item.variable is not None else ()
        return self._loop(item, names, range(times), stream, place)

    def _for(self, item: p.For, stream: Any, place: Place) -> Any:
        values = self.session.evaluator.iterate(item.iterable, self.scope)
        return self._loop(item, item.names, values, stream, place)

    def _loop(
        self, item: p.Repeat | p.For, names: tuple[str, ...], values: Any, stream: Any, place: Place
    ) -> Any:
        before, section, inner = stream, None, place
        if item.container is not None or (place.sequential and not item.inline):
            path = self.paths.module(item.container, place, "repeat")
            section = self.open(item, "repeat", path, stream)
            # What takes several values is in no `nn.Sequential`, but a member of a family.
            member = place.runs and isinstance(stream, tuple)
            inner = Place(path, True, joint="_" if member else ".")
        where = item.iterable.span if isinstance(item, p.For) else item.times.span
        for position, value in enumerate(values):
            frame = self.iteration(names, value, position, len(values), where)
            self.session.frames.append(frame)
            try:
                within = inner if section is not None else place.run(position)
                stream = self.region(item.body, stream, within)
            finally:
                self.session.frames.pop()
            if stream is POISON:
                break
        if section is not None:
            self.close(section, stream)
        self.observe(item.uid, before, stream, values)
        return stream

    def _if(self, item: p.If, stream: Any, place: Place) -> Any:
        holds = self.session.evaluator.truth(item.condition, self.scope)
        arm = item.then if holds else item.otherwise
        result = stream if arm is None else self.region(arm, stream, place)
        self.observe(item.uid, stream, result, holds)
        return result

    def _aux(self, item: p.Aux, stream: Any, place: Place) -> Any:
        weight = None
        if item.weight is not None:
            weight = self.session.evaluator.evaluate(item.weight, self.scope)
            if isinstance(weight, bool) or not isinstance(weight, (int, float)):
                raise error("E402", f"a weight is a number, not {show(weight)}", item.weight.span)
        if stream is POISON:
            return stream
        section = self.open(item, "aux", "", stream)
        try:
            result = self.item(item.step, stream, place)
        finally:
            self.close(section, POISON)
        if result is POISON:
            return stream
        head = self.single(result, item.span, f"the side head `{item.name}`")
        if head.shape is None:
            return stream
        section.outputs = (head.shape,)
        path = item.name if not place.prefix else f"{place.prefix}.{item.name}"
        self.aux.append(AuxHead(path=path, output=head.shape, weight=weight))
        self.observe(item.uid, stream, head, weight)
        return stream

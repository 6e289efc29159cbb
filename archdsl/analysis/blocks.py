"""Calls of definitions and externs: values sorted to inputs, instances put in place."""

from __future__ import annotations

from archdsl import expr as e
from archdsl.analysis.notes import error
from archdsl.analysis.plans import Target
from archdsl.analysis.state import State
from archdsl.analysis.value import (
    POISON,
    Value,
    through,
)
from archdsl.ir import program as p
from archdsl.ir.design import (
    AuxHead,
    Instance,
    Observation,
    Sub,
    join,
)
from archdsl.ir.evaluate import Poisoned, Scope

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Blocks(State):
    """Applies definitions and externs."""

    def _block(self, item: p.Call, target: Target, stream: Any, path: str, reused: bool) -> Any:
        assert target.callee is not None
        definition = self.session.definitions.get(target.callee.name)
        if definition is None:  # it was found wrong by an earlier phase
            raise Poisoned
        flows = self._ports(definition, stream, item)
        if flows is None:
            return POISON
        relaxed = self.relaxed or not self._declared(definition, flows)
        arguments = tuple(zip(target.names, target.values))
        instance = self.session.instance(definition, arguments, flows, item.span, relaxed)
        if instance.failed:
            self.failed = True
            return POISON
        values = _flatten(flows)
        seen = self.observed.setdefault(item.uid, {})
        if instance not in seen:
            seen[instance] = Observation(
                instance.inputs, instance.outputs, instance.arguments, instance
            )
        return self._use(item, instance, values, path, reused)

    def _use(
        self,
        item: p.Call,
        instance: Instance,
        values: tuple[Value, ...],
        path: str,
        reused: bool,
    ) -> Any:
        first = self.next
        self.next += len(instance.outputs)
        self.size += instance.totals.nodes
        if self.size > self.session.max_nodes:
            self._too_many(item.span)
        self.nodes.append(
            Sub(item, path, instance, tuple([value.number for value in values]), first, reused)
        )
        self.totals.add(instance.totals, reused)
        if not reused:
            for head in instance.aux:
                self.aux.append(
                    AuxHead(path=join(path, head.path), output=head.output, weight=head.weight)
                )
        made = [
            Value(shape, through(values, inner), first + place, batched)
            for place, (shape, inner, batched) in enumerate(
                zip(instance.outputs, instance.reach, instance.batched)
            )
        ]
        return _restore(made, instance.structure[len(instance.definition.inputs) :])

    def _ports(self, definition: p.Definition, stream: Any, item: p.Call) -> tuple[Any, ...] | None:
        """What arrives, sorted to a definition's inputs."""
        ports = definition.inputs
        if len(ports) == 1:
            if not ports[0].many:
                value = self.single(stream, item.span, f"`{definition.name}`")
                return None if value.shape is None else (value,)
            stream = (stream if isinstance(stream, tuple) else (stream,),)
        elif not isinstance(stream, tuple) or len(stream) != len(ports):
            count_ = len(stream) if isinstance(stream, tuple) else 1
            names = ", ".join(f"`{port.name}`" for port in ports)
            raise error(
                "E207",
                f"`{definition.name}` takes {len(ports)} values ({names}), and {count_} "
                f"arrive{'s' if count_ == 1 else ''}",
                item.span,
                others=((ports[0].span.to(ports[-1].span), "its inputs"),),
                help=f"`from ({', '.join(str(port.name) for port in ports)}) -> {definition.name}` gives "
                "several",
            )
        flows: list[Any] = []
        for port, flow in zip(ports, stream):
            if port.many:
                members = _flatten(flow) if isinstance(flow, tuple) else (flow,)
                flows.append(members)
            else:
                flows.append(self.single(flow, item.span, f"`{port.name}`"))
        if any(value.shape is None for value in _flatten(tuple(flows))):
            return None
        return tuple(flows)

    def _declared(self, definition: p.Definition, flows: tuple[Any, ...]) -> bool:
        """Whether a model used as a step (or cut for its taps) gets the size that it declares,
        as far as that is plain. Blocks declare none."""
        for port, flow in zip(definition.inputs, flows):
            if port.dims is None or not isinstance(flow, Value):
                continue
            for dim, have in zip(port.dims, flow.shape or ()):
                if isinstance(dim, e.Number) and dim.value != have:
                    return False
                if dim is not None and not isinstance(dim, (e.Number, e.Open)):
                    return False
        return True

    def _extern(self, item: p.Call, target: Target, stream: Any, path: str) -> Any:
        assert target.callee is not None
        extern = self.session.externs.get(target.callee.name)
        if extern is None:
            raise Poisoned
        value = self.single(stream, item.span, f"`{extern.name}`")
        if value.shape is None:
            return POISON
        given = tuple(zip(target.names, target.values))
        arguments = self.session.complete(extern, given, (value,), item.span)
        shape = value.shape
        if extern.dims is not None:
            scope = Scope(self.session.roots)
            scope.names.update(arguments)
            scope.names["in"] = value
            integer = self.session.evaluator.integer
            shape = tuple(integer(dim, scope, "a size", 1) for dim in extern.dims)
        cost = self.session.functional(extern.name, (shape,))
        seen = self.observed.setdefault(item.uid, {})
        key = (value.shape, shape, tuple(arguments.values()))
        if key not in seen:
            seen[key] = Observation((value.shape,), (shape,), arguments, target.callee)
        return self.leaf(item, path, cost, (value,), value.reach)


def _flatten(flows: tuple[Any, ...]) -> tuple[Value, ...]:
    found: list[Value] = []
    for flow in flows:
        if isinstance(flow, tuple):
            found += _flatten(flow)
        else:
            found.append(flow)
    return tuple(found)


def _restore(values: list[Value], structure: tuple[int | None, ...]) -> Any:
    """Values as the outputs of a definition: one, or a tuple with lists in it."""
    flows: list[Any] = []
    start = 0
    for length in structure:
        if length is None:
            flows.append(values[start])
            start += 1
        else:
            flows.append(tuple(values[start : start + length]))
            start += length
    return flows[0] if len(flows) == 1 else tuple(flows)

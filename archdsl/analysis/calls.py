"""Calls and nodes: the part of a run that applies ops, blocks, parameters and shared modules."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NoReturn

from archdsl import expr as e
from archdsl.analysis import merge
from archdsl.analysis.merge import Side
from archdsl.analysis.notes import dims, error
from archdsl.analysis.places import Paths, Place
from archdsl.analysis.session import Session, Stop
from archdsl.analysis.value import POISON, Reach, Value, advance, meet, through
from archdsl.diagnostics import Diagnostic, Label, SpecError
from archdsl.ir import program as p
from archdsl.ir.design import (
    AuxHead,
    Callee,
    Cost,
    Instance,
    Leaf,
    Observation,
    Sub,
    Totals,
    count,
    flat,
    join,
)
from archdsl.ir.evaluate import Handle, Scope
from archdsl.ops.op import Op, OpError, Shape, Size
from archdsl.ops.table import OPS
from archdsl.source import Span
from archdsl.values import kind, show

# A value that many convolutions lead to keeps the first few of them for the bias warning.
_PENDING = 8

_CONSTANTS = frozenset({e.Number, e.Text, e.Truth, e.Null, e.SizeLiteral})


class Plan:
    """What stays the same over all runs of a call.

    Of an op: its names with a bias that the text decides, whether it does, which parameters take
    tensors. `values` where all arguments are constants. `costs` remembers by values and shape.
    """

    __slots__ = ("bias", "costs", "exprs", "flowing", "names", "values")

    def __init__(self, call: p.Call) -> None:
        self.names = tuple(argument.parameter for argument in call.arguments)
        self.exprs = tuple(argument.value for argument in call.arguments)
        self.values: tuple[Any, ...] | None = None
        self.bias: bool | None = None
        self.flowing: frozenset[str] = frozenset()
        self.costs: dict[Any, Cost] = {}
        constant = all(type(node) in _CONSTANTS for node in self.exprs)
        if call.kind == "op":
            op = call.op if call.op is not None else OPS[call.callee]
            self.flowing = flowing(op)
            self.bias = default_bias(op, self.names, call)
            if self.bias is not None:
                self.names = (*self.names, "bias")
        if constant:
            extra = () if self.bias is None else (self.bias,)
            self.values = tuple(_constant(node) for node in self.exprs) + extra


def flowing(op: Op) -> frozenset[str]:
    """The parameters of an op that take tensors."""
    return frozenset(q.name for q in op.parameters if q.type == "value")


def default_bias(op: Op, names: tuple[str, ...], call: p.Call) -> bool | None:
    """Whether an op without a `bias` argument has one, by the text; None where that isn't asked."""
    if not op.weighted or "bias" in names or all(q.name != "bias" for q in op.parameters):
        return None
    return call.bias is not False


def _constant(node: e.Expr) -> Any:
    if isinstance(node, e.SizeLiteral):
        return Size(node.height, node.width)
    return None if isinstance(node, e.Null) else node.value  # type: ignore[attr-defined]


class Shared:
    """A module made once: what it is, where it stands, and the input of its first use."""

    __slots__ = ("call", "first", "path", "target", "used")

    def __init__(self, call: p.Call, target: Target, path: str) -> None:
        self.call = call
        self.target = target
        self.path = path
        self.used: Span | None = None
        self.first: Shape = ()


class Target:
    """What a call applies, with its arguments; `callee` None is no step."""

    __slots__ = ("callee", "names", "values")

    def __init__(
        self,
        callee: Callee | None,
        names: tuple[str, ...] = (),
        values: tuple[Any, ...] = (),
    ) -> None:
        self.callee = callee
        self.names = names
        self.values = values


class Calls:
    """The state of a run, and what its items do with it."""

    def __init__(
        self,
        session: Session,
        definition: p.Definition,
        arguments: dict[str, Any],
        flows: tuple[Any, ...],
        relaxed: bool,
    ) -> None:
        self.session = session
        self.definition = definition
        self.arguments = arguments
        self.flows = flows
        self.relaxed = relaxed
        self.scope = Scope(session.roots)
        self.scope.names.update(arguments)
        evaluator = session.evaluator
        self.paths = Paths(
            lambda template: evaluator.template(template, self.scope),
            lambda index: evaluator.evaluate(index, self.scope),
        )
        self.inputs: list[Value] = []
        self.structure: list[int | None] = []
        self.next = 0
        self.size = 0
        self.nodes: list[Any] = []
        self.totals = Totals()
        self.stack: list[tuple[list[Any], Totals]] = []
        self.aux: list[AuxHead] = []
        self.normed: set[int] = set()
        self.observed: dict[int, dict[Any, Observation]] = {}
        self.failed = False

    # Reports

    def report(self, problem: SpecError) -> None:
        self.session.report(problem.diagnostic)
        self.failed = True

    def stop(self, code: str, message: str, span: Span, help: str | None = None) -> NoReturn:
        raise Stop(error(code, message, span, help=help))

    def item(self, item: p.Item, stream: Any, place: Place) -> Any:
        raise NotImplementedError

    # Values

    def single(self, flow: Any, span: Span, what: str) -> Value:
        """The one value of a flow; an error where several arrive."""
        if isinstance(flow, Value):
            return flow
        if any(part is POISON for part in flow):
            return POISON
        raise self._several(flow, span, what)

    def _several(self, flow: Any, span: Span, what: str) -> SpecError:
        shown = ", ".join(dims(shape) for shape in self.shapes(flow)[:4])
        return error(
            "E206",
            f"{len(flow)} values arrive where {what} takes one",
            span,
            shown,
            help="`concat` or `sum` joins them; `as (a, b)` names them",
        )

    def shapes(self, flow: Any) -> tuple[Shape, ...]:
        """The shapes of a flow, in order; none of what failed."""
        if isinstance(flow, Value):
            return () if flow.shape is None else (flow.shape,)
        if not flow:
            return ()
        return tuple(shape for part in flow for shape in self.shapes(part))

    def observe(self, uid: int, before: Any, after: Any, value: Any = None) -> None:
        """Keep what a run of an item saw, once."""
        if isinstance(value, range):
            value = tuple(value)
        inputs, outputs = self.shapes(before), self.shapes(after)
        seen = self.observed.setdefault(uid, {})
        key = (inputs, outputs, value, type(value))
        if key not in seen:
            seen[key] = Observation(inputs, outputs, {}, value)

    # Nodes

    def leaf(
        self,
        item: p.Item,
        path: str,
        cost: Cost,
        operands: tuple[Value, ...],
        reach: Reach,
        pending: tuple[Span | int, ...] = (),
        reused: bool = False,
    ) -> Value:
        """Add a node with one result."""
        number = self.next
        self.next = number + 1
        self.size += 1
        if self.size > self.session.max_nodes:
            self._too_many(item.span)
        if len(operands) == 1:
            inputs: Any = (operands[0].shape,)
            numbers: Any = (operands[0].number,)
        else:
            inputs = tuple([value.shape for value in operands])
            numbers = tuple([value.number for value in operands])
        self.nodes.append(Leaf(item, path, cost, numbers, number, inputs, reused))
        count(self.totals, cost, reused)
        return Value(cost.outputs[0], reach, number, True, pending)

    def leaves(
        self, item: p.Item, path: str, cost: Cost, operands: tuple[Value, ...], reach: Reach
    ) -> tuple[Value, ...]:
        """Add a node with several results."""
        first = self.leaf(item, path, cost, operands, reach)
        self.next = first.number + len(cost.outputs)
        return tuple(
            Value(shape, reach, first.number + offset) for offset, shape in enumerate(cost.outputs)
        )

    def _too_many(self, span: Span) -> None:
        self.stop(
            "E420",
            f"this network has more than {self.session.max_nodes:,} nodes",
            span,
            "a repeat or a recursion here is larger than meant",
        )

    def joined(
        self, item: p.Item, name: str, shape: Shape, values: tuple[Value, ...], place: Place
    ) -> Value:
        """Add a merge."""
        cost = self.session.functional(name, (shape,))
        path = self.paths.functional(place, name)
        pending = tuple(dict.fromkeys(mark for value in values for mark in value.pending))
        return self.leaf(item, path, cost, values, meet(values), pending[:_PENDING])

    def join(self, item: p.Item, op: str, sides: Sequence[Side], place: Place) -> Value:
        """Join branches: concat, sum, mul or mean."""
        if op == "concat":
            shape = merge.concat(sides, item.span)
        else:
            shape = merge.elementwise(sides, item.span, op)
        name = {"sum": "add"}.get(op, op)
        return self.joined(item, name, shape, tuple(side.value for side in sides), place)

    def arithmetic(
        self, item: p.Item, op: str, left: Any, right: Any, span: Span, place: Place
    ) -> Any:
        """`+ - *` over values, parameters and numbers, in `from`."""
        operands = tuple(side for side in (left, right) if isinstance(side, Value))
        if any(side is POISON for side in operands):
            return POISON
        for side in (left, right):
            if isinstance(side, Value) or (left is None and side is None):
                continue
            if isinstance(side, (Handle, bool)) or not isinstance(side, (int, float)):
                raise error("E402", f"`{op}` does not go between a tensor and {kind(side)}", span)
        names = {"+": "add", "-": "sub", "*": "mul"}
        if op not in names:
            raise error(
                "E402",
                f"`{op}` does not work on tensors",
                span,
                help="`from` takes `+ - *`; divide by multiplying with `1 / n`",
            )
        sides = [Side(value, "one side", span) for value in operands]
        if len(sides) == 2:
            sides[0].name, sides[1].name = "the left", "the right"
        shape = merge.elementwise(sides, span, op, "E208")
        name = "neg" if left is None else names[op]
        result = self.joined(item, name, shape, operands, place)
        result.batched = any(value.batched for value in operands)
        return result

    def costs_of(self, nodes: Sequence[Any]) -> Iterator[Cost]:
        """What nodes do, those of used definitions included."""
        for node in flat(nodes):
            if isinstance(node, Leaf):
                yield node.cost
            else:
                yield from self.costs_of(node.instance.nodes)

    def skip_span(self, item: p.Residual) -> Span:
        """The place of a skip: its own where it is known, else the residual's."""
        span = getattr(item, "skip_span", None)
        return span if span is not None else item.span

    # Calls

    def share(self, item: p.Share, stream: Any, place: Place) -> Any:
        """Make a module that several calls use."""
        try:
            target = self._target_of(item.call)
            path = self.paths.module(item.call.name, place, item.name)
        except SpecError:
            self.scope.names[item.name] = POISON
            raise
        self.scope.names[item.name] = Shared(item.call, target, path)
        return stream

    def call(self, item: p.Call, stream: Any, place: Place) -> Any:
        """Apply whatever a step names."""
        if stream is POISON:
            if place.sequential:
                place.count += 1
            return POISON
        if item.kind == "op":
            path = self.paths.module(item.name, place, item.callee)
            return self._op(item, item, self._plan(item), None, stream, path, False)
        if item.kind == "shared":
            return self._reuse(item, stream)
        target = self._target_of(item)
        if target.callee is None:
            self.observe(item.uid, stream, stream)
            return stream
        path = self.paths.module(item.name, place, target.callee.name)
        return self._apply(item, item, target, stream, path, False)

    def _reuse(self, item: p.Call, stream: Any) -> Any:
        shared = self.scope.get(item.callee)
        if not isinstance(shared, Shared):
            return POISON
        if shared.target.callee is None:
            return stream
        widths = tuple(shape[0] for shape in self.shapes(stream))
        reused = shared.used is not None
        if not reused:
            shared.used, shared.first = item.span, widths
        elif shared.first != widths:
            assert shared.used is not None
            raise error(
                "E213",
                f"the shared `{item.callee}` was made for {_widths(shared.first)}, "
                f"and gets {_widths(widths)} here",
                item.span,
                others=((shared.used, f"made for {_widths(shared.first)} here"),),
                help="one module has one width; without `share` each use has its own",
            )
        return self._apply(item, shared.call, shared.target, stream, shared.path, reused)

    def _plan(self, call: p.Call) -> Plan:
        plan = self.session.plans.get(call.uid)
        if plan is None:
            plan = self.session.plans[call.uid] = Plan(call)
        return plan

    def _values(self, plan: Plan) -> tuple[Any, ...]:
        if plan.values is not None:
            return plan.values
        evaluate = self.session.evaluator.evaluate
        values = tuple([evaluate(node, self.scope) for node in plan.exprs])
        return values if plan.bias is None else (*values, plan.bias)

    def _target_of(self, call: p.Call) -> Target:
        plan = self._plan(call)
        values = self._values(plan)
        if call.kind == "param":
            return self._parameter(call, plan, values)
        kind_ = call.kind if call.kind in ("op", "extern") else "block"
        return Target(Callee(kind=kind_, name=call.callee), plan.names, values)

    def _parameter(self, call: p.Call, plan: Plan, values: tuple[Any, ...]) -> Target:
        name = e.Name(id=call.callee, span=call.callee_span)
        found = self.session.evaluator.evaluate(name, self.scope)
        if found is None:
            return Target(None)
        if not isinstance(found, Callee):
            raise error(
                "E402",
                f"`{call.callee}` is {show(found)}, and only a block or op can be a step",
                call.callee_span,
            )
        bound = self.session.bind(found, tuple(zip(plan.names, values)), call.span)
        names = tuple([key for key, _ in bound.arguments])
        values = tuple([value for _, value in bound.arguments])
        if bound.kind == "op":
            bias = default_bias(OPS[bound.name], names, call)
            if bias is not None:
                names, values = (*names, "bias"), (*values, bias)
        return Target(bound, names, values)

    def _apply(
        self,
        item: p.Call,
        call: p.Call,
        target: Target,
        stream: Any,
        path: str,
        reused: bool,
    ) -> Any:
        """Apply a target at `item`; `call` is where it was written."""
        assert target.callee is not None
        if target.callee.kind == "op":
            return self._op(item, call, None, target, stream, path, reused)
        if target.callee.kind == "extern":
            return self._extern(item, target, stream, path)
        return self._block(item, target, stream, path, reused)

    # Ops

    def _op(
        self,
        item: p.Call,
        call: p.Call,
        plan: Plan | None,
        target: Target | None,
        stream: Any,
        path: str,
        reused: bool,
    ) -> Any:
        """Apply an op: its own call's by plan, another one's by target."""
        if plan is not None:
            op = item.op if item.op is not None else OPS[item.callee]
            names, values, takes = plan.names, self._values(plan), plan.flowing
            costs, callee = plan.costs, None
        else:
            assert target is not None and target.callee is not None
            op = OPS[target.callee.name]
            names, values, takes = target.names, target.values, flowing(op)
            costs, callee = {}, target.callee
        value = stream if isinstance(stream, Value) else self.single(stream, item.span, op.name)
        x = value.shape
        if x is None:
            return POISON
        operands: Any = (value,)
        if plan is not None and plan.values is not None:
            key: Any = x
        else:
            if takes or any([isinstance(given, Handle) for given in values]):
                operands, values = self._tensors(op, names, values, value, call)
                if operands is POISON:
                    return POISON
            key = (values, tuple(map(type, values)), x)
        cost = costs.get(key)
        if cost is None:
            try:
                cost = costs[key] = self.session.cost(op, names, values, x)
            except OpError as problem:
                raise _placed(problem, call) from None
        seen = self.observed.get(item.uid)
        if seen is None:
            seen = self.observed[item.uid] = {}
        if cost not in seen:
            inputs = (x,) if len(operands) == 1 else self.shapes(operands)
            seen[cost] = Observation(inputs, cost.outputs, cost.arguments, callee)
        if cost.norm and value.pending:
            self._normed(value.pending)
        reach = value.reach if len(operands) == 1 else meet(operands)
        if not cost.local or cost.weighted:
            reach = advance(reach, cost.weighted, cost.extent, cost.stride)
        pending: tuple[Span | int, ...] = ()
        if cost.weighted and cost.arguments.get("bias") and default_bias(op, _given(call), call):
            pending = (call.callee_span,)
        return self.leaf(item, path, cost, operands, reach, pending, reused)

    def _tensors(
        self,
        op: Op,
        names: tuple[str, ...],
        values: tuple[Any, ...],
        stream: Value,
        call: p.Call,
    ) -> tuple[Any, tuple[Any, ...]]:
        """Values that flow in beside the stream, and their shapes in their places."""
        takes = flowing(op)
        operands, plain = [stream], []
        for name, value in zip(names, values):
            if not isinstance(value, Handle):
                plain.append(value)
                continue
            if name not in takes or not isinstance(value, Value):
                raise error(
                    "E402",
                    f"`{name}` of `{op.name}` is no tensor",
                    call.span,
                    help="a tensor's sizes are `.channels`, `.height`, `.width`",
                )
            if value.shape is None:
                return POISON, ()
            operands.append(value)
            plain.append(value.shape)
        return tuple(operands), tuple(plain)

    def _normed(self, pending: tuple[Span | int, ...]) -> None:
        """A norm follows: biases before it do nothing."""
        for mark in pending:
            if isinstance(mark, int):
                self.normed.add(mark)
                continue
            self.session.bag.add(
                Diagnostic(
                    code="W601",
                    severity="warning",
                    message="this convolution keeps its bias, and a norm that follows removes it",
                    label=Label(span=mark, text="has a bias"),
                    notes=("the bias is left out where the norm is the next step by text",),
                    help="say `bias=false`, or `bias=true` if it is meant",
                )
            )

    # Blocks

    def _block(
        self, item: p.Call, target: Target, stream: Any, path: str, reused: bool
    ) -> Any:
        assert target.callee is not None
        definition = self.session.definitions[target.callee.name]
        flows = self._ports(definition, stream, item)
        if flows is None:
            return POISON
        relaxed = self.relaxed or (
            definition.kind == "model" and not self._declared(definition, flows)
        )
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
        for port in instance.normed:
            self._normed(values[port].pending)
        made = [
            Value(shape, through(values, inner), first + place, True, _carried(pending, values))
            for place, (shape, inner, pending) in enumerate(
                zip(instance.outputs, instance.reach, instance.pending)
            )
        ]
        return _restore(made, instance.structure[len(instance.definition.inputs) :])

    def _ports(
        self, definition: p.Definition, stream: Any, item: p.Call
    ) -> tuple[Any, ...] | None:
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
                help="`from (a, b) -> ...` gives several",
            )
        flows = []
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
        """Whether a model used as a step gets the size that it declares, as far as that is plain."""
        for port, flow in zip(definition.inputs, flows):
            for dim, have in zip(port.dims or (), flow.shape):
                if isinstance(dim, e.Number) and dim.value != have:
                    return False
                if dim is not None and not isinstance(dim, (e.Number, e.Open)):
                    return False
        return True

    def _extern(self, item: p.Call, target: Target, stream: Any, path: str) -> Any:
        assert target.callee is not None
        extern = self.session.externs[target.callee.name]
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


def _carried(
    pending: tuple[Span | int, ...], values: tuple[Value, ...]
) -> tuple[Span | int, ...]:
    """Biases on the way through an instance: its own, and those that came in."""
    if not pending:
        return ()
    found: dict[Span | int, None] = {}
    for mark in pending:
        if isinstance(mark, int):
            found.update(dict.fromkeys(values[mark].pending))
        else:
            found[mark] = None
    return tuple(found)[:_PENDING]


def _widths(widths: Shape) -> str:
    return " and ".join(map(str, widths)) + " channels"


def _given(call: p.Call) -> tuple[str, ...]:
    return tuple(argument.parameter for argument in call.arguments)


def _placed(problem: OpError, call: p.Call) -> SpecError:
    """An op's finding at the argument at fault, or at the step."""
    span = call.callee_span if call.arguments else call.span
    for argument in call.arguments:
        if argument.parameter == problem.parameter:
            span = argument.span
    return error(problem.code, problem.message, span, help=problem.help)



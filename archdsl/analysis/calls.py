"""Calls: ops, blocks, parameters that hold either, and shared modules."""

from __future__ import annotations

from archdsl import expr as e
from archdsl.analysis.blocks import Blocks
from archdsl.analysis.costs import cost as costs_of
from archdsl.analysis.notes import error
from archdsl.analysis.places import Place
from archdsl.analysis.plans import Plan, Shared, Target, default_bias, flowing
from archdsl.analysis.trail import since, trail
from archdsl.analysis.value import (
    POISON,
    Value,
    advance,
    meet,
)
from archdsl.diagnostics import SpecError
from archdsl.ir import program as p
from archdsl.ir.design import (
    Callee,
    Observation,
)
from archdsl.ir.evaluate import Handle
from archdsl.ops.op import Op, OpError, Shape
from archdsl.ops.table import OPS
from archdsl.source import Span
from archdsl.values import show

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Calls(Blocks):
    """Applies whatever a step names."""

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
                help=f"write it without quotes: `{found}`" if found in OPS else None,
            )
        spans = tuple([argument.span for argument in call.arguments])
        bound = self.session.bind(found, tuple(zip(plan.names, values)), call.span, spans)
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
        value = (
            stream if isinstance(stream, Value) else self.single(stream, item.span, f"`{op.name}`")
        )
        x = value.shape
        if x is None:
            return POISON
        operands: Any = (value,)
        if plan is not None and plan.values is not None:
            key: Any = x
        else:
            if takes or any(isinstance(given, Handle) for given in values):
                operands, values = self._tensors(op, names, values, value, call)
                if operands is POISON:
                    return POISON
            key = (values, tuple(map(type, values)), x)
        if not value.batched and not op.pointwise:
            raise without_batch(op.name, call.callee_span)
        cost = costs.get(key)
        if cost is None:
            try:
                cost = costs[key] = costs_of(op, names, values, x)
            except OpError as problem:
                raise _placed(problem, call, self._trail(problem, value, call)) from None
        seen = self.observed.get(item.uid)
        if seen is None:
            seen = self.observed[item.uid] = {}
        if cost not in seen:
            inputs = (x,) if len(operands) == 1 else self.shapes(operands)
            seen[cost] = Observation(inputs, cost.outputs, cost.arguments, callee)
        reach = value.reach if len(operands) == 1 else meet(operands)
        if not cost.local or cost.weighted:
            reach = advance(reach, cost.weighted, cost.extent, cost.stride)
        return self.leaf(item, path, cost, operands, reach, reused)

    def _trail(self, problem: OpError, value: Value, call: p.Call) -> tuple[str, ...]:
        """Of a map that is too small for a window, how its shorter side came about; of what is no
        map, since when."""
        shape = value.shape
        if shape is None or problem.code not in ("E230", "E232"):
            return ()
        if len(shape) != 3:
            return since(self, value, call.span)
        return trail(self, value, 1 if shape[1] <= shape[2] else 2, call.span)

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


def _widths(widths: Shape) -> str:
    return " and ".join(map(str, widths)) + " channels"


def without_batch(what: str, span: Span) -> SpecError:
    """E230: something takes apart or rearranges what flows, and gets a `param` or `const`."""
    return error(
        "E230",
        f"`{what}` works on what flows, and this is a tensor of the block's own, without a batch",
        span,
        help="write it in the shape that is needed, or combine it with a value first",
    )


def _placed(problem: OpError, call: p.Call, notes: tuple[str, ...]) -> SpecError:
    """An op's finding at the argument at fault, or at the step."""
    span = call.callee_span if call.arguments else call.span
    for argument in call.arguments:
        if argument.parameter == problem.parameter:
            span = argument.span
    help = _torch_order(problem, call)
    return error(problem.code, problem.message, span, notes=notes, help=help)


def _torch_order(problem: OpError, call: p.Call) -> str | None:
    """The op's help; of another kind for `conv(3, 64, 3)`, written as torch's."""
    first = call.arguments[:3]
    if problem.code == "E380" and [a.parameter for a in first] == ["width", "bias"]:
        features = first[1].value.span.text
        return f"input features are never written: `{call.callee}({features})`"
    numbers = [type(argument.value) in (e.Number, e.SizeLiteral) for argument in first[1:]]
    by_place = [argument.span.text == argument.value.span.text for argument in first]
    named = [argument.parameter for argument in first]
    if problem.code not in ("E232", "E235") or named != ["width", "kernel", "stride"]:
        return problem.help
    if not all(numbers) or not all(by_place):
        return problem.help
    width, kernel = first[1].value.span.text, first[2].value.span.text
    return f"input channels are never written: `{call.callee}({width}, {kernel})`"

"""Runs one definition on numbers: its items in order, each on the value before it."""

from __future__ import annotations

from collections.abc import Callable

from archdsl import expr as e
from archdsl.analysis.containers import Containers
from archdsl.analysis.fills import check_fill, check_rule
from archdsl.analysis.notes import error
from archdsl.analysis.places import Place
from archdsl.analysis.session import Stop
from archdsl.analysis.value import (
    POISON,
    Family,
    Value,
    listed,
    refusal_of_index,
    start,
)
from archdsl.diagnostics import Label, SpecError
from archdsl.ir import program as p
from archdsl.ir.design import (
    Instance,
)
from archdsl.ir.evaluate import FAILED, Poisoned, spread
from archdsl.node import replace
from archdsl.source import Span
from archdsl.values import BUILTINS, show

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# What only says that something earlier went wrong, once something has.
_FOLLOWING = frozenset({"E410"})

# What is found in a flow of nothing but values.
_VALUES = object()


class Abandon(Exception):
    """The author's own check failed: nothing more is said of this instance."""


class Runner(Containers):
    """One run of a definition. `relaxed`: spatial sizes stated in it are not held against it."""

    def run(self) -> Instance:
        """The instance; what is wrong with it was reported."""
        flows = self._enter()
        place = Place("", self.definition.body.sequential)
        stream: Any = flows[0] if len(flows) == 1 else tuple(flows)
        outputs: tuple[Any, ...] = ()
        try:
            stream = self.region(self.definition.body, stream, place)
            for rule in self.definition.init:
                self.guarded(check_rule, rule, self._value)
            outputs = self._leave(stream)
        except Abandon:
            self.failed = True
        return self._finish(outputs)

    def _enter(self) -> list[Any]:
        """The inputs as values of the instance's own, numbered in order."""
        count = sum(len(f) if isinstance(f, tuple) else 1 for f in self.flows)
        reaches = start(count)
        own: list[Any] = []
        for flow in self.flows:
            members = flow if isinstance(flow, tuple) else (flow,)
            made = []
            for member in members:
                number = self.next
                self.next += 1
                made.append(Value(member.shape, reaches[number], number, member.batched))
            self.inputs += made
            own.append(tuple(made) if isinstance(flow, tuple) else made[0])
            self.structure.append(len(made) if isinstance(flow, tuple) else None)
        names = self.scope.names
        for port, value in zip(self.definition.inputs, own):
            names[port.name or "in"] = value
            self._name_dims(port, value)
        if own:
            names.setdefault("in", own[0])
        return own

    def _name_dims(self, port: p.Port, value: Any) -> None:
        for name, dim in zip(port.dim_names, value.shape if port.dim_names else ()):
            if name is not None:
                self.scope.names[name] = dim
                self.sized.add(name)

    def _leave(self, stream: Any) -> tuple[Any, ...]:
        outputs = []
        ports = self.definition.outputs
        for port in ports:
            value = stream if port.name is None else self._output(port)
            if isinstance(value, Family):
                value = value.listed()
            if port.many and isinstance(value, Value):
                value = (value,)
            outputs.append(value)
            if isinstance(value, Value) and not value.batched and self.definition.kind == "model":
                self.report(_one_for_all(port))
            if port.dims is not None and isinstance(value, Value):
                self.guarded(self._check_output, port, value)
        return tuple(outputs)

    def _check_output(self, port: p.Port, value: Value) -> None:
        """Where the rank differs, something is missing at the end: the finding shows that, too."""
        assert port.dims is not None
        try:
            self.check_dims(port.dims, value, port.span, "output")
        except SpecError as problem:
            found = problem.diagnostic
            items = self.definition.body.items
            if port.name is None and items and len(port.dims) != len(value.shape or ()):
                end = replace(items[-1].span, start=items[-1].span.end - 1)
                if "\n" in end.source.text[port.span.end : end.start]:
                    label = Label(span=end, text="the last step ends here")
                    found = replace(found, others=(label,))
            raise SpecError(found) from None

    def _output(self, port: p.Port) -> Any:
        value = self.scope.names.get(port.name or "in", POISON)
        if value is POISON and not self.failed:
            self.report(
                error(
                    "E410",
                    f"the output `{port.name}` of `{self.definition.name}` has no value here",
                    port.span,
                    help="name it with `as` wherever this variant goes",
                )
            )
        return POISON if value is FAILED else value

    def _finish(self, outputs: tuple[Any, ...]) -> Instance:
        flat: list[Value] = []
        for port, output in enumerate(outputs):
            if isinstance(output, tuple):
                ports = self.definition.outputs
                if not (port < len(ports) and ports[port].many) and not self.failed:
                    self.report(self._several(output, self.definition.body.span, "the output"))
                self.structure.append(len(output))
                flat += output
            else:
                self.structure.append(None)
                flat.append(output)
        instance = Instance()
        instance.definition = self.definition
        instance.arguments = self.arguments
        instance.inputs = tuple(value.shape or () for value in self.inputs)
        instance.failed = self.failed or any(value.shape is None for value in flat)
        instance.outputs = tuple(value.shape or () for value in flat)
        instance.results = tuple(value.number for value in flat)
        instance.batched = tuple(value.batched for value in flat)
        instance.reach = tuple(value.reach for value in flat)
        instance.nodes = tuple(self.nodes)
        instance.totals = self.totals
        instance.structure = tuple(self.structure)
        instance.aux = tuple(self.aux)
        instance.observed = {uid: list(seen.values()) for uid, seen in self.observed.items()}
        return instance

    # Regions and items

    def item(self, item: p.Item, stream: Any, place: Place) -> Any:
        """The stream after one item; poison where it failed."""
        budget = self.session.evaluator.budget
        budget.left -= 2
        if budget.left < 0:
            self.stop("E407", "this spec takes too many steps to compute", item.span)
        arm, still = _ARMS[type(item)]
        try:
            result = arm(self, item, stream, place)
        except SpecError as problem:
            if problem.diagnostic.code == "E407":
                raise Stop(problem, self.session.frames) from None
            if not (self.failed and problem.diagnostic.code in _FOLLOWING):
                self.report(problem)
            self.failed = True
            result = stream if still else POISON
        except Poisoned:
            self.failed = True
            result = stream if still else POISON
        if item.targets:
            self._target(item, result)
        return result

    def _target(self, item: p.Item, result: Any) -> None:
        values: Any = (result,) * len(item.targets)
        if item.unpack and result is not POISON:
            if not isinstance(result, tuple) or len(result) != len(item.targets):
                count = len(result) if isinstance(result, tuple) else 1
                self.report(
                    error(
                        "E210",
                        f"{len(item.targets)} names for {count} value{'' if count == 1 else 's'}",
                        item.targets[0].span.to(item.targets[-1].span),
                    )
                )
                self.failed = True
                values = (POISON,) * len(item.targets)
            else:
                values = result
        for target, value in zip(item.targets, values):
            self.guarded(self._bind, target, value)

    def _bind(self, target: p.ValueTarget, value: Any) -> None:
        names = self.scope.names
        if not target.indices:
            names[target.base] = value
            return
        family = names.get(target.base)
        if not isinstance(family, Family):
            family = names[target.base] = Family(target.base)
        evaluate = self.session.evaluator.evaluate
        place = tuple(evaluate(index, self.scope) for index in target.indices)
        for index, node in zip(place, target.indices):
            if (reason := refusal_of_index(index)) is not None:
                raise error("E402", reason, node.span)
        if place in family.members:
            shown = ", ".join(map(show, place))
            raise error(
                "E304",
                f"`{target.base}[{shown}]` has a value already",
                target.span,
                "named again",
                help="in a loop, number them by its variable: "
                f"`for i, ... in enumerate(...)` and `as {target.base}[i]`",
            )
        family.members[place] = value

    # Values without tensors

    def _let(self, item: p.Let, stream: Any, place: Place) -> Any:
        try:
            value = self.session.evaluator.evaluate(item.value, self.scope)
            values = spread(item.names, value, item.value.span)
        except (SpecError, Poisoned):
            self.scope.names.update((name, FAILED) for name in item.names)
            raise
        self.scope.names.update(zip(item.names, values))
        self.lets.update((name, item) for name in item.names)
        if self.follows(item.value):
            self.sized.update(item.names)
        self.observe(item.uid, (), (), value)
        return stream

    def _require(self, item: p.Require, stream: Any, place: Place) -> Any:
        if self.session.evaluator.truth(item.condition, self.scope):
            return stream
        text = self.session.evaluator.template(item.message, self.scope)
        self.report(error("E412", text, item.condition.span, "does not hold"))
        raise Abandon

    def _tensor(self, item: p.Tensor, stream: Any, place: Place) -> Any:
        shape = []
        try:
            for dim in item.shape:
                value = self.session.evaluator.integer(dim, self.scope, "a size", 1)
                shape.append(value)
        except (SpecError, Poisoned):
            self.scope.names[item.name] = POISON
            raise
        elements = 1
        for value in shape:
            elements *= value
        self.guarded(self._check_fill, item.init, elements)
        learned = item.kind == "param"
        cost = self.session.functional(
            item.kind,
            (tuple(shape),),
            stored=False,
            params=elements if learned else 0,
            buffers=0 if learned else elements,
        )
        path = item.name if not place.prefix else f"{place.prefix}.{item.name}"
        reach = (None,) * len(self.inputs)
        self.scope.names[item.name] = self.leaf(item, path, cost, (), reach)
        return stream

    def _value(self, node: e.Expr) -> Any:
        return self.session.evaluator.evaluate(node, self.scope)

    def _check_fill(self, fill: e.Expr, elements: int) -> None:
        check_fill(fill, self._is_scheme(fill), elements, self._value)

    def _is_scheme(self, fill: e.Expr) -> bool:
        """Whether a tensor begins as a scheme says: by a name that has no other meaning."""
        if isinstance(fill, e.Name):
            try:
                self.scope.get(fill.id)
            except KeyError:
                return fill.id != "same" and self.session.callee(fill.id) is None
        if not isinstance(fill, e.CallExpr) or fill.function in BUILTINS:
            return False
        return all(entry.name != fill.function for entry in self.session.program.functions)

    def _from(self, item: p.From, stream: Any, place: Place) -> Any:
        evaluator = self.session.evaluator
        saved = evaluator.compute

        def compute(op: str, left: Any, right: Any, span: Span) -> Any:
            return self.arithmetic(item, op, left, right, span, place)

        evaluator.compute = compute
        try:
            result = evaluator.evaluate(item.value, self.scope)
        finally:
            evaluator.compute = saved
        result = listed(result)
        other = _other(result)
        if other is not _VALUES:
            raise error("E209", f"`from` takes values that flow, not {show(other)}", item.span)
        self.observe(item.uid, (), result)
        return result

    def _assert(self, item: p.Assert, stream: Any, place: Place) -> Any:
        if stream is not POISON:
            self.check_dims(item.dims, self.single(stream, item.span, "a shape"), item.span, "")
        return stream


def _one_for_all(port: p.Port) -> SpecError:
    return error(
        "E230",
        "a model gives a result for each image, and this is one tensor of its own for all",
        port.span,
        help="combine it with a value: `from in + ...`",
    )


def _other(value: Any) -> Any:
    """The first in a flow that is no value; `_VALUES` where all are."""
    if isinstance(value, tuple):
        return next((found for found in map(_other, value) if found is not _VALUES), _VALUES)
    return _VALUES if isinstance(value, Value) else value


_ARMS: dict[type, tuple[Callable[[Any, Any, Any, Place], Any], bool]] = {
    p.Let: (Runner._let, True),
    p.Require: (Runner._require, True),
    p.Tensor: (Runner._tensor, True),
    p.Share: (Runner.share, True),
    p.From: (Runner._from, False),
    p.Call: (Runner.call, False),
    p.Group: (Runner._group, False),
    p.Repeat: (Runner._repeat, False),
    p.For: (Runner._for, False),
    p.If: (Runner._if, False),
    p.Merge: (Runner._merge, False),
    p.Split: (Runner._split, False),
    p.Residual: (Runner._residual, False),
    p.Dense: (Runner._dense, False),
    p.Aux: (Runner._aux, True),
    p.Assert: (Runner._assert, True),
    p.Part: (Runner._part, False),
}

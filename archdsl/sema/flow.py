"""Bodies: chains of steps become items that share one stream."""

from __future__ import annotations

from archdsl import expr as e
from archdsl.diagnostics import SpecError
from archdsl.ir import program as p
from archdsl.node import replace
from archdsl.reserved import refusal_of_name
from archdsl.sema import arguments as args
from archdsl.sema import calls
from archdsl.sema.errors import error
from archdsl.sema.merges import Merges
from archdsl.sema.naming import snake_case
from archdsl.sema.place import Place
from archdsl.sema.scope import Binding
from archdsl.sema.statements import misplaced, out_of_place
from archdsl.sema.units import MERGES
from archdsl.syntax import ast

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from archdsl.sema.resolve import Resolver
    from archdsl.source import Span

# Items that are no steps: what stands behind them is still the next step.
_NO_STEPS = (p.Let, p.Require, p.Assert, p.Tensor, p.Share)


class Flow(Merges):
    """Lowers the bodies of one definition; `init` collects its rules of initialisation."""

    def __init__(
        self,
        resolver: Resolver,
        kind: str,
        tap: Callable[[ast.Call, Place, Resolver], calls.Target],
        next_uid: Callable[[], int],
        report: Callable[[SpecError], None],
    ) -> None:
        super().__init__(resolver)
        self.kind = kind
        self.tap = tap
        self.next_uid = next_uid
        self.report = report
        self.init: list[p.InitRule] = []

    # Regions

    def region(self, body: ast.Body, place: Place) -> p.Region:
        """A body's items; a statement that is wrong is reported, and the rest goes on."""
        items: list[p.Item] = []
        for number, statement in enumerate(body.statements):
            try:
                items += [_numbered(item, number) for item in self.statement(statement, place)]
            except SpecError as failure:
                self.report(failure)
                _forgive(statement, place)
        return self.as_region(items, place, body.span)

    def as_region(self, items: list[p.Item], place: Place, span: Span) -> p.Region:
        return p.Region(
            items=tuple(_with_bias(items)), sequential=place.sequential is not None, span=span
        )

    def statement(self, statement: ast.Statement, place: Place) -> list[p.Item]:
        match statement:
            case ast.Chain():
                return self.chain(statement, place)
            case ast.Let():
                return [self.let(statement, place)]
            case ast.Require():
                return [self.require(statement, place)]
            case ast.Part():
                return [self.part(statement, place)]
            case ast.Tensor():
                return [self.tensor(statement, place)]
            case ast.Share():
                return [self.share(statement, place)]
            case ast.Init():
                self.init_rules(statement, place)
                return []
            case _:
                raise TypeError(f"no rule for {type(statement).__name__}")

    def chain(self, chain: ast.Chain, place: Place) -> list[p.Item]:
        items: list[p.Item] = []
        if chain.head is not None:
            if place.sequential is not None:
                raise out_of_place("`from`", chain.head.span, place.sequential)
            value = self.resolver.resolve(chain.head, place.scope, place.flow)
            start = p.From(value=value, span=chain.head.span, uid=self.next_uid())
            items.append(self.with_targets(start, chain.result, place))
        for step in chain.steps:
            try:
                items += self.step(step, place)
            except SpecError as failure:
                self.report(failure)
                _forgive_step(step, place)
        return items

    # Steps

    def step(self, step: ast.Step, place: Place) -> list[p.Item]:
        if step.count is not None:
            item: p.Item | None = self._counted(step, step.count, place)
        else:
            item = self._action(step, place)
        if item is None:
            return []
        return [self.with_targets(item, step.result, place)]

    def _action(self, step: ast.Step, place: Place) -> p.Item | None:
        action = step.action
        match action:
            case ast.Call():
                return self._call(step, action, place)
            case ast.Merge():
                return self.merge(step, action, place)
            case ast.Group():
                return self.group(step.label, action, place)
            case ast.Repeat() | ast.For():
                return self._loop(step.label, action, place)
            case ast.If():
                return self._if(step.label, action, place)
            case ast.Aux():
                return self._aux(step, action, place)
            case ast.Assert():
                return p.Assert(
                    dims=self.dims(action.shape, place), span=action.span, uid=self.next_uid()
                )
            case _:
                raise TypeError(f"no rule for {type(action).__name__}")

    def _call(self, step: ast.Step, call: ast.Call, place: Place) -> p.Item | None:
        name = call.name.text
        if name == "none" and not call.called:
            self._check_nothing(step)
            return None
        if name in MERGES and place.scope.find(name) is None:
            return self.bodiless(step, call, place)
        return self.call(step.label, call, place)

    def call(
        self, label: ast.Label | None, call: ast.Call, place: Place, stem: str | None = None
    ) -> p.Call:
        """A call as an item; `stem` replaces the kind that it would be named after."""
        target = self.target(call, place)
        if target.kind == "shared" and place.sequential is not None:
            raise out_of_place("a shared module", call.span, place.sequential)
        uid = self.next_uid()
        name = None
        if not target.modular:
            self.label_value(uid, label, place)
        elif stem is None:
            name = self.module(uid, label, place, target.stem, call.name.span, target.alike)
        else:
            name = self.module(uid, label, place, stem, call.name.span)
        return self.call_item(call, target, name, uid)

    def target(self, call: ast.Call, place: Place) -> calls.Target:
        """What a call applies: a model is cut behind its taps."""
        if call.taps:
            return self.tap(call, place, self.resolver)
        return calls.target_of(call, place, self.resolver)

    def _check_nothing(self, step: ast.Step) -> None:
        for part, what in ((step.label, "a label"), (step.count, "a count"), (step.result, "`as`")):
            if part is not None:
                raise error(
                    "E344", f"`none` is no step, and {what} has nothing to stand for", part.span
                )

    def group(
        self, label: ast.Label | None, group: ast.Group, place: Place, stem: str | None = None
    ) -> p.Group:
        """Braces; `stem` makes an unlabelled group in a class a Sequential of that kind."""
        uid = self.next_uid()
        if label is None and place.sequential is None and stem is None:
            inner = place.within()
            body = self.region(group.body, inner)
            inner.scope.release()
            return p.Group(name=None, body=body, span=group.span, uid=uid)
        name = self.module(uid, label, place, stem, group.span)
        inner = place.container(self.namespace(group.body.span))
        body = self.region(group.body, inner)
        inner.scope.release(inner.sequential)
        return p.Group(name=name, body=body, span=group.span, uid=uid)

    def _counted(self, step: ast.Step, count: e.Expr, place: Place) -> p.Item:
        times = self.resolver.resolve(count, place.scope)
        uid = self.next_uid()
        single = replace(step, label=None, count=None, result=None)
        stem = self._stem(step.action, place)
        inline = step.label is None and (place.sequential is not None or stem is None)
        container = None
        if inline:
            inner = place.loop()
        else:
            container = self.module(uid, step.label, place, stem or "blocks", step.span)
            inner = place.container(self.namespace(step.span)).loop()
        body = self.as_region(self.step(single, inner), inner, step.action.span)
        return p.Repeat(
            times=times,
            variable=None,
            body=body,
            container=container,
            inline=inline,
            span=step.span,
            uid=uid,
        )

    def _stem(self, action: ast.Action, place: Place) -> str | None:
        """The kind of a repeated step; None where it makes no module of its own each time."""
        if not isinstance(action, ast.Call) or action.name.text in (*MERGES, "none"):
            return "blocks"
        if action.taps:
            return snake_case(action.name.text)
        target = calls.target_of(action, place, self.resolver)
        return None if target.kind == "shared" else target.stem

    def _loop(self, label: ast.Label | None, loop: ast.Repeat | ast.For, place: Place) -> p.Item:
        uid = self.next_uid()
        container = None
        if label is None:
            inner = place.loop()
        else:
            container = self.module(uid, label, place)
            inner = place.container(self.namespace(loop.body.span)).loop()
        if isinstance(loop, ast.Repeat):
            times = self.resolver.resolve(loop.times, place.scope)
            self.loop_names((loop.name,) if loop.name else (), inner)
            return p.Repeat(
                times=times,
                variable=None if loop.name is None else loop.name.text,
                body=self.region(loop.body, inner),
                container=container,
                inline=container is None,
                span=loop.span,
                uid=uid,
            )
        iterable = self.resolver.iterable(loop.iterable, place.scope)
        self.loop_names(loop.names, inner)
        return p.For(
            names=tuple(name.text for name in loop.names),
            iterable=iterable,
            body=self.region(loop.body, inner),
            container=container,
            inline=container is None,
            span=loop.span,
            uid=uid,
        )

    def _if(self, label: ast.Label | None, action: ast.If, place: Place) -> p.If:
        condition = self.resolver.resolve(action.condition, place.scope)
        uid = self.next_uid()
        then, otherwise = place.arm(uid, 0), place.arm(uid, 1)
        first = self.region(action.then, then)
        second = None
        if action.otherwise is not None:
            second = self.region(action.otherwise, otherwise)
        place.scope.join(then.scope, otherwise.scope)
        self.label_value(uid, label, place)
        return p.If(condition=condition, then=first, otherwise=second, span=action.span, uid=uid)

    def _aux(self, step: ast.Step, aux: ast.Aux, place: Place) -> p.Aux:
        if place.sequential is not None:
            raise out_of_place("`aux`", aux.span, place.sequential)
        if self.kind != "model" or place.merged or place.looped:
            where = "in a loop" if place.looped else "in a merge" if place.merged else "in a block"
            raise misplaced(
                "`aux`",
                aux.span,
                f"a side head leaves the main stream of a model, and this is {where}",
                "write it after the loop, or the iterations out" if place.looped else None,
            )
        if step.label is not None:
            raise error(
                "E324",
                "the label belongs to the head",
                step.label.span,
                help="`aux name: Head(...)`",
            )
        pairs = args.match(aux.arguments, _WEIGHT, "aux", aux.span, partial=False)
        weight = None
        for _, argument in pairs:
            weight = self.resolver.resolve(argument.value, place.scope)
        head = aux.step
        if head.label is not None and (head.label.indices or not isinstance(head.label.base, str)):
            raise error("E324", "a side head has a plain label", head.label.span)
        items = self.step(head, place)
        if len(items) != 1 or (isinstance(items[0], p.Group) and items[0].name is None):
            raise error(
                "E324",
                "a side head of several steps needs a label",
                aux.span,
                help="`aux name: { ... }`",
            )
        name = head.label.base if head.label is not None else ""
        reason = refusal_of_name(str(name))  # a value of the forward, too
        if name == "logits":
            reason = "what training returns calls the model's own output so"
        if head.label is not None and reason is not None:
            message = f"`{name}` cannot be a side head: {reason}"
            raise error("E322", message, head.label.span, help="rename it")
        return p.Aux(
            name=str(name), weight=weight, step=items[0], span=aux.span, uid=self.next_uid()
        )


_WEIGHT = (args.Formal(name="weight", required=False),)


def _numbered(item: p.Item, number: int) -> p.Item:
    return item if item.chain == number else replace(item, chain=number)


def _with_bias(items: list[p.Item]) -> list[p.Item]:
    """The textual rule: a conv whose next step is a norm has no bias."""
    norm_follows = False
    result: list[p.Item] = []
    for item in reversed(items):
        if isinstance(item, p.Call) and _asks_bias(item):
            item = replace(item, bias=not norm_follows)
        result.append(item)
        if not isinstance(item, _NO_STEPS):
            norm_follows = isinstance(item, p.Call) and item.op is not None and item.op.norm
    result.reverse()
    return result


def _asks_bias(call: p.Call) -> bool:
    if call.op is None or any(argument.parameter == "bias" for argument in call.arguments):
        return False
    return any(q.name == "bias" and q.default is None for q in call.op.parameters)


def _forgive(statement: ast.Statement, place: Place) -> None:
    """Bind what a wrong statement would have bound, so that its uses report nothing."""
    idents: list[tuple[str, Span]] = []
    if isinstance(statement, ast.Let):
        idents = [(name.text, name.span) for name in statement.names]
    elif isinstance(statement, (ast.Tensor, ast.Share)):
        idents = [(statement.name.text, statement.name.span)]
    elif isinstance(statement, ast.Chain):
        for step in statement.steps:
            _forgive_step(step, place)
    _forgive_names(idents, place)


def _forgive_step(step: ast.Step, place: Place) -> None:
    idents: list[tuple[str, Span]] = []
    if step.result is not None:
        idents += [(name.base, name.span) for name in step.result.names]
    if step.label is not None and isinstance(step.label.base, str):
        idents.append((step.label.base, step.label.span))
    _forgive_names(idents, place)


def _forgive_names(idents: list[tuple[str, Span]], place: Place) -> None:
    for text, span in idents:
        if place.scope.find(text) is None:
            place.scope.put(Binding(text, "any", "value", span))

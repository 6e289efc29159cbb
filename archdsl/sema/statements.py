"""Statements other than chains: `let`, `require`, parts, tensors, shared modules, `init`."""

from __future__ import annotations

from archdsl import expr as e
from archdsl.diagnostics import SpecError
from archdsl.ir import program as p
from archdsl.sema import calls, inits
from archdsl.sema.errors import error
from archdsl.sema.labels import Labels
from archdsl.sema.naming import Slot, check_label
from archdsl.sema.scope import Binding, check_name
from archdsl.syntax import ast

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from archdsl.sema.place import Place
    from archdsl.source import Span


class Statements(Labels):
    """The part of `Flow` that lowers statements which are no chains."""

    next_uid: Callable[[], int]
    report: Callable[[SpecError], None]
    init: list[p.InitRule]
    if TYPE_CHECKING:
        region: Callable[[ast.Body, Place], p.Region]
        target: Callable[[ast.Call, Place], calls.Target]

    def let(self, let: ast.Let, place: Place) -> p.Let:
        value = self.resolver.resolve(let.value, place.scope)
        callable = None
        if len(let.names) == 1:
            callable = calls.may_be_called(let.value, self.resolver, place.scope)
        for name in let.names:
            place.scope.bind(Binding(name.text, "number", "let", name.span, callable=callable))
        names = tuple(name.text for name in let.names)
        return p.Let(names=names, value=value, span=let.span, uid=self.next_uid())

    def require(self, require: ast.Require, place: Place) -> p.Require:
        return p.Require(
            condition=self.resolver.resolve(require.condition, place.scope),
            message=self.resolver.template(require.message, place.scope),
            span=require.span,
            uid=self.next_uid(),
        )

    def part(self, part: ast.Part, place: Place) -> p.Part:
        if place.merged:
            whole = "it divides a whole body, not a branch"
            raise misplaced(f"`{part.kind}`", part.span, whole, "make braces of it: `{ ... }`")
        dims = None
        if part.shape is not None:
            dims = self.dims(part.shape, place)
        uid = self.next_uid()
        if part.label is None:
            inner = place.within()
            name = None
        else:
            name = self.module(uid, part.label, place)
            inner = place.container(self.namespace(part.body.span))
        body = self.region(part.body, inner)
        inner.scope.release(inner.sequential)
        return p.Part(kind=part.kind, name=name, dims=dims, body=body, span=part.span, uid=uid)

    def dims(self, shape: ast.Shape, place: Place) -> tuple[e.Expr | None, ...]:
        return tuple(
            None if isinstance(dim, e.Open) else self.resolver.resolve(dim, place.scope)
            for dim in shape.dims
        )

    def tensor(self, tensor: ast.Tensor, place: Place) -> p.Tensor:
        self._check_owned(f"`{tensor.kind}`", tensor.span, place)
        name = tensor.name.text
        check_label(name, tensor.name.span, sequential=False)
        dims = self.dims(tensor.shape, place)
        for dim, written in zip(dims, tensor.shape.dims):
            if dim is None:
                raise error("E343", f"every size of `{name}` must be said", written.span)
        init = inits.lower_fill(tensor.init, self.resolver, place.scope)
        uid = self.next_uid()
        self._own(uid, name, tensor.name.span, place)
        place.scope.bind(Binding(name, "tensor", tensor.kind, tensor.name.span))
        return p.Tensor(
            kind=tensor.kind,
            name=name,
            shape=tuple(dim for dim in dims if dim is not None),
            init=init,
            span=tensor.span,
            uid=uid,
        )

    def share(self, share: ast.Share, place: Place) -> p.Share:
        self._check_owned("`share`", share.span, place)
        name = share.name.text
        check_label(name, share.name.span, sequential=False)
        check_name(name, share.name.span)
        target = self.target(share.call, place)
        if not target.modular:
            raise error(
                "E343", f"`{share.call.name.text}` makes no module to be shared", share.call.span
            )
        uid = self.next_uid()
        label = p.ModuleName(base=name, written=True, span=share.name.span)
        place.namespace.slots.append(Slot(uid, target.stem, label, share.name.span, place.arms))
        place.scope.bind(Binding(name, "shared", "shared module", share.name.span))
        call = self.call_item(share.call, target, label, self.next_uid())
        return p.Share(name=name, call=call, span=share.span, uid=uid)

    def call_item(
        self, call: ast.Call, target: calls.Target, name: p.ModuleName | None, uid: int
    ) -> p.Call:
        return p.Call(
            name=name,
            kind=target.kind,
            callee=target.callee,
            callee_span=call.name.span,
            op=target.op,
            arguments=target.arguments,
            span=call.span,
            uid=uid,
        )

    def loop_names(self, names: tuple[ast.Ident, ...], place: Place) -> None:
        for name in names:
            place.scope.bind(Binding(name.text, "any", "loop variable", name.span))

    def _own(self, uid: int, name: str, span: Span, place: Place) -> None:
        label = p.ModuleName(base=name, written=True, span=span)
        place.namespace.slots.append(Slot(uid, None, label, span, place.arms))

    def _check_owned(self, what: str, span: Span, place: Place) -> None:
        if place.sequential is not None:
            raise out_of_place(what, span, place.sequential)
        if place.looped:
            several = "in a loop there would be several of one name"
            raise misplaced(what, span, several, "make a block of it, and repeat that")

    def init_rules(self, init: ast.Init, place: Place) -> None:
        if not place.top:
            whole = "it is about the whole block or model"
            raise misplaced("`init`", init.span, whole, "move it to the end of the body")
        for rule in init.rules:
            try:
                self.init.append(inits.lower_rule(rule, self.resolver, place.scope))
            except SpecError as failure:
                self.report(failure)


def out_of_place(what: str, span: Span, sequential: Span) -> SpecError:
    """The finding that something needs a class around it and stands in an `nn.Sequential`."""
    return error(
        "E342",
        f"{what} cannot stand in an `nn.Sequential`, which hands on one value from step to step",
        span,
        others=((sequential, "the Sequential"),),
        help="make it a block",
    )


def misplaced(what: str, span: Span, reason: str, help: str | None = None) -> SpecError:
    return error("E343", f"{what} cannot stand here: {reason}", span, help=help)

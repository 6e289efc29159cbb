"""One definition: its parameters, ports and body."""

from __future__ import annotations

from archdsl import expr as e
from archdsl.diagnostics import SpecError
from archdsl.ir import program as p
from archdsl.sema import calls
from archdsl.sema.errors import did_you_mean, error, listed, respelt
from archdsl.sema.finish import Finish
from archdsl.sema.flow import Flow
from archdsl.sema.inits import completed
from archdsl.sema.place import Place
from archdsl.sema.resolve import Resolver
from archdsl.sema.scope import Binding, Scope, article
from archdsl.syntax import ast

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from archdsl.sema.units import Entity, Unit
    from archdsl.source import Span

PARAM_TYPES = ("int", "float", "bool", "str", "size", "list", "block")


NAME_OUTSIDE = "name it outside of the branch, loop or arm that it is in"


class Lowering:
    """Lowers one definition of a file."""

    def __init__(
        self,
        unit: Unit,
        name_of: Callable[[Entity], str],
        tap: Callable[[ast.Call, Place, Resolver], calls.Target],
        next_uid: Callable[[], int],
        report: Callable[[SpecError], None],
    ) -> None:
        self._used: set[int] = set()
        self._families: set[str] = set()
        self.resolver = Resolver(unit, name_of, self._use)
        self._unit = unit
        self._tap = tap
        self._next_uid = next_uid
        self._report = report

    def _use(self, label: Binding) -> None:
        if label.what == "family":
            self._families.add(label.name)
        elif label.labelled is not None:
            self._used.add(label.labelled)

    def definition(self, block: ast.Block, name: str) -> p.Definition:
        """The definition, under the name that it has in the program."""
        scope = Scope()
        params = self.params(block.params, scope, block.inputs)
        inputs = tuple(self._inputs(block, scope))
        flow = Flow(self.resolver, block.kind, self._tap, self._next_uid, self._report)
        whole = block.body.span if block.kind == "sequence" else None
        place = Place(scope, flow.namespace(whole), sequential=whole, top=True)
        self._declare_families(block.body, scope)
        body = flow.region(block.body, place)
        outputs = tuple(self._outputs(block, scope))
        return p.Definition(
            kind=block.kind,
            name=name,
            doc=block.body.doc,
            params=params,
            inputs=inputs,
            outputs=outputs,
            body=self._finish(flow).region(body),
            init=completed(flow.init),
            source=self._unit.file.source,
            span=block.name.span,
        )

    def _finish(self, flow: Flow) -> Finish:
        names: dict[int, p.ModuleName] = {}
        for namespace in flow.namespaces:
            names.update(namespace.assign(self._report))
        targets = {
            uid: target
            for uid, target in flow.labelled.items()
            if uid in self._used or (target.indices and target.base in self._families)
        }
        return Finish(names, targets)

    # Parameters

    def params(
        self, params: tuple[ast.Param, ...], scope: Scope, ports: tuple[ast.Port, ...]
    ) -> tuple[p.Param, ...]:
        reserved = {"in_channels": "it is what the input brings"}
        for port in ports:
            if port.name is not None:
                reserved[f"{port.name.text}_channels"] = "it is what that input brings"
        return self._params(params, scope, reserved)

    def foreign_params(self, params: tuple[ast.Param, ...], scope: Scope) -> tuple[p.Param, ...]:
        """The parameters of a class of Python, which has named them."""
        return self._params(params, scope, None)

    def _params(
        self, params: tuple[ast.Param, ...], scope: Scope, reserved: dict[str, str] | None
    ) -> tuple[p.Param, ...]:
        lowered: list[p.Param] = []
        for param in params:
            try:
                lowered.append(self._param(param, scope, reserved))
            except SpecError as failure:
                self._report(failure)
                if scope.find(param.name.text) is None:
                    scope.put(Binding(param.name.text, "any", "parameter", param.name.span))
        return tuple(lowered)

    def _param(self, param: ast.Param, scope: Scope, reserved: dict[str, str] | None) -> p.Param:
        name = param.name.text
        foreign = reserved is None
        if reserved is not None and name in reserved:
            asked = "in" if name == "in_channels" else name.removesuffix("_channels")
            raise error(
                "E305",
                f"`{name}` cannot be a parameter: {reserved[name]}",
                param.name.span,
                help=f"leave it out, and ask for it by `{asked}.channels`",
            )
        kind = None if param.type is None else param.type.text
        if param.type is not None and kind not in PARAM_TYPES:
            raise error(
                "E315",
                f"there is no type `{kind}`",
                param.type.span,
                notes=(f"there are {listed(PARAM_TYPES)}",),
                help=did_you_mean(param.type.text, PARAM_TYPES),
                fix=respelt(param.type.text, PARAM_TYPES, param.type.span),
            )
        default = self.resolver.optional(param.default, scope)
        callable = kind == "block"
        holds = callable if kind else calls.may_be_called(param.default, self.resolver, scope)
        span = param.name.span
        scope.bind(
            Binding(name, "number", "parameter", span, steady=True, callable=holds, foreign=foreign)
        )
        return p.Param(name=name, type=kind, default=default, span=span)

    # Ports

    def _inputs(self, block: ast.Block, scope: Scope) -> Iterator[p.Port]:
        if not block.inputs:
            scope.put(Binding("in", "tensor", "input", block.name.span))
            yield p.Port(name="in", many=False, dims=None, span=block.name.span)
            return
        if len(block.inputs) == 1:
            scope.put(Binding("in", "tensor", "input", block.inputs[0].span))
        for port in block.inputs:
            if port.name is not None:
                scope.bind(Binding(port.name.text, "tensor", "input", port.name.span))
            dims, names = self._dims(port, scope, block.kind)
            yield p.Port(
                name="in" if port.name is None else port.name.text,
                many=port.many,
                dims=dims,
                dim_names=names,
                span=port.span,
            )

    def _dims(
        self, port: ast.Port, scope: Scope, kind: str
    ) -> tuple[tuple[e.Expr | None, ...] | None, tuple[str | None, ...]]:
        if port.shape is None:
            return None, ()
        dims: list[e.Expr | None] = []
        for dim, name in zip(port.shape.dims, port.shape.names):
            dims.append(None if isinstance(dim, e.Open) else self.resolver.resolve(dim, scope))
            if name is not None:
                scope.bind(Binding(name, "number", "dimension", port.shape.span))
        names = port.shape.names
        if kind == "model":
            return tuple(dims), names
        # A model that was cut for taps: its sizes are open, and only their names remain.
        return (None if not any(names) else (None,) * len(names)), names if any(names) else ()

    def _outputs(self, block: ast.Block, scope: Scope) -> Iterator[p.Port]:
        for port in block.outputs:
            try:
                if port.name is not None:
                    self._check_output(port.name, scope)
                dims, names = self._dims(port, scope, block.kind)
                yield p.Port(
                    name=None if port.name is None else port.name.text,
                    many=port.many,
                    dims=dims,
                    dim_names=names,
                    span=port.span,
                )
            except SpecError as failure:
                self._report(failure)
        if not block.outputs:
            yield p.Port(name=None, many=False, dims=None, span=block.name.span)

    def _check_output(self, name: ast.Ident, scope: Scope) -> None:
        binding = scope.find(name.text)
        if binding is None:
            away = scope.all.get(name.text)
            raise error(
                "E308",
                f"nothing in the body is called `{name.text}`, which is to come out",
                name.span,
                others=((away.span, "bound here, and not visible at the end"),) if away else (),
                help=did_you_mean(name.text, scope.visible())
                or (NAME_OUTSIDE if away else f"name the value: `... as {name.text}`"),
                fix=respelt(name.text, scope.visible(), name.span),
            )
        if binding.sort == "number" or binding.sort == "shared":
            raise error(
                "E303",
                f"`{name.text}` is {article(binding.what)}, not a value that could come out",
                name.span,
                others=((binding.span, "named here"),),
            )
        if binding.sequential is not None:
            raise error(
                "E342",
                f"`{name.text}` is computed inside an `nn.Sequential`, which hands on one value only",
                name.span,
                others=((binding.sequential, "the Sequential"), (binding.span, "the value")),
                help="make it a block",
            )
        self.resolver.mark(binding)

    # Families

    def _declare_families(self, body: ast.Body, scope: Scope) -> None:
        """Members of a family are visible everywhere in the definition, so its name is."""
        for name, span, labelled in families(body):
            other = scope.names.get(name)
            if other is None:
                scope.put(
                    Binding(name, "tensor", "family", span, labelled=-1 if labelled else None)
                )
            elif other.what == "family":
                other.labelled = other.labelled if labelled else None
            elif not labelled:
                self._report(
                    error(
                        "E304",
                        f"`{name}` has a meaning here already",
                        span,
                        "named again",
                        others=((other.span, f"{article(other.what)} of that name"),),
                        help="take another name",
                    )
                )


def families(body: ast.Body) -> Iterator[tuple[str, Span, bool]]:
    """Every `as x[i]` and `x[i]:` in a body; the last tells whether it is a label."""
    todo: list[ast.Body] = [body]
    while todo:
        for statement in todo.pop().statements:
            if isinstance(statement, ast.Part):
                todo.append(statement.body)
            if not isinstance(statement, ast.Chain):
                continue
            yield from _members(statement.result)
            for step in statement.steps:
                if step.label is not None and step.label.indices:
                    yield str(step.label.base), step.label.span, True
                yield from _members(step.result)
                todo.extend(_bodies(step.action))


def _members(result: ast.As | None) -> Iterator[tuple[str, Span, bool]]:
    for name in result.names if result is not None else ():
        if name.indices:
            yield name.base, name.span, False


def _bodies(action: ast.Action) -> Iterator[ast.Body]:
    if isinstance(action, (ast.Merge, ast.Group, ast.Repeat, ast.For)):
        yield action.body
    if isinstance(action, ast.Merge) and action.skip is not None:
        for step in (action.skip.step, action.skip.otherwise):
            if step is not None:
                yield from _bodies(step.action)
    if isinstance(action, ast.If):
        yield action.then
        if action.otherwise is not None:
            yield action.otherwise

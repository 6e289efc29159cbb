"""Calls among expressions: functions, partly applied blocks and ops, and variants as values."""

from __future__ import annotations

from archdsl import expr as e
from archdsl.ops import table
from archdsl.sema import arguments as args
from archdsl.sema.errors import did_you_mean, error, listed
from archdsl.sema.scope import LISTS, NUMBERS, Binding, Scope, Use, article
from archdsl.sema.units import MERGES
from archdsl.source import Span
from archdsl.syntax import ast
from archdsl.values import BUILTINS, arity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from archdsl.diagnostics import SpecError
    from archdsl.sema.units import Entity, Unit


class Applications:
    """The part of `Resolver` that knows calls and what they bind.

    `name_of` gives an entity's name in the program, and notes that it is used. `used` receives
    each label whose value an expression refers to.
    """

    def __init__(
        self, unit: Unit, name_of: Callable[[Entity], str], used: Callable[[Binding], None]
    ) -> None:
        self.unit = unit
        self.name_of = name_of
        self.used = used

    if TYPE_CHECKING:
        resolve: Callable[..., e.Expr]
        operand: Callable[[e.Expr, Scope, Use], e.Expr]

    def call(self, node: e.CallExpr, scope: Scope, use: Use) -> e.Expr:
        entity = self.unit.names.get(node.function)
        binding = scope.find(node.function)
        if entity is not None and entity.kind == "function":
            return self._function(entity, node, scope)
        if node.function in BUILTINS:
            return self._builtin(node, scope)
        if not use.callables and (
            binding is not None or entity is not None or is_op(node.function)
        ):
            raise error(
                "E303",
                f"`{node.function}(...)` is not applied here",
                node.span,
                "a call among values binds arguments and applies nothing",
                help=f"make it a step: `from ... -> {node.function}(...)`",
            )
        if entity is not None and binding is not None and _may_hold(binding):
            return self._of_held(node, scope)
        if entity is not None and entity.kind == "broken":
            return node
        if entity is not None and entity.kind in ("block", "extern"):
            pairs = args.match(
                node.arguments, self.formals(entity), node.function, node.span, partial=True
            )
            return self._partial(self.name_of(entity), pairs, node, scope)
        if entity is not None and entity.kind == "variant":
            return self.variant(entity, self._keywords(entity, node, scope), node.span)
        op = table.lookup(node.function)
        if op is not None and node.function not in MERGES and not _binds(binding):
            pairs = args.match(
                node.arguments, args.formals_of_op(op), node.function, node.span, partial=True
            )
            return self._partial(op.name, pairs, node, scope)
        if binding is not None and _may_hold(binding):
            return self._of_held(node, scope)
        raise self._uncallable(node, scope, binding, entity)

    def _of_held(self, node: e.CallExpr, scope: Scope) -> e.Expr:
        """What a parameter holds, with arguments whose parameters aren't known yet."""
        args.check_order(node.arguments)
        pairs = [(None, argument) for argument in node.arguments]
        return self._partial(node.function, pairs, node, scope)

    def _uncallable(
        self, node: e.CallExpr, scope: Scope, binding: Binding | None, entity: Entity | None
    ) -> SpecError:
        name = node.function
        if binding is not None or entity is not None:
            what = article(binding.what if binding is not None else "constant")
            return error("E303", f"`{name}` is {what} and cannot be called", node.span)
        functions = {
            n for n, other in self.unit.names.items() if other.kind not in ("constant", "broken")
        }
        known = functions | set(BUILTINS) | set(table.OPS)
        start = node.span.start
        at = Span(source=node.span.source, start=start, end=start + len(name))
        imported, fix = self.unit.unknown(name, known, at)
        return error(
            "E302",
            f"there is no function, block or op `{name}`",
            at,
            "unknown",
            notes=(f"the functions are {listed(sorted(BUILTINS))}",),
            help=imported or did_you_mean(name, known),
            fix=fix,
        )

    def _partial(
        self,
        name: str,
        pairs: Sequence[tuple[args.Formal | None, e.Argument]],
        node: e.CallExpr,
        scope: Scope,
    ) -> e.CallExpr:
        bound = tuple(
            e.Argument(
                name=argument.name if formal is None else formal.name,
                value=self.resolve(argument.value, scope),
                span=argument.span,
            )
            for formal, argument in pairs
        )
        return e.CallExpr(function=name, arguments=bound, span=node.span)

    def _function(self, entity: Entity, node: e.CallExpr, scope: Scope) -> e.CallExpr:
        formals = tuple(args.Formal(name=name, required=True) for name in params_of(entity))
        pairs = args.match(node.arguments, formals, node.function, node.span, partial=False)
        given = {formal.name: argument for formal, argument in pairs}
        ordered = [given[formal.name] for formal in formals]
        return e.CallExpr(
            function=self.name_of(entity),
            arguments=tuple(
                e.Argument(name=None, value=self.resolve(a.value, scope), span=a.span)
                for a in ordered
            ),
            span=node.span,
        )

    def _builtin(self, node: e.CallExpr, scope: Scope) -> e.CallExpr:
        least, most = arity(node.function)
        for argument in node.arguments:
            if argument.name is not None:
                raise args.unknown(argument, (), node.function)
        count = len(node.arguments)
        if not least <= count <= most:
            takes = str(least) if least == most else f"{least} to {most}"
            code = "E311" if count < least else "E313"
            plural = "argument" if takes == "1" else "arguments"
            raise error(code, f"`{node.function}` takes {takes} {plural}, not {count}", node.span)
        # Lists of values that flow have a length and an order, too.
        return e.CallExpr(
            function=node.function,
            arguments=tuple(
                e.Argument(name=None, value=self._listed(a.value, scope), span=a.span)
                for a in node.arguments
            ),
            span=node.span,
        )

    def _listed(self, node: e.Expr, scope: Scope) -> e.Expr:
        listed = isinstance(node, (e.Name, e.Input, e.Index, e.Slice, e.CallExpr, e.ListExpr))
        return self.operand(node, scope, LISTS if listed else NUMBERS)

    def _keywords(self, entity: Entity, node: e.CallExpr, scope: Scope) -> tuple[e.Argument, ...]:
        pairs = args.match(
            node.arguments, self.formals(entity), node.function, node.span, partial=True
        )
        return self._partial(node.function, pairs, node, scope).arguments

    # Blocks and variants as values

    def formals(self, entity: Entity) -> tuple[args.Formal, ...]:
        """The parameters of a block or extern, or of the model behind a variant."""
        node = entity.node
        if isinstance(node, ast.Variant):
            return self.formals(self.model_of(entity))
        if isinstance(node, (ast.Block, ast.Extern)):
            if entity.formals is None:
                entity.formals = args.formals_of_params(node.params)
            return entity.formals
        raise TypeError(f"{entity.text} has no parameters")

    def model_of(self, entity: Entity) -> Entity:
        """The model behind a variant; circles of variants are reported."""
        seen = {id(entity): entity}
        while isinstance(node := entity.node, ast.Variant):
            if entity.model is not None:
                entity = entity.model
                break
            base = node.base
            following = entity.unit.names.get(base.text)
            if following is None:
                models = [
                    n for n, x in entity.unit.names.items() if x.kind == "variant" or is_model(x)
                ]
                imported, fix = entity.unit.unknown(base.text, models, base.span)
                raise error(
                    "E301",
                    f"there is no model or variant `{base.text}`",
                    base.span,
                    "unknown name",
                    help=imported or did_you_mean(base.text, models),
                    fix=fix,
                )
            if id(following) in seen:
                way = list(seen.values())
                raise _circle(way[way.index(following) :])
            seen[id(following)] = following
            entity = following
        if entity.kind != "broken" and not is_model(entity):
            base = list(seen.values())[-2].node.base  # type: ignore[union-attr]
            raise error(
                "E319",
                f"a variant is of a model, and `{base.text}` is {article(kind_word(entity))}",
                base.span,
                others=((entity.span, "defined here"),),
                help="write `model` with its input and output shapes",
            )
        for variant in seen.values():
            variant.model = entity
        return entity

    def variant_arguments(self, entity: Entity) -> tuple[e.Argument, ...]:
        """All arguments of a variant by keyword, its own over those of its base."""
        formals = self.formals(entity)
        chain = []
        while isinstance(entity.node, ast.Variant) and entity.given is None:
            chain.append(entity)
            entity = entity.unit.names[entity.node.base.text]
        given = entity.given or {}
        for part in reversed(chain):
            given = part.given = given | self._own_arguments(part, formals)
        return tuple(given[f.name] for f in formals if f.name in given)

    def _own_arguments(
        self, entity: Entity, formals: tuple[args.Formal, ...]
    ) -> dict[str, e.Argument]:
        """The arguments that a variant itself gives, by keyword."""
        node = entity.node
        assert isinstance(node, ast.Variant)
        resolver = type(self)(entity.unit, self.name_of, self.used)
        pairs = args.match(node.arguments, formals, node.base.text, node.base.span, partial=True)
        return {
            formal.name: e.Argument(
                name=formal.name,
                value=resolver.resolve(argument.value, Scope()),
                span=argument.span,
            )
            for formal, argument in pairs
        }

    def variant(
        self, entity: Entity, changed: Sequence[e.Argument], span: Span
    ) -> e.CallExpr | e.Name:
        """A variant as a value: its model with the variant's arguments, some of them changed."""
        model = self.model_of(entity)
        if model.kind == "broken":
            return e.Name(id=entity.text, span=span)
        given = {a.name: a for a in (*self.variant_arguments(entity), *changed)}
        return e.CallExpr(function=self.name_of(model), arguments=tuple(given.values()), span=span)


def _circle(variants: list[Entity]) -> SpecError:
    """The finding that variants rest on each other, at the last of them in the text."""
    starts = [entity.span.start for entity in variants]
    turn = starts.index(max(starts))
    turned = variants[turn:] + variants[:turn]
    assert isinstance(turned[0].node, ast.Variant)
    return error(
        "E318",
        "variants rest on each other in a circle",
        turned[0].node.base.span,
        " -> ".join(entity.text for entity in (*turned, turned[0])),
        help="let one of them name a model",
    )


def is_model(entity: Entity) -> bool:
    return isinstance(entity.node, ast.Block) and entity.node.kind == "model"


def params_of(entity: Entity) -> tuple[str, ...]:
    node = entity.node
    return tuple(p.name.text for p in node.params) if isinstance(node, ast.Function) else ()


def kind_word(entity: Entity) -> str:
    if isinstance(entity.node, ast.Block):
        return entity.node.kind
    return {"constant": "let", "function": "fn"}.get(entity.kind, entity.kind)


def is_op(name: str) -> bool:
    return name not in MERGES and table.lookup(name) is not None


def _binds(binding: Binding | None) -> bool:
    return binding is not None and binding.callable is True


def _may_hold(binding: Binding) -> bool:
    """Whether a name may stand for a block or op, as far as the text tells."""
    return binding.sort in ("number", "any") and binding.callable is not False

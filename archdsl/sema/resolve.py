"""Names in expressions: each finds its meaning, and leaves with its name in the program.

Arguments of functions are bound to positions, those of partly applied blocks and ops to keywords.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from archdsl import expr as e
from archdsl.ops import table
from archdsl.sema import arguments as args
from archdsl.sema.errors import did_you_mean, error
from archdsl.sema.scope import LISTS, NUMBERS, SIZES, Binding, Scope, Use, article
from archdsl.sema.units import MERGES
from archdsl.syntax import ast
from archdsl.values import BUILTINS, arity

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from archdsl.sema.units import Entity, Unit
    from archdsl.source import Span

ATTRIBUTES = ("channels", "height", "width", "shape")
LITERALS = frozenset({"same"})


class Resolver:
    """Resolves the expressions of one file.

    `name_of` gives an entity's name in the program, and notes that it is used. `used` receives
    each label whose value an expression refers to.
    """

    def __init__(
        self, unit: Unit, name_of: Callable[[Entity], str], used: Callable[[Binding], None]
    ) -> None:
        self.unit = unit
        self.name_of = name_of
        self.used = used

    def resolve(self, node: e.Expr, scope: Scope, use: Use = NUMBERS) -> e.Expr:
        """The expression with every name resolved; raises at the first that has no meaning."""
        match node:
            case e.Number() | e.SizeLiteral() | e.Text() | e.Truth() | e.Null() | e.Open():
                return node
            case e.Name():
                return self._name(node, scope, use)
            case e.Input():
                return self._input(node, scope, use)
            case e.Attribute():
                return self._attribute(node, scope)
            case e.Index():
                return e.Index(
                    value=self._operand(node.value, scope, use),
                    indices=self._all(node.indices, scope),
                    span=node.span,
                )
            case e.Slice():
                return e.Slice(
                    value=self._operand(node.value, scope, use),
                    start=self.optional(node.start, scope),
                    stop=self.optional(node.stop, scope),
                    step=self.optional(node.step, scope),
                    span=node.span,
                )
            case e.CallExpr():
                return self._call(node, scope, use)
            case e.Unary():
                operand = self._operand(node.operand, scope, use)
                return e.Unary(op=node.op, operand=operand, span=node.span)
            case e.Binary():
                left = self._operand(node.left, scope, use)
                right = self._operand(node.right, scope, use)
                return e.Binary(op=node.op, left=left, right=right, span=node.span)
            case e.Compare():
                operands = self._all(node.operands, scope)
                return e.Compare(operands=operands, ops=node.ops, span=node.span)
            case e.Ternary():
                return e.Ternary(
                    condition=self.resolve(node.condition, scope),
                    then=self.resolve(node.then, scope, use),
                    other=self.resolve(node.other, scope, use),
                    span=node.span,
                )
            case e.ListExpr():
                return e.ListExpr(items=self._all(node.items, scope, use), span=node.span)
            case e.TupleExpr():
                return e.TupleExpr(items=self._all(node.items, scope, use), span=node.span)
            case e.Comprehension():
                return self._comprehension(node, scope, use)
            case e.Approximate():
                return e.Approximate(value=self.resolve(node.value, scope), span=node.span)
            case e.Template():
                return self.template(node, scope)
            case _:
                raise TypeError(f"no rule for {type(node).__name__}")

    def template(self, node: e.Template, scope: Scope) -> e.Template:
        parts = tuple(
            part if isinstance(part, str) else self.resolve(part, scope) for part in node.parts
        )
        return e.Template(parts=parts, span=node.span)

    def optional(self, node: e.Expr | None, scope: Scope) -> e.Expr | None:
        return None if node is None else self.resolve(node, scope)

    def iterable(self, node: e.Expr, scope: Scope) -> e.Expr:
        """What a loop runs over: a list of values that flow may stand in it."""
        return self.resolve(node, scope, LISTS)

    def _all(self, nodes: Sequence[e.Expr], scope: Scope, use: Use = NUMBERS) -> tuple[e.Expr, ...]:
        return tuple([self.resolve(node, scope, use) for node in nodes])

    # Names

    def _name(self, node: e.Name, scope: Scope, use: Use) -> e.Expr:
        binding = scope.find(node.id)
        if binding is not None:
            self._check_sort(binding, node, use)
            self.mark(binding)
            return node
        if node.id in LITERALS:
            return node
        entity = self.unit.names.get(node.id)
        if entity is not None:
            return self._entity(entity, node, use)
        op = table.lookup(node.id)
        if op is not None and node.id not in MERGES:
            self._refuse_flow(node, "an op", use)
            return node if op.name == node.id else e.Name(id=op.name, span=node.span)
        raise self._unknown(node.id, node.span, scope)

    def _entity(self, entity: Entity, node: e.Name, use: Use) -> e.Expr:
        if entity.kind == "broken":
            return node
        if entity.kind == "function":
            raise error(
                "E303",
                f"`{node.id}` is a function, not a value",
                node.span,
                help=f"call it: `{node.id}({', '.join('...' for _ in _params(entity))})`",
            )
        if entity.kind == "constant":
            return e.Name(id=self.name_of(entity), span=node.span)
        self._refuse_flow(node, _kind(entity), use)
        if entity.kind == "variant":
            return self.variant(entity, (), node.span)
        return e.Name(id=self.name_of(entity), span=node.span)

    def _refuse_flow(self, node: e.Name, what: str, use: Use) -> None:
        if not use.callables:
            raise error(
                "E303",
                f"`{node.id}` is {what}, not a value",
                node.span,
                help=f"to apply it, make it a step: `-> {node.id}`",
            )

    def _check_sort(self, binding: Binding, node: e.Name, use: Use) -> None:
        if binding.sort == "shared":
            raise error(
                "E303",
                f"`{binding.name}` is a shared module, not a value",
                node.span,
                others=((binding.span, "made here"),),
                help=f"to apply it, make it a step: `-> {binding.name}`",
            )
        if binding.sort != "tensor":
            return
        if not use.tensors:
            raise error(
                "E303",
                f"`{binding.name}` is a value that flows, not a number",
                node.span,
                others=((binding.span, "named here"),),
                help=f"its sizes are `{binding.name}.channels`, `{binding.name}.height`, "
                f"`{binding.name}.width` and `{binding.name}.shape`",
            )
        self._check_takeable(binding, node.span, use)

    def _check_takeable(self, binding: Binding, span: Span, use: Use) -> None:
        place = binding.sequential or use.sequential
        if place is None or use.sizes:
            return
        where = "is computed" if binding.sequential else "is used"
        raise error(
            "E342",
            f"`{binding.name}` {where} inside an `nn.Sequential`, which hands on one value only",
            span,
            others=((place, "the Sequential"), (binding.span, "the value")),
            help="make it a block",
        )

    def mark(self, binding: Binding) -> None:
        """Note that a label's value is referred to."""
        if binding.labelled is not None:
            self.used(binding)
        for member in binding.members:
            self.mark(member)

    def _input(self, node: e.Input, scope: Scope, use: Use) -> e.Expr:
        binding = scope.find("in")
        if binding is None:
            names = sorted(n for n, b in scope.all.items() if b.what == "input")
            if names:
                raise error(
                    "E303",
                    "`in` means nothing in a block of several inputs",
                    node.span,
                    help=f"name the input: {', '.join(f'`{name}`' for name in names)}",
                )
            raise error(
                "E303", "`in` is the input of a block, and there is no block here", node.span
            )
        if not use.tensors:
            raise error(
                "E303",
                "`in` is a value that flows, not a number",
                node.span,
                help="its sizes are `in.channels`, `in.height`, `in.width` and `in.shape`",
            )
        self._check_takeable(binding, node.span, use)
        return node

    def _attribute(self, node: e.Attribute, scope: Scope) -> e.Expr:
        if node.name not in ATTRIBUTES:
            raise error(
                "E307",
                f"a value has no `{node.name}`",
                node.span,
                help=did_you_mean(node.name, ATTRIBUTES)
                or "it has `channels`, `height`, `width` and `shape`",
            )
        root = node.value
        while isinstance(root, (e.Index, e.Slice)):
            root = root.value
        if isinstance(root, e.Name):
            self._check_sized(root, scope)
        elif not isinstance(root, e.Input):
            raise error("E303", f"only a value that flows has `{node.name}`", node.value.span)
        return e.Attribute(
            value=self.resolve(node.value, scope, SIZES), name=node.name, span=node.span
        )

    def _check_sized(self, root: e.Name, scope: Scope) -> None:
        binding = scope.find(root.id)
        if binding is None:
            if root.id in self.unit.names or table.lookup(root.id) is not None:
                raise error("E303", f"`{root.id}` is not a value that flows", root.span)
            raise self._unknown(root.id, root.span, scope)
        if binding.sort in ("number", "shared"):
            raise error(
                "E303",
                f"`{root.id}` is {article(binding.what)}, not a value that flows",
                root.span,
                others=((binding.span, "named here"),),
            )

    def _unknown(self, name: str, span: Span, scope: Scope) -> Exception:
        notes: tuple[str, ...] = ()
        others: tuple[tuple[Span, str], ...] = ()
        away = scope.all.get(name)
        if away is not None:
            others = ((away.span, "bound here"),)
            notes = (
                "a name bound in a loop, a branch or one arm of an `if` is not visible outside; "
                f"a family, `as {name}[i]`, is",
            )
        elif name in BUILTINS:
            notes = (f"`{name}` is a function: `{name}(...)`",)
        known = scope.visible() | set(self.unit.names) | set(table.OPS)
        return error(
            "E301",
            f"there is no `{name}` here",
            span,
            "unknown name" if away is None else "not visible here",
            others=others,
            notes=notes,
            help=None if away else did_you_mean(name, known),
        )

    # Parts of expressions

    def _operand(self, node: e.Expr, scope: Scope, use: Use) -> e.Expr:
        if isinstance(node, e.Name) and scope.find(node.id) is None:
            entity = self.unit.names.get(node.id)
            callable = entity is not None and entity.kind in ("block", "extern", "variant")
            if callable or (entity is None and _is_op(node.id)):
                raise error("E303", f"`{node.id}` is a block or op, and has no number", node.span)
        return self.resolve(node, scope, use)

    def _comprehension(self, node: e.Comprehension, scope: Scope, use: Use) -> e.Expr:
        iterable = self.iterable(node.iterable, scope)
        inner = scope.child()
        for name in node.names:
            inner.names[name] = Binding(name, "any", "loop variable", node.span)
        return e.Comprehension(
            element=self.resolve(node.element, inner, use),
            names=node.names,
            iterable=iterable,
            conditions=self._all(node.conditions, inner),
            span=node.span,
        )

    # Calls

    def _call(self, node: e.CallExpr, scope: Scope, use: Use) -> e.Expr:
        entity = self.unit.names.get(node.function)
        binding = scope.find(node.function)
        if entity is not None and entity.kind == "function":
            return self._function(entity, node, scope)
        if node.function in BUILTINS:
            return self._builtin(node, scope)
        if not use.callables and (
            binding is not None or entity is not None or _is_op(node.function)
        ):
            raise error(
                "E303",
                f"`{node.function}(...)` is not applied here",
                node.span,
                "a call among values binds arguments and applies nothing",
                help=f"make it a step: `from ... -> {node.function}(...)`",
            )
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
        if (
            binding is not None
            and binding.sort in ("number", "any")
            and binding.callable is not False
        ):
            args.check_order(node.arguments)
            return self._partial(
                node.function, [(None, argument) for argument in node.arguments], node, scope
            )
        raise self._uncallable(node, scope, binding, entity)

    def _uncallable(
        self, node: e.CallExpr, scope: Scope, binding: Binding | None, entity: Entity | None
    ) -> Exception:
        name = node.function
        if binding is not None or entity is not None:
            what = article(binding.what if binding is not None else "constant")
            return error("E303", f"`{name}` is {what} and cannot be called", node.span)
        functions = {n for n, other in self.unit.names.items() if other.kind != "constant"}
        return error(
            "E302",
            f"there is no function, block or op `{name}`",
            node.span,
            "unknown",
            help=did_you_mean(name, functions | set(BUILTINS) | set(table.OPS)),
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
        formals = tuple(args.Formal(name=name, required=True) for name in _params(entity))
        pairs = args.match(node.arguments, formals, node.function, node.span, partial=False)
        given = {formal.name: argument for formal, argument in pairs}
        ordered = [given[formal.name] for formal in formals]
        return e.CallExpr(
            function=self.name_of(entity),
            arguments=self._positional(ordered, scope, NUMBERS),
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
            arguments=self._positional(node.arguments, scope, LISTS),
            span=node.span,
        )

    def _positional(
        self, arguments: Sequence[e.Argument], scope: Scope, use: Use
    ) -> tuple[e.Argument, ...]:
        return tuple(
            e.Argument(name=None, value=self._operand_of(a.value, scope, use), span=a.span)
            for a in arguments
        )

    def _operand_of(self, node: e.Expr, scope: Scope, use: Use) -> e.Expr:
        listed = isinstance(node, (e.Name, e.Index, e.Slice, e.CallExpr, e.ListExpr))
        return self._operand(node, scope, use if listed else NUMBERS)

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
        seen = [entity]
        while isinstance(entity.node, ast.Variant):
            base = entity.node.base
            following = entity.unit.names.get(base.text)
            if following is None:
                models = [
                    n for n, x in entity.unit.names.items() if x.kind == "variant" or is_model(x)
                ]
                raise error(
                    "E301",
                    f"there is no model or variant `{base.text}`",
                    base.span,
                    "unknown name",
                    help=did_you_mean(base.text, models),
                )
            if following in seen:
                raise error(
                    "E318",
                    "variants rest on each other in a circle",
                    base.span,
                    " -> ".join(x.text for x in (*seen[seen.index(following) :], following)),
                    help="let one of them name a model",
                )
            seen.append(following)
            entity = following
        if entity.kind != "broken" and not is_model(entity):
            base = seen[-2].node.base  # type: ignore[union-attr]
            raise error(
                "E319",
                f"a variant is of a model, and `{base.text}` is {article(_kind_word(entity))}",
                base.span,
                others=((entity.span, "defined here"),),
                help="write `model` with its input and output shapes",
            )
        return entity

    def variant_arguments(self, entity: Entity) -> tuple[e.Argument, ...]:
        """All arguments of a variant by keyword, its own over those of its base."""
        chain = [entity]
        while isinstance(chain[-1].node, ast.Variant):
            chain.append(chain[-1].unit.names[chain[-1].node.base.text])
        given: dict[str, e.Argument] = {}
        for part in reversed(chain[:-1]):
            node = part.node
            assert isinstance(node, ast.Variant)
            resolver = Resolver(part.unit, self.name_of, self.used)
            pairs = args.match(
                node.arguments,
                self.formals(chain[-1]),
                node.base.text,
                node.base.span,
                partial=True,
            )
            for formal, argument in pairs:
                value = resolver.resolve(argument.value, Scope())
                given[formal.name] = e.Argument(name=formal.name, value=value, span=argument.span)
        return tuple(given[f.name] for f in self.formals(chain[-1]) if f.name in given)

    def variant(
        self, entity: Entity, changed: Sequence[e.Argument], span: Span
    ) -> e.CallExpr | e.Name:
        """A variant as a value: its model with the variant's arguments, some of them changed."""
        model = self.model_of(entity)
        if model.kind == "broken":
            return e.Name(id=entity.text, span=span)
        given = {a.name: a for a in (*self.variant_arguments(entity), *changed)}
        return e.CallExpr(function=self.name_of(model), arguments=tuple(given.values()), span=span)


def is_model(entity: Entity) -> bool:
    return isinstance(entity.node, ast.Block) and entity.node.kind == "model"


def _params(entity: Entity) -> tuple[str, ...]:
    node = entity.node
    return tuple(p.name.text for p in node.params) if isinstance(node, ast.Function) else ()


def _kind_word(entity: Entity) -> str:
    if isinstance(entity.node, ast.Block):
        return entity.node.kind
    return {"constant": "let", "function": "fn"}.get(entity.kind, entity.kind)


def _kind(entity: Entity) -> str:
    return article(_kind_word(entity))


def _is_op(name: str) -> bool:
    return name not in MERGES and table.lookup(name) is not None


def _binds(binding: Binding | None) -> bool:
    return binding is not None and binding.callable is True

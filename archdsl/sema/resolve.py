"""Names in expressions: each finds its meaning, and leaves with its name in the program.

Arguments of functions are bound to positions, those of partly applied blocks and ops to keywords.
"""

from __future__ import annotations

from archdsl import expr as e
from archdsl.ops import table
from archdsl.sema.applications import Applications, is_op, kind_word, params_of
from archdsl.sema.errors import did_you_mean, error, respelt
from archdsl.sema.imports import importable
from archdsl.sema.scope import LISTS, NUMBERS, SIZES, Binding, Scope, Use, article
from archdsl.sema.units import MERGES
from archdsl.source import Span
from archdsl.values import BUILTINS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from archdsl.diagnostics import SpecError
    from archdsl.sema.units import Entity

ATTRIBUTES = ("channels", "height", "width", "shape")
LITERALS = frozenset({"same"})


class Resolver(Applications):
    """Resolves the expressions of one file."""

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
                    value=self.operand(node.value, scope, use),
                    indices=self._all(node.indices, scope),
                    span=node.span,
                )
            case e.Slice():
                return e.Slice(
                    value=self.operand(node.value, scope, use),
                    start=self.optional(node.start, scope),
                    stop=self.optional(node.stop, scope),
                    step=self.optional(node.step, scope),
                    span=node.span,
                )
            case e.CallExpr():
                return self.call(node, scope, use)
            case e.Unary():
                operand = self.operand(node.operand, scope, use)
                return e.Unary(op=node.op, operand=operand, span=node.span)
            case e.Binary():
                left = self.operand(node.left, scope, use)
                right = self.operand(node.right, scope, use)
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
                help=f"call it: `{node.id}({', '.join('...' for _ in params_of(entity))})`",
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
            end = node.span.end
            at = Span(source=node.span.source, start=end - len(node.name), end=end)
            raise error(
                "E307",
                f"a value has no `{node.name}`",
                at,
                help=did_you_mean(node.name, ATTRIBUTES)
                or "it has `channels`, `height`, `width` and `shape`",
                fix=respelt(node.name, ATTRIBUTES, at),
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

    def _unknown(self, name: str, span: Span, scope: Scope) -> SpecError:
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
        # Ops can be values, but are hardly meant where a number's name is a little off.
        known = scope.visible() | {n for n, x in self.unit.names.items() if x.kind != "broken"}
        help = None if away else importable(name, span)
        if help is not None:
            self.unit.give_up(name, span)
            return error("E301", f"there is no `{name}` here", span, "unknown name", help=help)
        help = did_you_mean(name, known)
        help = help or did_you_mean(name, table.OPS, 0.7)
        if name == "self":
            help = "parameters and lets are there by their names alone"
        return error(
            "E301",
            f"there is no `{name}` here",
            span,
            "unknown name" if away is None else "not visible here",
            others=others,
            notes=notes,
            help=None if away else help,
            fix=None if away else respelt(name, known, span),
        )

    # Parts of expressions

    def operand(self, node: e.Expr, scope: Scope, use: Use) -> e.Expr:
        if isinstance(node, e.Name) and scope.find(node.id) is None:
            entity = self.unit.names.get(node.id)
            callable = entity is not None and entity.kind in ("block", "extern", "variant")
            if callable or (entity is None and is_op(node.id)):
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


def _kind(entity: Entity) -> str:
    return article(kind_word(entity))

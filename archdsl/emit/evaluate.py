"""Runs compile-time expressions on symbols: what is known is computed, the rest stays as written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

from archdsl import expr as e
from archdsl.diagnostics import Diagnostic, Label, SpecError
from archdsl.emit import symbol as s
from archdsl.emit.tensor import TensorList, listed
from archdsl.ir.evaluate import refuse_callees
from archdsl.ir.program import Function
from archdsl.ops.op import SAME, Size
from archdsl.values import BUILTINS

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from archdsl.emit.pairs import Pairs

Scope = dict[str, Any]


class Loop:
    """A comprehension over a list that only the constructor's caller knows."""

    __slots__ = ("conditions", "element", "iterable", "names_bound")

    def __init__(
        self, names_bound: tuple[str, ...], element: Any, iterable: Any, conditions: tuple[Any, ...]
    ) -> None:
        self.names_bound = names_bound
        self.element = element
        self.iterable = iterable
        self.conditions = conditions

    @property
    def operands(self) -> tuple[Any, ...]:
        """What it is made of."""
        return (self.element, self.iterable, self.conditions)

    def made_of(self, element: Any, iterable: Any, conditions: tuple[Any, ...]) -> Loop:
        """The same comprehension of other things."""
        return Loop(self.names_bound, element, iterable, conditions)

    @property
    def constant(self) -> bool:
        """Whether all items are the same."""
        return s.names_in(self.element, expand=True).isdisjoint(self.names_bound)

    def at(self, position: Any) -> Any:
        """The item at a place that counts from 0, where the text tells it; else None."""
        over = self.iterable
        if self.conditions or not isinstance(over, s.Symbol) or over.op != "call":
            return None
        function, *args = over.args
        if function == "range" and len(args) == 1 and len(self.names_bound) == 1:
            return s.substitute(self.element, {self.names_bound[0]: position})
        if function == "enumerate" and len(self.names_bound) == 2:
            item = s.index(args[0], position)
            return s.substitute(self.element, dict(zip(self.names_bound, (position, item))))
        return None

    def text(self) -> str:
        target = ", ".join(self.names_bound)
        tail = "".join(f" if {s.text(condition, 2)}" for condition in self.conditions)
        return f"[{s.text(self.element)} for {target} in {s.iterable(self.iterable)}{tail}]"

    def substitute(self, mapping: Mapping[str, Any]) -> Any:
        inner = {key: value for key, value in mapping.items() if key not in self.names_bound}
        free = s.names_in((self.element, *self.conditions), expand=True) & inner.keys()
        apart = self._apart([inner[name] for name in sorted(free)])
        if apart is not self:
            return apart.substitute(mapping)
        iterable = s.substitute(self.iterable, mapping)
        if isinstance(iterable, tuple):
            items = []
            for item in iterable:
                bound = {**inner, **spread(self.names_bound, item)}
                tests = [s.substitute(condition, bound) for condition in self.conditions]
                if s.symbolic(tests):
                    break
                if all(tests):
                    items.append(s.substitute(self.element, bound))
            else:
                return tuple(items)
            iterable = s.substitute_shallow(self.iterable, mapping)
        element = s.substitute(self.element, inner)
        conditions = tuple(s.substitute(condition, inner) for condition in self.conditions)
        return s.Symbol("loop", Loop(self.names_bound, element, iterable, conditions))

    def _apart(self, values: list[Any]) -> Loop:
        """The same loop with names of its own that no text of these values has."""
        names = tuple(fresh(self.names_bound, values))
        if names == self.names_bound:
            return self
        own = {old: s.name(new) for old, new in zip(self.names_bound, names)}
        conditions = tuple(s.substitute_shallow(each, own) for each in self.conditions)
        return Loop(names, s.substitute_shallow(self.element, own), self.iterable, conditions)

    def names(self, expand: bool) -> set[str]:
        inside = s.names_in((self.element, *self.conditions), expand) - set(self.names_bound)
        return inside | s.names_in(self.iterable, expand)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Loop) and self.text() == other.text()

    def __hash__(self) -> int:
        return hash(self.text())


def fresh(names: tuple[str, ...], values: Iterable[Any]) -> Iterator[str]:
    """Names for a comprehension over which none of these values is read: its own, or others."""
    taken: set[str] = set()
    for value in values:
        taken |= s.names_in(value) | s.names_in(value, expand=True)
    for name in names:
        number, wish = 2, name
        while wish in taken:
            wish = f"{name}{number}"
            number += 1
        yield wish


def listing(names: tuple[str, ...], element: Any, trips: Any) -> Any:
    """What a comprehension lists, in its shortest form."""
    lists = trips.args[1:] if isinstance(trips, s.Symbol) and trips.op == "call" else ()
    if len(names) == 1 and not lists:
        lists = (trips,)
    elif len(lists) == 1 and trips.args[0] == "enumerate":
        lists = (None, *lists)
    if s.names_in(element, expand=True).isdisjoint(names):
        return s.Symbol("uniform", element, s.index_count(trips))
    for name, each in zip(names, lists):
        if each is not None and s.same(element, s.name(name)):
            return each
    if len(names) == 1 and isinstance(trips, s.Symbol) and trips.op == "uniform":
        return s.Symbol("uniform", s.substitute(element, {names[0]: trips.args[0]}), trips.args[1])
    return s.Symbol("loop", Loop(names, element, trips, ()))


def spread(names: tuple[str, ...], item: Any) -> dict[str, Any]:
    """Bind loop names to an item, taking tuples apart."""
    if len(names) == 1:
        return {names[0]: item}
    if isinstance(item, tuple):
        return dict(zip(names, item))
    return {name: s.index(item, position) for position, name in enumerate(names)}


class Evaluator:
    """Evaluates expressions in a scope. `bind` makes a `Callee` of a block or op named as a value."""

    def __init__(
        self,
        functions: Mapping[str, Function],
        bind: Callable[[e.CallExpr | e.Name, Scope], Any],
        render: Callable[[Any], str] = s.text,
        constants: Mapping[str, Any] | None = None,
        pairs: Pairs | None = None,
    ) -> None:
        self._pairs = pairs
        self._render = render
        self._constants = {} if constants is None else constants
        self._functions = functions
        self._bind = bind

    def evaluate(self, node: e.Expr, scope: Scope) -> Any:
        """The value of an expression: a constant, a symbol, a callee, or a tensor's handle."""
        match node:
            case e.Number() | e.Truth() | e.Text():
                return node.value
            case e.SizeLiteral():
                return Size(node.height, node.width)
            case e.Null():
                return None
            case e.Name():
                return self._name(node, scope)
            case e.Input():
                return scope["in"]
            case e.Attribute():
                return _attribute(self.evaluate(node.value, scope), node.name)
            case e.Index():
                return self._index(node, scope)
            case e.Slice():
                bounds = [
                    None if part is None else self.evaluate(part, scope)
                    for part in (node.start, node.stop, node.step)
                ]
                value = self.evaluate(node.value, scope)
                source = None if isinstance(value, tuple) and _known(bounds) else listed(value)
                if source is not None:
                    return source.sliced(bounds, self._render)
                return s.slice_of(value, *bounds)
            case e.CallExpr():
                return self._call(node, scope)
            case e.Unary():
                value = self.evaluate(node.operand, scope)
                if node.op == "not":
                    return s.negation(value)
                return s.negate(value) if node.op == "-" else value
            case e.Binary():
                return self._binary(node, scope)
            case e.Compare():
                return self._compare(node, scope)
            case e.Ternary():
                return self._ternary(node, scope)
            case e.ListExpr() | e.TupleExpr():
                return tuple(self.evaluate(item, scope) for item in node.items)
            case e.Comprehension():
                return self._comprehension(node, scope)
            case e.Template():
                return node
            case _:
                raise TypeError(f"no value for {type(node).__name__}")

    def _name(self, node: e.Name, scope: Scope) -> Any:
        if node.id in scope:
            return getattr(scope[node.id], "current", scope[node.id])
        if node.id == "same":
            return SAME
        return self._bind(node, scope)

    def _index(self, node: e.Index, scope: Scope) -> Any:
        value = self.evaluate(node.value, scope)
        indices = tuple(self.evaluate(item, scope) for item in node.indices)
        if any(isinstance(position, s.Symbol) for position in indices):
            value = value if hasattr(value, "current") else listed(value) or value
        if hasattr(value, "member"):
            return value.member(indices, self._render)
        for position in indices:
            value = s.index(value, position)
        return value

    def _call(self, node: e.CallExpr, scope: Scope) -> Any:
        if node.function in self._functions:
            function = self._functions[node.function]
            values = [self.evaluate(argument.value, scope) for argument in node.arguments]
            inner = {**self._constants, **dict(zip(function.params, values))}
            return self.evaluate(function.value, inner)
        if node.function in BUILTINS:
            values = [self.evaluate(argument.value, scope) for argument in node.arguments]
            if node.function == "len" and hasattr(values[0], "member"):
                return values[0].count
            if node.function == "size":
                return Size(*values)
            if node.function in ("enumerate", "zip", "reversed"):
                values = [_channels(value) for value in values]
            return s.call(node.function, values)
        return self._bind(node, scope)

    def _binary(self, node: e.Binary, scope: Scope) -> Any:
        left = self.evaluate(node.left, scope)
        if node.op == "and":
            return left if left is False else s.both(left, self.evaluate(node.right, scope))
        if node.op == "or":
            return left if left is True else s.either(left, self.evaluate(node.right, scope))
        right = self.evaluate(node.right, scope)
        if node.op == "/" and isinstance(node.left, e.Number) and isinstance(node.right, e.Number):
            # A ratio of numbers says more than its decimals; one by zero is never computed.
            exact = right != 0 and left % right == 0
            return s.binary("/", left, right) if exact else s.Symbol("/", left, right)
        return s.binary(node.op, left, right)

    def _compare(self, node: e.Compare, scope: Scope) -> Any:
        operands = [
            getattr(value, "symbol", value)
            for value in (self.evaluate(operand, scope) for operand in node.operands)
        ]
        if SAME in [each for each in operands if not isinstance(each, s.Symbol)]:
            _refuse_same(node, operands)
        result: Any = True
        for op, left, right in zip(node.ops, operands, operands[1:]):
            refuse_callees(left, right, node.span)
            result = s.both(result, s.compare(op, *self._aligned(op, left, right)))
        return result

    def _aligned(self, op: str, left: Any, right: Any) -> tuple[Any, Any]:
        """Two values of which one stands for the other, or is compared with it, in one form."""
        forms: list[str | None] = []
        if self._pairs is not None:
            forms = [self._pairs.form(left), self._pairs.form(right)]
            left, right = (
                s.pair_of(value) if form == "size" else value
                for value, form in zip((left, right), forms)
            )
        return s.aligned(op, left, right, "sizes" in forms)

    def _ternary(self, node: e.Ternary, scope: Scope) -> Any:
        condition = self.evaluate(node.condition, scope)
        if not isinstance(condition, s.Symbol):
            return self.evaluate(node.then if condition else node.other, scope)
        then, other = self.evaluate(node.then, scope), self.evaluate(node.other, scope)
        return s.choose(condition, *self._aligned("==", then, other))

    def _comprehension(self, node: e.Comprehension, scope: Scope) -> Any:
        iterable = self.evaluate(node.iterable, scope)
        source = None if isinstance(iterable, tuple) else listed(iterable)
        if source is not None:
            return self._widths(node, source, scope)
        if not isinstance(iterable, s.Symbol):
            items: list[Any] = []
            tests: list[Any] = []
            for item in iterable:
                inner = {**scope, **spread(node.names, item)}
                tests = [self.evaluate(condition, inner) for condition in node.conditions]
                if s.symbolic(tests):
                    break
                if all(tests):
                    items.append(self.evaluate(node.element, inner))
            if not s.symbolic(tests) and (not s.symbolic(items) or len(items) < 2):
                return tuple(items)
            iterable = self._written(node.iterable, iterable, scope)
        over: AbstractContextManager[AbstractSet[str]] = nullcontext(frozenset())
        if self._pairs is not None:
            over = self._pairs.comprehension(node, iterable)
        around = [value for name, value in scope.items() if name not in node.names]
        names = tuple(fresh(node.names, [each for each in around if isinstance(each, s.Symbol)]))
        with over as pairs:
            inner = dict(scope)
            for name, new in zip(node.names, names):
                inner[name] = s.pair_of(s.name(new)) if name in pairs else s.name(new)
            element = self.evaluate(node.element, inner)
            conditions = tuple(self.evaluate(condition, inner) for condition in node.conditions)
        return s.Symbol("loop", Loop(names, element, iterable, conditions))

    def _widths(self, node: e.Comprehension, source: TensorList, scope: Scope) -> Any:
        """A comprehension over a list of values, of which the constructor knows the channels."""
        (name,) = node.names
        taken = [value for value in scope.values() if isinstance(value, s.Symbol)]
        (channels,) = fresh((f"{name}_channels",), taken)
        inner = {**scope, name: source.member((s.name(f"@{name}"),))}
        inner[name] = inner[name].but(shape=(s.name(channels), *inner[name].shape[1:]))
        element = self.evaluate(node.element, inner)
        conditions = tuple(self.evaluate(condition, inner) for condition in node.conditions)
        if not conditions:
            return listing((channels,), element, source.shape[0])
        return s.Symbol("loop", Loop((channels,), element, source.shape[0], conditions))

    def _written(self, node: e.Expr, items: Any, scope: Scope) -> Any:
        """What a loop goes over, as its author wrote it: a range stays a range."""
        if not isinstance(node, e.CallExpr) or node.function != "range":
            return items
        return s.Symbol("call", "range", *(self.evaluate(a.value, scope) for a in node.arguments))


def _refuse_same(node: e.Compare, operands: list[Any]) -> None:
    """A constructor works out at once what a padding is: later it can't tell that it was `same`."""
    if s.symbolic(operands):
        raise SpecError(
            Diagnostic(
                code="E524",
                message="whether an argument of the constructor is `same` can't be asked",
                label=Label(span=node.span),
                help="decide it by an argument of its own: `padded = true`",
            )
        )


def _known(bounds: list[Any]) -> bool:
    """Whether the bounds of a slice are numbers."""
    return all(bound is None or isinstance(bound, int) for bound in bounds)


def _channels(value: Any) -> Any:
    """A list of values as the list of their channels; any other value as it is."""
    source = listed(value)
    return value if source is None else source.shape[0]


def _attribute(value: Any, name: str) -> Any:
    dims = value.shape
    if name == "channels":
        return dims[0]
    if name in ("height", "width"):
        return dims[-2 if name == "height" else -1]
    return tuple(dims)

"""Runs compile-time expressions on concrete values. Nothing is handed to Python's own `eval`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from archdsl import expr as e
from archdsl import values as v
from archdsl.diagnostics import Diagnostic, Label, SpecError
from archdsl.ir.design import Callee
from archdsl.ir.program import Function
from archdsl.limits import CALLS, LIMITS, more
from archdsl.ops.op import SAME, Size
from archdsl.source import Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Poisoned(Exception):
    """Something was asked of what already failed and was reported: say nothing more."""


class Failed:
    """What a name denotes after its value could not be computed."""


FAILED = Failed()


class Handle:
    """What a name may denote beside plain values: a tensor, or a family of them."""

    __slots__ = ()
    described = "a tensor"

    def __str__(self) -> str:
        return self.described

    def listed(self) -> tuple[Any, ...] | None:
        """The members of a family, in order."""
        return None

    def attribute(self, name: str) -> Any:
        """`x.channels`, `.height`, `.width`, `.shape`."""
        raise v.Fault("E402", f"{self.described} has no `{name}`")

    def member(self, indices: tuple[Any, ...]) -> Any:
        """`x[i, j]` of a family."""
        raise v.Fault("E402", f"{self.described} can't be indexed")

    def cut(self, start: Any, stop: Any, step: Any) -> Any:
        """`x[start:stop:step]` of a family."""
        raise v.Fault("E402", f"{self.described} has no items to slice")


class Scope:
    """Names and what they denote, with those around. A definition has one for its whole body:
    no visible name hides another, so a name that is set again was out of sight."""

    __slots__ = ("names", "parent")

    def __init__(self, parent: Scope | None = None) -> None:
        self.names: dict[str, Any] = {}
        self.parent = parent

    def get(self, name: str) -> Any:
        """What a name denotes; KeyError where it denotes nothing."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.names:
                return scope.names[name]
            scope = scope.parent
        raise KeyError(name)


class Budget:
    """Steps that are left to a run; spent by loops, calls and lists, never given back."""

    __slots__ = ("left",)

    def __init__(self) -> None:
        self.left = LIMITS["steps"]

    def spend(self, steps: int, span: Span) -> None:
        self.left -= steps
        if self.left < 0:
            raise fault(
                "E407",
                "this spec takes too many steps to compute",
                span,
                help="a loop or a function here runs too often, or a block uses itself too often; "
                f"{more('steps')}",
            )


def fault(code: str, message: str, span: Span, help: str | None = None) -> SpecError:
    """An error at a place, ready to be raised."""
    return SpecError(Diagnostic(code=code, message=message, label=Label(span=span), help=help))


def spread(names: tuple[str, ...], value: Any, span: Span) -> tuple[Any, ...]:
    """One value for each name, taking a list apart where there are several names."""
    if len(names) == 1:
        return (value,)
    shown = ", ".join(names)
    if type(value) is not tuple:
        raise fault("E408", f"`{shown}` takes a list apart, but this is {v.kind(value)}", span)
    if len(value) != len(names):
        given = f"{v.show(value)} has {len(value)}"
        raise fault("E408", f"`{shown}` takes {len(names)} values apart, and {given}", span)
    return value


class Evaluator:
    """Evaluates expressions in a scope.

    `callee` gives the block, op or extern of a name, or None; `compute`, where given, is what
    arithmetic on tensors does (in `from`): elsewhere that is an error.
    """

    def __init__(
        self,
        functions: Mapping[str, Function],
        callee: Callable[[str, e.Expr], Callee | None],
        bind: Callable[[Callee, tuple[tuple[str | None, Any], ...], Span], Callee],
        budget: Budget,
    ) -> None:
        self._functions = functions
        self._callee = callee
        self._bind = bind
        self.budget = budget
        self._calls = 0
        self.roots: Scope = Scope()
        self.compute: Callable[[str, Any, Any, Span], Any] | None = None

    def evaluate(self, node: e.Expr, scope: Scope) -> Any:
        """The value of an expression. Raises SpecError, or Poisoned."""
        try:
            return _ARMS[type(node)](self, node, scope)
        except v.Fault as problem:
            raise fault(problem.code, problem.message, node.span, problem.help) from None

    def truth(self, node: e.Expr, scope: Scope) -> bool:
        """Whether a condition holds; a tensor or a block is no condition."""
        value = self.evaluate(node, scope)
        if isinstance(value, (Handle, Callee)) or value is SAME:
            raise fault("E402", f"{v.kind(value)} is no condition", node.span)
        return bool(value)

    def integer(self, node: e.Expr, scope: Scope, what: str, least: int = 0) -> int:
        """An int that is not below `least`."""
        value = self.evaluate(node, scope)
        if type(value) is not int:
            if isinstance(value, float):
                help = "`//` divides ints, `int(...)` cuts, `round(...)` rounds"
                raise fault("E402", f"{what} is an int, not {v.show(value)}", node.span, help)
            raise fault("E402", f"{what} is an int, not {v.kind(value)}", node.span)
        if value < least:
            raise fault("E409", f"{what} is {value}, and must be at least {least}", node.span)
        return value

    def number(self, node: e.Expr, scope: Scope, what: str) -> Any:
        """An int or float."""
        value = self.evaluate(node, scope)
        if type(value) not in (int, float):
            raise fault("E402", f"{what} is an int, not {v.kind(value)}", node.span)
        return value

    def iterate(self, node: e.Expr, scope: Scope) -> tuple[Any, ...]:
        """The items that a loop goes over."""
        value = self.evaluate(node, scope)
        try:
            found = v.items(_plain("for", value))
        except v.Fault as problem:
            raise fault(problem.code, problem.message, node.span, problem.help) from None
        self.budget.spend(4 * len(found), node.span)
        return found

    def template(self, node: e.Template, scope: Scope) -> str:
        """The text of a template with its expressions filled in."""
        parts = [
            part if isinstance(part, str) else v.text(self.evaluate(part, scope))
            for part in node.parts
        ]
        try:
            return str(v.checked("".join(parts)))
        except v.Fault as problem:
            raise fault(problem.code, problem.message, node.span) from None

    # One arm for each kind of expression

    def _literal(self, node: Any, scope: Scope) -> Any:
        return node.value

    def _size(self, node: e.SizeLiteral, scope: Scope) -> Any:
        return Size(node.height, node.width)

    def _null(self, node: e.Null, scope: Scope) -> Any:
        return None

    def _name(self, node: e.Name, scope: Scope) -> Any:
        try:
            value = scope.get(node.id)
        except KeyError:
            return self._global(node)
        if value is FAILED:
            raise Poisoned
        return value

    def _global(self, node: e.Name) -> Any:
        if node.id == "same":
            return SAME
        found = self._callee(node.id, node)
        if found is not None:
            return found
        raise fault(
            "E410",
            f"`{node.id}` has no value here",
            node.span,
            "it is set in a branch or loop that this variant does not run",
        )

    def _input(self, node: e.Input, scope: Scope) -> Any:
        try:
            value = scope.get("in")
        except KeyError:
            raise fault("E410", "`in` has no value here", node.span) from None
        if value is FAILED:
            raise Poisoned
        return value

    def _attribute(self, node: e.Attribute, scope: Scope) -> Any:
        value = self.evaluate(node.value, scope)
        if not isinstance(value, Handle):
            raise v.Fault("E402", f"{v.kind(value)} has no `{node.name}`")
        return value.attribute(node.name)

    def _index(self, node: e.Index, scope: Scope) -> Any:
        value = self.evaluate(node.value, scope)
        indices = tuple(self.evaluate(item, scope) for item in node.indices)
        if isinstance(value, Handle):
            return value.member(indices)
        for position in indices:
            value = v.index(value, position)
        return value

    def _slice(self, node: e.Slice, scope: Scope) -> Any:
        bounds = [
            None if bound is None else self.evaluate(bound, scope)
            for bound in (node.start, node.stop, node.step)
        ]
        value = self.evaluate(node.value, scope)
        return value.cut(*bounds) if isinstance(value, Handle) else v.cut(value, *bounds)

    def _call(self, node: e.CallExpr, scope: Scope) -> Any:
        name = node.function
        if name in self._functions:
            return self._function(self._functions[name], node, scope)
        given = tuple(
            (argument.name, self.evaluate(argument.value, scope)) for argument in node.arguments
        )
        if name in v.BUILTINS:
            result = v.call(name, tuple(_plain(name, value) for _, value in given))
            if type(result) is tuple:
                self.budget.spend(len(result), node.span)
            return result
        try:
            found = scope.get(name)
        except KeyError:
            found = self._callee(name, node)
        if found is FAILED:
            raise Poisoned
        if not isinstance(found, Callee):
            raise fault("E402", f"`{name}` is {v.kind(found)}, and can't be called", node.span)
        return self._bind(found, given, node.span)

    def _function(self, function: Function, node: e.CallExpr, scope: Scope) -> Any:
        self.budget.spend(10, node.span)
        inner = Scope(self.roots)
        for param, argument in zip(function.params, node.arguments):
            inner.names[argument.name or param] = self.evaluate(argument.value, scope)
        self._calls += 1
        try:
            if self._calls > CALLS:
                raise fault("E407", f"functions call each other {CALLS} deep", node.span)
            return self.evaluate(function.value, inner)
        finally:
            self._calls -= 1

    def _unary(self, node: e.Unary, scope: Scope) -> Any:
        value = self.evaluate(node.operand, scope)
        if isinstance(value, Handle):
            if self.compute is None or node.op == "not":
                raise _not_here(node.op)
            return self.compute("neg", None, value, node.span) if node.op == "-" else value
        return v.unary(node.op, value)

    def _binary(self, node: e.Binary, scope: Scope) -> Any:
        left = self.evaluate(node.left, scope)
        if node.op == "and":
            return self.evaluate(node.right, scope) if left else left
        if node.op == "or":
            return left if left else self.evaluate(node.right, scope)
        right = self.evaluate(node.right, scope)
        if isinstance(left, Handle) or isinstance(right, Handle):
            if self.compute is None:
                raise _not_here(node.op)
            return self.compute(node.op, left, right, node.span)
        return v.binary(node.op, left, right)

    def _compare(self, node: e.Compare, scope: Scope) -> Any:
        left = self.evaluate(node.operands[0], scope)
        for op, operand in zip(node.ops, node.operands[1:]):
            right = self.evaluate(operand, scope)
            if isinstance(left, Handle) or isinstance(right, Handle):
                raise _not_here(op)
            refuse_callees(left, right, node.span)
            if not v.compare(op, left, right):
                return False
            left = right
        return True

    def _ternary(self, node: e.Ternary, scope: Scope) -> Any:
        return self.evaluate(node.then if self.truth(node.condition, scope) else node.other, scope)

    def _list(self, node: Any, scope: Scope) -> Any:
        return v.checked(tuple(self.evaluate(item, scope) for item in node.items))

    def _comprehension(self, node: e.Comprehension, scope: Scope) -> Any:
        result = []
        for item in self.iterate(node.iterable, scope):
            inner = Scope(scope)
            inner.names.update(zip(node.names, spread(node.names, item, node.iterable.span)))
            if all(self.truth(condition, inner) for condition in node.conditions):
                result.append(self.evaluate(node.element, inner))
        return v.checked(tuple(result))

    def _claim(self, node: e.Approximate, scope: Scope) -> Any:
        return self.evaluate(node.value, scope)

    def _open(self, node: e.Open, scope: Scope) -> Any:
        raise v.Fault("E402", "`_` stands for any size in a shape, and has no value")


def _plain(name: str, value: Any) -> Any:
    if not isinstance(value, Handle):
        return value
    members = value.listed()
    if members is None:
        raise v.Fault("E402", f"`{name}` does not take {v.kind(value)}")
    return members


def refuse_callees(left: Any, right: Any, span: Span) -> None:
    """E402 where blocks or ops are compared: a constructor can't tell what it was given."""
    if left is not None and right is not None and (_calls(left) or _calls(right)):
        raise fault(
            "E402",
            "blocks and ops are not compared, but with `none`",
            span,
            "say with a parameter of its own what depends on which it is: `plain = false`",
        )


def _calls(value: Any) -> bool:
    """Whether a value is a block or op, or a list that holds one."""
    if type(value) is tuple:
        return any(map(_calls, value))
    return isinstance(value, Callee)


def _not_here(op: str) -> v.Fault:
    return v.Fault(
        "E402",
        f"`{op}` on a tensor, where a number is computed",
        "arithmetic on tensors stands in `from`; a size is read with `.channels` or `.height`",
    )


_ARMS: dict[type, Callable[[Evaluator, Any, Scope], Any]] = {
    e.Number: Evaluator._literal,
    e.Text: Evaluator._literal,
    e.Truth: Evaluator._literal,
    e.SizeLiteral: Evaluator._size,
    e.Null: Evaluator._null,
    e.Template: Evaluator.template,
    e.Name: Evaluator._name,
    e.Input: Evaluator._input,
    e.Attribute: Evaluator._attribute,
    e.Index: Evaluator._index,
    e.Slice: Evaluator._slice,
    e.CallExpr: Evaluator._call,
    e.Unary: Evaluator._unary,
    e.Binary: Evaluator._binary,
    e.Compare: Evaluator._compare,
    e.Ternary: Evaluator._ternary,
    e.ListExpr: Evaluator._list,
    e.TupleExpr: Evaluator._list,
    e.Comprehension: Evaluator._comprehension,
    e.Approximate: Evaluator._claim,
    e.Open: Evaluator._open,
}

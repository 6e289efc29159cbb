"""Which sizes of a file are oblong somewhere: those are written as pairs everywhere."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from archdsl import expr as e
from archdsl.emit import symbol as s
from archdsl.emit.evaluate import Loop
from archdsl.ir import program as p
from archdsl.ir.design import Callee
from archdsl.ir.walk import every, parts
from archdsl.node import Node
from archdsl.ops.op import Size

if TYPE_CHECKING:
    from archdsl.emit.unit import Unit

# A definition's parameter; a constant of the file has no definition.
Place = tuple[str, str]
_NO: frozenset[str] = frozenset()


class Sizes:
    """The parameters and constants that hold an oblong size in some use, or hand theirs on to one
    that does: their sizes are tuples, square ones too."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self._links: dict[Place, set[Place]] = {}
        self._measured: set[Place] = set()
        self._iterated: set[Place] = set()
        held: dict[Place, list[Any]] = {("", name): [each] for name, each in unit.constants.items()}
        for definition in unit.program.definitions:
            for instance in unit.instances(definition.name):
                for name, value in instance.arguments.items():
                    held.setdefault((definition.name, name), []).append(value)
                    self._bound(value, held)
        self._single = {
            place
            for place, values in held.items()
            if all(isinstance(value, (Size, int)) for value in values)
        }
        self._sized = {place for place, values in held.items() if any(map(sized, values))}
        self._flat = {place for place, values in held.items() if all(map(flat, values))}
        for definition in unit.program.definitions:
            self._definition(definition)
        for variant in unit.program.variants:
            for argument in variant.arguments:
                self._link((variant.definition, argument.parameter), argument.value, "", {})
        oblong = {place for place, values in held.items() if any(map(s.has_oblong, values))}
        self._pairs = self._reached((oblong | self._measured) & self._sized, self._sized)
        self._even = self._lists(self._iterated & self._flat & self._pairs)

    def pairs(self, definition: str, parameter: str) -> bool:
        """Whether the sizes in an argument are written as pairs."""
        return (definition, parameter) in self._pairs

    def pair(self, definition: str, parameter: str) -> bool:
        """Whether an argument is a pair itself."""
        return self.pairs(definition, parameter) and (definition, parameter) in self._single

    def even(self, definition: str, parameter: str) -> bool:
        """Whether an argument is a list of pairs, in which a number is that many both ways."""
        return (definition, parameter) in self._even

    def written(self, definition: str, parameter: str, value: Any) -> Any:
        """An argument in the form that its parameter has in this file."""
        if not self.pairs(definition, parameter):
            return value
        if self.pair(definition, parameter) and not isinstance(value, (tuple, str)):
            whole = isinstance(value, s.Symbol) and value.op == "index"
            return value if value is None or whole else s.Pair(value, value)
        return _listed(value, self.even(definition, parameter))

    def _bound(self, value: Any, held: dict[Place, list[Any]]) -> None:
        """The arguments that a block passed as a value brings."""
        if isinstance(value, Callee) and value.kind == "block":
            for name, each in value.arguments:
                held.setdefault((value.name, name), []).append(each)

    def _reached(self, places: set[Place], within: set[Place]) -> set[Place]:
        found, todo = set(places), list(places)
        while todo:
            for other in self._links.get(todo.pop(), ()):
                if other not in found and other in within:
                    found.add(other)
                    todo.append(other)
        return found

    def _definition(self, definition: p.Definition) -> None:
        """Link what the calls of a body are given with where it comes from."""
        local: dict[str, list[e.Expr]] = {}
        for node in parts(definition.body):
            if isinstance(node, p.Let):
                for name in node.names:
                    local.setdefault(name, []).append(node.value)
            elif isinstance(node, (p.For, p.BranchLoop)):
                for name in node.names:
                    local.setdefault(name, []).append(node.iterable)
        for param in definition.params:
            if param.default is not None:
                self._link((definition.name, param.name), param.default, definition.name, local)
        self._asked((definition.params, definition.body), definition.name, local)
        for node in parts(definition.body):
            if isinstance(node, p.Call):
                for target in self._targets(definition, node):
                    for argument, place in target:
                        self._link(place, argument.value, definition.name, local)

    def _lists(self, places: set[Place]) -> set[Place]:
        """Those that share their sizes only with lists that are pairs: one of nothing but numbers
        stays one of numbers."""
        found: set[Place] = set()
        for place in places:
            shared = self._reached({place}, self._flat)
            if shared <= self._pairs:
                found |= shared
        return found

    def _asked(self, node: Any, owner: str, local: dict[str, list[e.Expr]]) -> None:
        """What is compared has one form; what is iterated, or indexed by a variable, is a list of
        things of one kind."""
        if isinstance(node, tuple):
            for each in node:
                self._asked(each, owner, local)
            return
        if not isinstance(node, Node):
            return
        if isinstance(node, e.Comprehension):
            local = {**local, **{name: [node.iterable] for name in node.names}}
        if isinstance(node, (p.For, p.BranchLoop, e.Comprehension)):
            for _, source in sources(node.names, node.iterable):
                self._iterated |= self._roots(source, owner, local, _NO)
        if isinstance(node, e.Index) and not isinstance(node.indices[0], (e.Number, e.Unary)):
            self._iterated |= self._roots(node.value, owner, local, _NO)
        if isinstance(node, e.Compare):
            roots = self._roots(e.TupleExpr(items=node.operands, span=node.span), owner, local, _NO)
            for one, other in pairwise(sorted(roots)):
                self._join(one, other)
            if any(_oblong(operand) for operand in node.operands):
                self._measured |= roots
        for field in type(node)._fields:
            if field != "op":
                self._asked(getattr(node, field), owner, local)

    def _targets(
        self, definition: p.Definition, call: p.Call
    ) -> list[list[tuple[p.BoundArgument, Place]]]:
        """For each block that a call goes to: its arguments, and the parameters that take them."""
        if call.kind == "block":
            return [[(each, (call.callee, each.parameter)) for each in call.arguments]]
        if call.kind != "param":
            return []
        found = []
        for callee in self._unit.callees_seen(definition.name, call.uid):
            if callee.kind == "block":
                names = [param.name for param in self._unit.definitions[callee.name].params]
                free = [name for name in names if name not in dict(callee.arguments)]
                found.append(
                    [
                        (
                            each,
                            (
                                callee.name,
                                (
                                    free[int(each.parameter)]
                                    if each.parameter.isdigit()
                                    else each.parameter
                                ),
                            ),
                        )
                        for each in call.arguments
                    ]
                )
        for first, second in pairwise(found):
            for (_, one), (_, other) in zip(first, second):
                self._join(one, other)
        return found

    def _link(
        self, place: Place, value: e.Expr, owner: str, local: dict[str, list[e.Expr]]
    ) -> None:
        for root in self._roots(value, owner, local, frozenset()):
            self._join(place, root)

    def _join(self, one: Place, other: Place) -> None:
        self._links.setdefault(one, set()).add(other)
        self._links.setdefault(other, set()).add(one)

    def _roots(
        self, node: Any, owner: str, local: dict[str, list[e.Expr]], seen: frozenset[str]
    ) -> set[Place]:
        """The parameters and constants whose sizes an expression hands on."""

        def several(items: Any) -> set[Place]:
            return set().union(*(self._roots(item, owner, local, seen) for item in items))

        match node:
            case e.Name():
                if node.id in seen:
                    return set()
                if node.id in local:
                    inner = seen | {node.id}
                    return set().union(
                        *(self._roots(each, owner, local, inner) for each in local[node.id])
                    )
                place = (owner, node.id)
                known = self._sized | self._flat
                return {place if place in known else ("", node.id)} & known
            case e.Index() | e.Slice():
                return self._roots(node.value, owner, local, seen)
            case e.Ternary():
                return several((node.then, node.other))
            case e.ListExpr() | e.TupleExpr():
                return several(node.items)
            case e.Binary(op="+"):
                return several((node.left, node.right))
            case e.Comprehension():
                bound = {**local, **{name: [node.iterable] for name in node.names}}
                return self._roots(node.element, owner, bound, seen)
            case e.CallExpr():
                if node.function in self._unit.definitions:
                    names = [each.name for each in self._unit.definitions[node.function].params]
                    for position, argument in enumerate(node.arguments):
                        place = (node.function, argument.name or names[position])
                        self._link(place, argument.value, owner, local)
                    return set()
                if node.function == "size":
                    return set()
                return several(argument.value for argument in node.arguments)
            case _:
                return set()


def sized(value: Any) -> bool:
    """Whether a value is or holds a size."""
    if isinstance(value, Size):
        return True
    return isinstance(value, tuple) and any(map(sized, value))


def flat(value: Any) -> bool:
    """Whether a value is a list of sizes, some of them numbers perhaps."""
    if not isinstance(value, tuple) or isinstance(value, Size):
        return False
    return all(isinstance(item, Size) or type(item) is int for item in value)


def evened(value: Any) -> Any:
    """A list that is looped over where it stands: numbers among its oblong sizes are pairs, too."""
    mixed = flat(value) and s.has_oblong(value) and not isinstance(value, s.NamedList)
    return _listed(value, True) if mixed else value


def _listed(value: Any, even: bool) -> Any:
    """A list of pairs; an `even` one has no numbers beside them."""
    if isinstance(value, s.Symbol) and value.op == "loop":
        loop = value.args[0]
        item = _listed((loop.element,), even)[0]
        return s.Symbol("loop", Loop(loop.names_bound, item, loop.iterable, loop.conditions))
    if isinstance(value, s.Symbol) and value.op in ("+", "*", "slice", "ternary", "join"):
        return s.Symbol(value.op, *(_listed(arg, even) for arg in value.args))
    if even and isinstance(value, tuple) and not isinstance(value, (Size, s.NamedList)):
        return tuple(map(_evened_item, value))
    return s.paired(value)


def _evened_item(item: Any) -> Any:
    number = type(item) is int or (isinstance(item, s.Symbol) and item.op != "index")
    return s.Pair(item, item) if number else s.paired(item)


def sources(names: tuple[str, ...], iterable: e.Expr | None) -> list[tuple[str, e.Expr]]:
    """The loop names that run over lists alone, each with its list."""
    if iterable is None:
        return []
    if isinstance(iterable, e.CallExpr):
        arguments = [argument.value for argument in iterable.arguments]
        if iterable.function == "enumerate" and len(names) == 2:
            return [(names[1], arguments[0])]
        if iterable.function == "zip" and len(names) > 1:
            return list(zip(names, arguments))
        if iterable.function == "reversed":
            return sources(names, arguments[0])
    return [(names[0], iterable)] if len(names) == 1 else []


def _oblong(node: Any) -> bool:
    """Whether an oblong size is written in an expression, or one whose sides are computed."""
    return any(
        (isinstance(each, e.SizeLiteral) and each.height != each.width)
        or (isinstance(each, e.CallExpr) and each.function == "size")
        for each in every(node)
    )

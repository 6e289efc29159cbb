"""Names of a file: what it has at its top stays in sight wherever a function of it means it.

Python has one scope for values, classes and constants where the language has several. Arguments of
constructors, labels, ports and classes are for those who use the file, and keep their names. So
constants give way to them, loops to all, and a class that an argument hides is called by another
name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from archdsl import expr as e
from archdsl.ir import program as p
from archdsl.ir.walk import every
from archdsl.node import Node, replace
from archdsl.ops.op import Torch
from archdsl.ops.table import OPS
from archdsl.source import Span

_HELPER = re.compile(r"^(?:class|def) (\w+)", re.MULTILINE)


class FileNames:
    """What a program's file has at its top, and under which name; `loops` are the names that the
    loops of each definition bind."""

    def __init__(self, program: p.Program) -> None:
        params = {param.name for each in program.definitions for param in each.params}
        self.loops = {each.name: loop_names(each) for each in program.definitions}
        loops = set().union(*self.loops.values(), *map(loop_names, program.functions))
        self._classes = {
            *(each.name for each in program.definitions),
            *(each.attribute for each in program.externs),
        }
        known = {*self._classes, *params, *(each.name for each in program.variants)}
        self._given = (
            known | loops | set().union(*map(implied_names, program.definitions), _tools())
        )
        names = [name for each in program.constants for name in each.names]
        self._constants = {name: self._capitals(name) for name in names}
        self._taken = known | set(self._constants.values())
        self.top = self._classes | _tools() | set(self._constants.values())

    def constant(self, name: str) -> str:
        """A constant in capitals, as Python has them."""
        return self._constants[name]

    def helper(self, torch: Torch) -> str:
        """The class of an op; one that the file has to hold steps aside for a name of the spec."""
        name = torch.module or ""
        return f"{name}Layer" if torch.helper is not None and name in self._taken else name

    def helper_source(self, torch: Torch) -> str:
        """The source of a class that the file has to hold, under the name that it has there."""
        assert torch.helper is not None
        name = self.helper(torch)
        return re.sub(
            rf"^class {torch.module}\b", f"class {name}", torch.helper, flags=re.MULTILINE
        )

    def derived(self, name: str, suffix: str) -> str:
        """A class beside one of the file's."""
        other = name + suffix
        while other in self._given:
            other += "_"
        return other

    def beside(self, name: str) -> str:
        """Another name for a class, where an argument has its own."""
        other = f"_{name}"
        while other in self._given:
            other = f"_{other}"
        return other

    def _capitals(self, name: str) -> str:
        written = name.upper()
        while written in self._given:
            written += "_"
        self._given.add(written)
        return written


@cache
def _tools() -> frozenset[str]:
    """What any file may hold for itself."""
    sources = [op.torch.helper for op in OPS.values() if op.torch.helper is not None]
    return frozenset({"round_to", *(name for each in sources for name in _HELPER.findall(each))})


def implied_names(definition: p.Definition, sizes: bool = True) -> set[str]:
    """What the functions of a class have without being told: the stream, channels, and `sizes`."""
    found = {"x"}
    for port in definition.inputs:
        name = port.name or "in"
        found.add(f"{name}_channels")
        if sizes:
            found |= {f"{name}_height", f"{name}_width"}
    return found | {"height", "width"} if sizes and len(definition.inputs) == 1 else found


def asks_sizes(program: p.Program) -> bool:
    """Whether anything in a program depends on the height or width of a map."""
    asked = (each for each in every(program.definitions) if isinstance(each, e.Attribute))
    return any(each.name != "channels" for each in asked)


def loop_names(node: Node) -> set[str]:
    """The names that loops and comprehensions of a definition bind."""
    return {name for each in every(node) for name in _bound(each)}


def local_names(definition: p.Definition) -> set[str]:
    """The names that a definition's `let`s bind."""
    lets = (each for each in every(definition.body) if isinstance(each, p.Let))
    return {name for each in lets for name in each.names}


def _bound(node: Any) -> tuple[str, ...]:
    if isinstance(node, p.Repeat):
        return () if node.variable is None else (node.variable,)
    return node.names if isinstance(node, (p.For, p.BranchLoop, e.Comprehension)) else ()


# Names of loops


def settled(program: p.Program) -> p.Program:
    """The program with loops that Python can have: none hides what the file or its class has
    under that name, and none reads `_`, which is what they do without."""
    names = FileNames(program)
    sizes = asks_sizes(program)
    definitions = tuple(
        _settled(each, names.loops[each.name], names.top, implied_names(each, sizes))
        for each in program.definitions
    )
    result: p.Program = replace(program, definitions=definitions)
    return result


def _settled(
    definition: p.Definition, names: set[str], top: set[str], implied: set[str]
) -> p.Definition:
    if not names & (top | implied | {"_"}):
        return definition
    taken = top | names | implied | set(_mentioned(definition))
    body = _Loops(top, implied, taken).renamed(definition.body, {})
    result: p.Definition = replace(definition, body=body)
    return result


def _mentioned(node: Node) -> Iterator[str]:
    for each in every(node):
        if isinstance(each, e.Name):
            yield each.id
        elif isinstance(each, (p.Param, p.Port, p.Tensor, p.Share)) and each.name is not None:
            yield each.name
        elif isinstance(each, p.ValueTarget):
            yield each.base


class _Loops:
    """Renames the loops of one definition. What `implied` holds a comprehension may hide, unless
    it goes over values: it has a scope of its own."""

    def __init__(self, top: set[str], implied: set[str], taken: set[str]) -> None:
        self._top, self._implied, self._taken = top, implied, taken

    def renamed(self, node: Any, names: dict[str, str], values: bool = False) -> Any:
        """A tree with its loops' names changed, and what reads them."""
        if isinstance(node, tuple):
            return tuple(self.renamed(each, names, values) for each in node)
        if not isinstance(node, Node) or isinstance(node, Span):
            return node
        values = values or isinstance(node, p.From)
        bound = _bound(node)
        inner = self._inner(node, names, values)
        changes: dict[str, Any] = {}
        for field in type(node)._fields:
            if field != "op":
                scope = names if field in ("iterable", "times") else inner
                changes[field] = self.renamed(getattr(node, field), scope, values)
        if isinstance(node, e.Name):
            changes["id"] = names.get(node.id, node.id)
        elif isinstance(node, e.CallExpr):
            changes["function"] = names.get(node.function, node.function)
        elif isinstance(node, p.Call) and node.kind == "param":
            changes["callee"] = names.get(node.callee, node.callee)
        elif isinstance(node, p.Repeat) and node.variable is not None:
            changes["variable"] = inner.get(node.variable, node.variable)
        elif bound:
            changes["names"] = tuple(inner.get(name, name) for name in bound)
        return replace(node, **changes)

    def _inner(self, node: Node, names: dict[str, str], values: bool) -> dict[str, str]:
        """The names that hold inside of a node."""
        bound = _bound(node)
        if not bound:
            return names
        hiding = self._top
        if values or not isinstance(node, e.Comprehension):
            hiding = hiding | self._implied
        inner = {name: new for name, new in names.items() if name not in bound}
        for name in bound:
            if name in hiding:
                inner[name] = _free(name, self._taken)
            elif name == "_" and name in _mentioned(node):
                inner[name] = _free("item", self._taken)
        return inner


def _free(name: str, taken: set[str]) -> str:
    number, wish = 2, name
    while wish in taken:
        wish = f"{name}{number}"
        number += 1
    return wish

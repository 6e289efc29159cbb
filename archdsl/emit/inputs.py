"""Which values a region reads beside its stream."""

from __future__ import annotations

from typing import Any

from archdsl import expr as e
from archdsl.ir import program as p
from archdsl.ir.walk import parts
from archdsl.node import Node


def reads_input(region: p.Region) -> bool:
    """Whether `in` is used as a value (not only for its size) anywhere but at the very start."""
    return any(_node(item, first and position == 0) for position, (item, first) in _marked(region))


def _marked(region: p.Region) -> Any:
    return enumerate((item, True) for item in region.items)


def _node(node: Any, first: bool) -> bool:
    if isinstance(node, p.From):
        return not (first and isinstance(node.value, e.Input)) and _expression(node.value)
    if isinstance(node, p.Call):
        return any(_expression(argument.value) for argument in node.arguments)
    if isinstance(node, (p.Item, p.Region, p.Branch, p.BranchLoop, p.BranchIf)):
        return any(_field(getattr(node, field)) for field in type(node)._fields)
    return False


def _field(value: Any) -> bool:
    if isinstance(value, tuple):
        return any(_field(item) for item in value)
    return isinstance(value, Node) and _node(value, False)


def _expression(node: Any) -> bool:
    """Whether an expression denotes the input itself, beyond `in.channels` and its like."""
    if isinstance(node, e.Input):
        return True
    if isinstance(node, e.Attribute):
        return False
    if isinstance(node, tuple):
        return any(_expression(item) for item in node)
    if isinstance(node, e.Argument):
        return _expression(node.value)
    if isinstance(node, e.Expr):
        return any(_expression(getattr(node, f)) for f in type(node)._fields if f != "span")
    return False


def calls_of(region: p.Region) -> set[str]:
    """The names of the definitions that a region calls, however deep."""
    return {
        node.callee for node in parts(region) if isinstance(node, p.Call) and node.kind == "block"
    }


def family_targets(region: p.Region) -> set[str]:
    """The names of the families of values that a region makes."""
    return {
        target.base
        for node in parts(region)
        if isinstance(node, p.Item)
        for target in node.targets
        if target.indices
    }


def family_rank(region: p.Region, name: str) -> int:
    """How many indices a family of values has."""
    return next(
        len(target.indices)
        for node in parts(region)
        if isinstance(node, p.Item)
        for target in node.targets
        if target.base == name and target.indices
    )

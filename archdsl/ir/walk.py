"""Walks over the program, for who asks the same of all its nodes."""

from __future__ import annotations

from collections.abc import Iterator

from archdsl.ir import program as p
from archdsl.node import Node

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_PARTS = (p.Item, p.Region, p.Branch, p.BranchLoop, p.BranchIf)


def parts(root: Any) -> Iterator[Any]:
    """Every item, region and branch under one or several, however deep."""
    stack = [root]
    while stack:
        node = stack.pop()
        if isinstance(node, (tuple, list)):
            stack += reversed(node)
        elif isinstance(node, _PARTS):
            yield node
            stack += _inner(node)


def every(root: Any) -> Iterator[Node]:
    """Every node under one or several, expressions included, without their spans."""
    stack = [root]
    while stack:
        node = stack.pop()
        if isinstance(node, (tuple, list)):
            stack += reversed(node)
        elif isinstance(node, Node):
            yield node
            stack += _inner(node)


def modules(root: Any, many: bool = False) -> Iterator[tuple[p.ModuleName, p.Item, bool]]:
    """The modules that a region makes by name, without those inside of them: each with its item,
    and whether it is one of several, made in a loop or numbered by its label."""
    stack = [(root, many)]
    while stack:
        node, several = stack.pop()
        if isinstance(node, (tuple, list)):
            stack += [(each, several) for each in reversed(node)]
        elif isinstance(node, _PARTS):
            name = getattr(node, "container", None) or getattr(node, "name", None)
            if isinstance(node, p.Item) and isinstance(name, p.ModuleName):
                yield name, node, several or bool(name.indices)
                continue
            several = several or isinstance(node, (p.For, p.Repeat, p.BranchLoop))
            stack += [(each, several) for each in _inner(node)]


def _inner(node: Node) -> list[Any]:
    """What a node is made of, the first part last. An op is of the table, not of the program."""
    return [getattr(node, field) for field in reversed(node._compared) if field != "op"]

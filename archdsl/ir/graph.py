"""A design as a networkx graph: one node an op or merge, with a shape on every value.

The only user of networkx. A graph collapses nothing: `x + x` has two edges, and every node keeps
its operands as an ordered tuple beside the edges that follow from it.
"""

from __future__ import annotations

from typing import Any

import networkx as nx  # type: ignore[import-untyped]

from archdsl.ir.design import Design, Step

Key = int | str


def graph(design: Design) -> nx.MultiDiGraph:
    """The expanded network. Nodes stand in the order they run, and are numbered by it.

    Inputs are nodes of their name. Attributes: `path`, `op`, `shape` (or `shapes` of several
    results), `params`, `macs`, `weighted`, `aux`, `item`, and `operands`: (node, result) pairs.
    An edge's `operand` is its place among the operands, `result` the result that it carries.
    """
    found = nx.MultiDiGraph(name=design.name)
    names = [name for name, _ in design.inputs]
    for name, shape in design.inputs:
        found.add_node(
            name, path=name, op="input", shapes=(shape,), shape=shape, params=0, macs=0,
            weighted=False, aux=False, operands=(), item=None,
        )  # fmt: skip
    for step in design.walk():
        _add(found, step, names)
    return found


def _add(found: nx.MultiDiGraph, step: Step, names: list[str]) -> None:
    operands: tuple[tuple[Key, int], ...] = tuple(
        (names[result], 0) if index < 0 else (index, result) for index, result in step.operands
    )
    found.add_node(
        step.index,
        path=step.path,
        op=step.op,
        shapes=step.outputs,
        shape=step.output,
        params=step.params,
        macs=step.macs,
        weighted=step.weighted,
        aux=step.aux,
        operands=operands,
        item=step.item,
    )
    for place, (node, result) in enumerate(operands):
        found.add_edge(node, step.index, operand=place, result=result)


def ordered(found: nx.MultiDiGraph) -> list[Key]:
    """The nodes, each after its operands; of those that could run, the one first in the text."""

    def where(node: Key) -> tuple[int, int, int]:
        item = found.nodes[node]["item"]
        if item is None:
            return -1, 0, 0
        return int(node), item.span.start, item.uid

    return list(nx.lexicographical_topological_sort(found, key=where))


class Unsound(Exception):
    """The graph breaks a promise that later phases rely on: a fault of the compiler."""


def verify(found: nx.MultiDiGraph) -> None:
    """Raise Unsound where an operand is missing, a shape is, or the graph has a cycle."""
    for node, data in found.nodes(data=True):
        _verify_node(found, node, data)
    if not nx.is_directed_acyclic_graph(found):
        cycle = nx.find_cycle(found)
        raise Unsound(f"a cycle through {found.nodes[cycle[0][0]]['path']}")


def _verify_node(found: nx.MultiDiGraph, node: Key, data: dict[str, Any]) -> None:
    where = data.get("path", node)
    shapes = data.get("shapes")
    if not shapes or not all(shapes):
        raise Unsound(f"{where} has no shape")
    if not all(isinstance(dim, int) and dim > 0 for shape in shapes for dim in shape):
        raise Unsound(f"{where} has the shape {shapes}")
    for operand, result in data["operands"]:
        if operand not in found:
            raise Unsound(f"{where} has an operand {operand} that does not exist")
        if result >= len(found.nodes[operand]["shapes"]):
            raise Unsound(f"{where} takes result {result} of {operand}, which has fewer")
    if found.in_degree(node) != len(data["operands"]):
        raise Unsound(f"{where} has {found.in_degree(node)} edges for its operands")

"""Type annotations of constructor parameters, from the values that instances gave them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from archdsl.emit.symbol import Pair, Symbol
from archdsl.ir.design import Callee
from archdsl.ops.op import SAME, Size

# A list of nothing may be of anything.
_EMPTY = "Sequence[]"
_DECLARED = {"int": "int", "float": "float", "bool": "bool", "str": "str", "string": "str"}


def annotation(values: Iterable[Any], callees: Callable[[list[Callee]], str]) -> str:
    """The narrowest readable type that holds all values. `callees` names the types of blocks."""
    kinds: list[str] = []
    found = list(values)
    blocks = [value for value in found if isinstance(value, Callee)]
    for value in found:
        kind = _kind(value, callees) if not isinstance(value, Callee) else ""
        if kind and kind not in kinds:
            kinds.append(kind)
    kinds = _merge(kinds)
    if blocks:
        kinds.insert(0, callees(blocks))
    if "None" in kinds:
        kinds.remove("None")
        kinds.append("None")
    return " | ".join(kinds).replace(_EMPTY, "Sequence[int]") or "int"


def _kind(value: Any, callees: Callable[[list[Callee]], str]) -> str:
    if value is None or value is SAME:
        return "None"
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, Size):
        square = value[0] == value[1] and not isinstance(value, Pair)
        return "int" if square else "tuple[int, int]"
    if isinstance(value, str):
        return f'Literal["{value}"]' if value.isidentifier() else "str"
    if isinstance(value, tuple):
        if not value:
            return _EMPTY
        row = _row(value, callees)
        if row is not None:
            return f"Sequence[{row}]"
        return f"Sequence[{annotation(value, callees)}]"
    return "float" if isinstance(value, Symbol) else type(value).__name__


def _row(rows: tuple[Any, ...], callees: Callable[[list[Callee]], str]) -> str | None:
    """The type of a table's rows: a tuple, where columns differ in type and rows have one length."""
    if not all(isinstance(row, tuple) and not isinstance(row, Size) for row in rows):
        return None
    if len({len(row) for row in rows}) != 1 or not rows[0]:
        return None
    if all(_row(row, callees) is not None for row in rows):
        return None  # a list of tables
    columns = [annotation(column, callees) for column in zip(*rows)]
    if len(set(columns)) == 1:
        return None
    return f"tuple[{', '.join(columns)}]"


def _merge(kinds: list[str]) -> list[str]:
    if "float" in kinds and "int" in kinds:
        kinds = [kind for kind in kinds if kind != "int"]
    if "str" in kinds:
        kinds = [kind for kind in kinds if not kind.startswith("Literal")]
    literals = [kind for kind in kinds if kind.startswith("Literal")]
    if literals and len(literals) == len(kinds):
        return ["str"]
    if len(literals) > 1:
        inner = ", ".join(kind[8:-1] for kind in literals)
        kinds = [kind for kind in kinds if kind not in literals] + [f"Literal[{inner}]"]
    sequences = [kind for kind in kinds if kind.startswith("Sequence[")]
    if len(sequences) > 1 and _EMPTY in sequences:
        kinds, sequences = (
            [each for each in found if each != _EMPTY] for found in (kinds, sequences)
        )
    if len(sequences) > 1:
        elements: list[str] = []
        for kind in sequences:
            elements += [part for part in _split(kind[9:-1]) if part not in elements]
        joined = f"Sequence[{' | '.join(_merge(elements))}]"
        kinds = [kind for kind in kinds if kind not in sequences] + [joined]
    return kinds


def _split(union: str) -> list[str]:
    """The members of a union, brackets respected."""
    members, depth, start = [], 0, 0
    for position, char in enumerate(union):
        depth += (char == "[") - (char == "]")
        if char == "|" and depth == 0:
            members.append(union[start:position].strip())
            start = position + 1
    members.append(union[start:].strip())
    return members


def declared(name: str | None) -> str | None:
    """The Python type of a type written in the spec, if it has one."""
    return None if name is None else _DECLARED.get(name)

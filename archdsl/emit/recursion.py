"""Blocks that use themselves: what leaves them is taken to be what left them when they were written
before, until that agrees. A width that never does only the module knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archdsl.emit import symbol as s
from archdsl.emit.tensor import HEIGHT, LOOPED, RECURSIVE, WIDTH, ListResult, Tensor, recursive
from archdsl.ir import program as p

if TYPE_CHECKING:
    from archdsl.emit.unit import Unit

Outputs = tuple[Tensor, ...]


def uses_itself(unit: Unit, definition: p.Definition) -> set[str]:
    """The definitions through which one uses itself, but for those that are being written: they
    know what they expect of it."""
    name = definition.name
    every = _used(unit, name, name)
    return {each for each in every if name in _used(unit, each, name)}


def _used(unit: Unit, first: str, last: str) -> set[str]:
    """What a definition uses, and what that does, as far as it isn't written yet, up to `last`."""
    found: set[str] = set()
    todo = [first]
    while todo:
        for each in unit.callable_in(todo.pop()) - found:
            if each == last or each not in unit.codes:
                found.add(each)
                if each != last:
                    todo.append(each)
    return found


def agree(guess: Outputs | None, outputs: Outputs) -> bool:
    """Whether what was expected is what came out, where it isn't left open."""
    return guess is not None and all(map(_agree, guess, outputs))


def _agree(guess: Tensor, output: Tensor) -> bool:
    dims = all(_open(one) or s.same(one, other) for one, other in zip(guess.shape, output.shape))
    return dims and _count(guess, output) and _stride(guess, output)


def _open(dim: Any) -> bool:
    return s.opaque(dim) or any(name.startswith(LOOPED) for name in s.names_in(dim))


def _count(guess: Tensor, output: Tensor) -> bool:
    if not isinstance(guess, ListResult) or not isinstance(output, ListResult):
        return True
    return s.opaque(guess.count) or s.same(guess.count, output.count)


def _stride(guess: Tensor, output: Tensor) -> bool:
    return guess.stride is None or (
        output.stride is not None and s.same(guess.stride, output.stride)
    )


def expected(guess: Outputs | None, outputs: Outputs) -> Outputs:
    """What to expect next: the same again, and open what has changed or isn't known."""
    return tuple(
        _expected(one, other) for one, other in zip(guess or (None,) * len(outputs), outputs)
    )


def _expected(guess: Tensor | None, output: Tensor) -> Tensor:
    width, *sides = output.shape
    before = output.shape if guess is None else guess.shape
    counted = guess is None or _count(guess, output)
    if recursive(width) or not counted or not (s.opaque(width) or s.same(before[0], width)):
        width = s.Symbol("out")
    marks = (HEIGHT, WIDTH)
    for axis, side in enumerate(sides):
        if recursive(side) or not s.same(before[axis + 1], side):
            sides[axis] = s.name(f"{LOOPED}_self{marks[axis]}")
    shape = (width, *sides)
    if isinstance(output, ListResult):
        count = output.count if counted else s.name(RECURSIVE)
        return ListResult(shape, output.binder, count)
    steady = guess is None or _stride(guess, output)
    return output.but(shape=shape, stride=output.stride if steady else None)

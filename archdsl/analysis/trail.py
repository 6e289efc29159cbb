"""How a shape came about: the steps that made it what it is."""

from __future__ import annotations

from archdsl.analysis.notes import place
from archdsl.ir.design import Leaf, Sub, flat
from archdsl.ir.program import Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from archdsl.analysis.state import State
    from archdsl.analysis.value import Value
    from archdsl.ir.design import Instance
    from archdsl.ops.op import Shape
    from archdsl.source import Span

SIDES = {1: "height", 2: "width"}
SHOWN = 6  # changes, the last ones
CALLS = 2  # that a step is in
KEEPERS = 4  # blocks that a size went through, the last ones
STEPS = 10_000  # that are gone back at most
ASKED = 20  # findings of a run that are told of it: there may be many, and networks are long


def trail(state: State, value: Value, axis: int, at: Span) -> tuple[str, ...]:
    """How the size of a value along an axis came about, as a note: of a map's side
    `height: 224 (12:20) -> 55 (16:9) -> 27 (16:44)`, of channels `channels: 64 (14:9)`, the step that made
    so many; and which blocks left it as it was, as they may be what should have changed it."""
    shape = value.shape
    side = SIDES.get(axis) if shape is not None and len(shape) == 3 else None
    walk = _walked(state, value, at, axis, SHOWN if side else 1)
    if walk is None:
        return ()
    shown = [f"{size} ({where})" for size, where in reversed(walk.changes)]
    if walk.start is not None and (side or not shown):
        shown.insert(0, f"{walk.start.shape[axis]} ({place(walk.start.span, at)})")
    elif side:
        shown.insert(0, "...")
    if shown in ([], ["..."]):
        return ()
    keepers = [words for name, words in walk.keepers.items() if name not in walk.changers]
    kept = f"; unchanged by {', '.join(keepers[:KEEPERS])}" if keepers else ""
    return (f"{side or 'channels'}: {' -> '.join(shown)}{kept}",)


def made(state: State, value: Value, at: Span) -> tuple[str, ...]:
    """Which step made a value, as a note."""
    walk = _walked(state, value, at, None, 0)
    return (f"made at {walk.maker}",) if walk is not None and walk.maker else ()


def since(state: State, value: Value, at: Span) -> tuple[str, ...]:
    """Since which step a value has as many dimensions as it has, as a note."""
    walk = _walked(state, value, at, None, 1)
    if walk is None or value.shape is None:
        return ()
    if walk.changes:
        where = walk.changes[0][1]
    elif walk.start is not None:
        where = f"the input at {place(walk.start.span, at)}"
    else:
        return ()
    count = len(value.shape)
    return (f"{count} dimension{'' if count == 1 else 's'} since {where}",)


def _walked(state: State, value: Value, at: Span, axis: int | None, shown: int) -> _Walk | None:
    if value.shape is None:
        return None
    state.session.trails += 1
    if state.session.trails > ASKED:
        return None
    walk = _Walk(axis, len(value.shape), at, shown)
    walk.back(state, value.number)
    return walk


class Start:
    """What the network began with: the shape of an input, and where it is written."""

    __slots__ = ("shape", "span")

    def __init__(self, shape: Shape, span: Span) -> None:
        self.shape = shape
        self.span = span


class _Walk:
    """The way back from a value along one axis, or none: then only the number of axes counts.
    `maker` is where the value was made; `changes` are the sizes that steps made of it, the last one first, and where;
    `keepers` are the blocks that in some use changed nothing, `changers` those that did.
    """

    def __init__(self, axis: int | None, rank: int, at: Span, shown: int) -> None:
        self.axis = axis
        self.rank = rank
        self.at = at
        self.shown = shown
        self.left = STEPS
        self.maker = ""
        self.changes: list[tuple[int, str]] = []
        self.keepers: dict[str, str] = {}
        self.changers: set[str] = set()
        self.start: Start | None = None

    def back(self, state: State, number: int) -> None:
        """From a value of a run, through those that it is part of."""
        runs = list(state.session.running)
        while runs:
            run = runs.pop()
            nodes = [*run.nodes, *(node for nodes, _ in run.stack for node in nodes)]
            found = self._through(nodes, number, ())
            if found is None:
                return
            if not runs:
                shape = run.inputs[found].shape
                ports = run.definition.inputs
                if shape is not None and len(shape) == self.rank and len(ports) > found:
                    self.start = Start(shape, ports[found].span)
                return
            number = _flat(run.flows)[found].number

    def _through(self, nodes: Iterable[Any], number: int, within: tuple[Sub, ...]) -> int | None:
        """From a value of an instance to the number of its input; None where the way ends."""
        makers = {node.first + k: node for node in flat(nodes) for k in range(_results(node))}
        while number in makers:
            self.left -= 1
            node = makers[number]
            if self.left < 0 or (self.maker and len(self.changes) >= self.shown):
                return None
            if isinstance(node, Sub):
                inner = node.instance
                before = len(self.changes)
                at = self._through(inner.nodes, inner.results[number - node.first], (node, *within))
                if at is None:
                    self.changers.add(inner.definition.name)
                    return None
                number = node.operands[at]
                self._count(inner.definition.name, inner, len(self.changes) > before)
                continue
            self.maker = self.maker or self._where(node, within)
            following = self._before(node, node.cost.outputs[number - node.first], makers, within)
            if following is None:
                return None
            number = following
        return number

    def _count(self, name: str, instance: Instance, changed: bool) -> None:
        if changed:
            self.changers.add(name)
        else:
            empty = "" if instance.nodes else " (which is empty)"
            self.keepers.setdefault(name, f"`{name}`{empty}")

    def _before(
        self, leaf: Leaf, shape: Shape, makers: dict[int, Leaf | Sub], within: tuple[Sub, ...]
    ) -> int | None:
        """The operand that a result is like, or one that it was made of by a change; learned
        tensors are made to fit the others."""
        axis = self.axis
        alike = [pair for pair in zip(leaf.operands, leaf.inputs) if len(pair[1]) == self.rank]
        alike = [pair for pair in alike if not _is_tensor(makers.get(pair[0]))] or alike
        same = alike if axis is None else [pair for pair in alike if pair[1][axis] == shape[axis]]
        if not same:
            size = len(shape) if axis is None else shape[axis]
            self.changes.append((size, self._where(leaf, within)))
        # Of two sides that agree, the one that was there first: a residual's, not its body's.
        return min((operand for operand, _ in same or alike), default=None)

    def _where(self, leaf: Leaf, within: tuple[Sub, ...]) -> str:
        calls = [
            f" in {sub.instance.definition.name} at {place(sub.item.span, self.at)}"
            for sub in within[:CALLS]
        ]
        return place(leaf.item.span, self.at) + "".join(calls)


def _is_tensor(maker: Leaf | Sub | None) -> bool:
    return maker is not None and isinstance(maker.item, Tensor)


def _results(node: Leaf | Sub) -> int:
    return len(node.instance.results if isinstance(node, Sub) else node.cost.outputs)


def _flat(flows: Iterable[Any]) -> list[Value]:
    return [part for flow in flows for part in (flow if isinstance(flow, tuple) else (flow,))]

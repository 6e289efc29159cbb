"""Where the numbers in a finding come from: the lets, loops and arguments that made them."""

from __future__ import annotations

import re

from archdsl import expr as e
from archdsl.analysis.notes import place
from archdsl.analysis.value import Value
from archdsl.ir.program import Call
from archdsl.ir.walk import parts
from archdsl.values import show

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from archdsl.analysis.notes import Frame
    from archdsl.analysis.state import State
    from archdsl.diagnostics import Diagnostic
    from archdsl.source import Span

# What is wrong with a number, and not with what flows.
CODES = frozenset(("E233", "E381", "E401", "E402", "E404", "E409"))
SHOWN = 2  # steps on the way of a number
WITH = 4  # names in one of them
LONG = 120  # characters of a text in which names are looked for
_NAME = re.compile(r"\b[A-Za-z_]\w*\b(?!\s*[(=])")
_SIZE = re.compile(r"\b([A-Za-z_]\w*)\.(channels|height|width)\b")
_AXES = ("channels", "height", "width")


def origins(running: list[State], frames: list[Frame], finding: Diagnostic) -> tuple[str, ...]:
    """How the numbers in the text at fault were made, as notes: `n = -2, from `depth - 4` at 3:5
    with depth = 2`. A parameter's number is followed to where it was given."""
    if finding.code not in CODES or not running:
        return ()
    at = finding.label.span
    names = _NAME.findall(at.text[:LONG])
    return tuple(_told(running, frames, names, at))[:SHOWN]


def _told(running: list[State], frames: list[Frame], names: list[str], at: Span) -> Iterator[str]:
    for depth in range(len(running) - 1, -1, -1):
        run = running[depth]
        passed = {}
        for name in dict.fromkeys(names):
            value = run.scope.names.get(name)
            if type(value) not in (int, float):
                continue
            made = run.lets[name].value.span if name in run.lets else _looped(frames, name, value)
            if made is not None:
                yield _line(run, name, value, made, at)
            elif name in run.arguments:
                passed[name] = value
        names = []
        for name, given in _given(running[depth - 1], run, passed) if depth else ():
            if isinstance(given, e.Name):
                names.append(given.id)
            elif _NAME.search(given.span.text):
                yield _line(running[depth - 1], name, passed[name], given.span, at)


def _line(run: State, name: str, value: Any, made: Span, at: Span) -> str:
    source = " ".join(made.text[:LONG].split())
    numbers = ", ".join(list(_numbers(run, source))[:WITH])
    told = f"{name} = {show(value)}, from `{source}` at {place(made, at)}"
    return f"{told} with {numbers}" if numbers else told


def _numbers(run: State, text: str) -> Iterator[str]:
    for name in dict.fromkeys(_NAME.findall(text)):
        value = run.scope.names.get(name)
        if type(value) in (int, float, bool):
            yield f"{name} = {show(value)}"
    for name, side in dict.fromkeys(_SIZE.findall(text)):
        value = run.scope.names.get(name)
        shape = value.shape if isinstance(value, Value) else None
        if shape is not None and _AXES.index(side) < len(shape):
            yield f"{name}.{side} = {shape[_AXES.index(side)]}"


def _looped(frames: list[Frame], name: str, value: Any) -> Span | None:
    """What a loop goes over that gave a name its value, other than the number of the iteration."""
    for frame in reversed(frames):
        if frame.kind == "iteration" and (frame.arguments or {}).get(name) == value:
            return frame.span
    return None


def _given(outer: State, run: State, names: Iterable[str]) -> Iterator[tuple[str, e.Expr]]:
    """What the call of a run gives for some of its parameters."""
    for node in parts(outer.definition.body):
        if isinstance(node, Call) and node.span is run.used_at:
            for argument in node.arguments:
                if argument.parameter in names:
                    yield argument.parameter, argument.value
            return

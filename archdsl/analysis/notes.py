"""How a diagnostic got there: the calls, parts and iterations around it, in words."""

from __future__ import annotations

from typing import Any

from archdsl.diagnostics import Diagnostic, Label, SpecError
from archdsl.node import replace
from archdsl.source import Span
from archdsl.values import show

SHOWN = 4


class Frame:
    """Something around: a block's use, a part, an iteration, or the variant."""

    __slots__ = ("arguments", "kind", "name", "span")

    def __init__(
        self,
        kind: str,
        name: str,
        span: Span | None = None,
        arguments: dict[str, Any] | None = None,
    ) -> None:
        self.kind = kind
        self.name = name
        self.span = span
        self.arguments = arguments


def how(frames: list[Frame], at: Span) -> str | None:
    """`in Bottleneck(width=64) at 31:28, stage layer1, variant resnet50`; None outside all."""
    parts: list[str] = []
    blocks = sum(frame.kind == "block" for frame in frames)
    shown = 0
    for frame in reversed(frames):
        if frame.kind != "block":
            if frame.kind == "variant" and not frame.name:
                continue
            if shown <= SHOWN or frame.kind == "variant":
                parts.append(_words(frame, at))
            continue
        shown += 1
        if shown <= SHOWN:
            parts.append(_words(frame, at))
        elif shown == blocks or shown == SHOWN + 1:
            parts.append(f"{blocks - SHOWN} more blocks around")
            shown = blocks + 1
    return "in " + ", ".join(dict.fromkeys(parts)) if parts else None


def _words(frame: Frame, at: Span) -> str:
    if frame.kind == "block":
        inner = ", ".join(
            f"{name}={show(value, 24)}" for name, value in (frame.arguments or {}).items()
        )
        call = f"{frame.name}({inner})" if inner else frame.name
        return f"{call} at {place(frame.span, at)}" if frame.span is not None else call
    if frame.arguments:
        return ", ".join(f"{name} = {show(value, 24)}" for name, value in frame.arguments.items())
    return f"{frame.kind} {frame.name}".rstrip()


def place(span: Span, seen_from: Span) -> str:
    """Line and column, with the file's name where it is another one."""
    line, column = span.source.position(span.start)
    where = f"{line}:{column}"
    return where if span.source is seen_from.source else f"{span.source.path}:{where}"


def error(
    code: str,
    message: str,
    span: Span,
    text: str = "",
    *,
    others: tuple[tuple[Span, str], ...] = (),
    notes: tuple[str, ...] = (),
    help: str | None = None,
) -> SpecError:
    """A finding, ready to raise."""
    return SpecError(
        Diagnostic(
            code=code,
            message=message,
            label=Label(span=span, text=text),
            others=tuple(Label(span=other, text=words) for other, words in others),
            notes=notes,
            help=help,
        )
    )


def placed(diagnostic: Diagnostic, frames: list[Frame]) -> Diagnostic:
    """The finding with how it got there as its last note."""
    note = how(frames, diagnostic.label.span)
    if note is None:
        return diagnostic
    result: Diagnostic = replace(diagnostic, notes=(*diagnostic.notes, note))
    return result


def dims(shape: Any) -> str:
    """`[64, 56, 56]`"""
    return "[" + ", ".join(str(dim) for dim in shape) + "]"


def size(shape: Any) -> str:
    """`56x56` of a map; a vector has `no size`."""
    return f"{shape[1]}x{shape[2]}" if len(shape) == 3 else "no height and width"

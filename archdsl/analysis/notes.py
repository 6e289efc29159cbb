"""How a diagnostic got there: the calls, parts and iterations around it, in words."""

from __future__ import annotations

from archdsl.diagnostics import Diagnostic, Fix, Label, SpecError
from archdsl.ir.evaluate import Handle
from archdsl.node import replace
from archdsl.source import Span
from archdsl.values import show

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

SHOWN = 3  # innermost blocks of a chain


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
    """`in Bottleneck(width=64) at 31:28, stage layer1, variant resnet50`; None outside all.

    Of a deep nest the innermost blocks and the outermost one are named, with what is around them,
    and the others counted.
    """
    blocks = [frame for frame in frames if frame.kind == "block"]
    left_out = blocks[1 : max(len(blocks) - SHOWN, 1)]
    parts: list[str] = []
    silent = False
    for frame in reversed(frames):
        if frame.kind == "block":
            silent = frame in left_out
            if silent and frame is left_out[-1]:
                parts.append(f"{len(left_out)} more blocks")
        if silent and frame.kind != "variant":
            continue
        if frame.kind != "variant" or frame.name:
            parts.append(_words(frame, at))
    return "in " + ", ".join(dict.fromkeys(parts)) if parts else None


def _words(frame: Frame, at: Span) -> str:
    if frame.kind == "block":
        inner = ", ".join(
            f"{name}={show(value, 24)}" for name, value in (frame.arguments or {}).items()
        )
        call = f"{frame.name}({inner})" if inner else frame.name
        return f"{call} at {place(frame.span, at)}" if frame.span is not None else call
    words = f"{frame.kind} {frame.name}".rstrip()
    bound = ", ".join(
        f"{name} = {show(value, 24)}"
        for name, value in (frame.arguments or {}).items()
        if not isinstance(value, Handle)
    )
    return f"{words} ({bound})" if bound else words


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
    fix: Fix | None = None,
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
            fix=fix,
        )
    )


def placed(diagnostic: Diagnostic, frames: list[Frame]) -> Diagnostic:
    """The finding with how it got there as its last note."""
    note = how(frames, diagnostic.label.span)
    if note is None:
        return diagnostic
    others = (*diagnostic.others, *_from_another_file(frames, diagnostic.label.span))
    result: Diagnostic = replace(diagnostic, notes=(*diagnostic.notes, note), others=others)
    return result


def _from_another_file(frames: list[Frame], at: Span) -> tuple[Label, ...]:
    """For a finding in an imported file: the innermost call in the file that imports it."""
    calls = [frame.span for frame in frames if frame.kind == "block" and frame.span is not None]
    away = [span for span in calls if span.source is not at.source]
    if not away or calls[0].source is at.source:
        return ()
    last = [span for span in away if span.source is calls[0].source][-1]
    return (Label(span=last, text="called here"),)


def dims(shape: Any) -> str:
    """`[64, 56, 56]`"""
    return "[" + ", ".join(str(dim) for dim in shape) + "]"


def size(shape: Any) -> str:
    """`56x56` of a map; a vector has `no size`."""
    return f"{shape[1]}x{shape[2]}" if len(shape) == 3 else "no height and width"

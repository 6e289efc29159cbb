"""What is wrong with a text that does not parse, in words."""

from __future__ import annotations

from archdsl.diagnostics import Diagnostic, Fix, Label, SpecError
from archdsl.source import Source, Span


def syntax_error(
    code: str,
    message: str,
    source: Source,
    place: tuple[int, int],
    seen: str = "",
    *,
    other: tuple[int, int, str] | None = None,
    notes: tuple[str, ...] = (),
    help: str | None = None,
    fix: str | None = None,
) -> Diagnostic:
    """A diagnostic at the offsets `place`; `seen` is what is to be seen there, `fix` what is
    certain to belong there."""
    others: tuple[Label, ...] = ()
    if other is not None:
        span = Span(source=source, start=other[0], end=other[1])
        others = (Label(span=span, text=other[2]),)
    span = Span(source=source, start=place[0], end=place[1])
    return Diagnostic(
        code=code,
        message=message,
        label=Label(span=span, text=seen),
        others=others,
        notes=notes,
        help=help,
        fix=None if fix is None else Fix(span=span, text=fix),
    )


def fail(diagnostic: Diagnostic) -> SpecError:
    """The exception that carries a diagnostic, to be raised by the caller."""
    return SpecError(diagnostic)

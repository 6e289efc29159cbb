"""Findings of this phase: how they are built."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archdsl.diagnostics import Diagnostic, Label, SpecError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from archdsl.source import Span


def error(
    code: str,
    message: str,
    span: Span,
    text: str = "",
    *,
    others: Iterable[tuple[Span, str]] = (),
    notes: tuple[str, ...] = (),
    help: str | None = None,
) -> SpecError:
    """A finding at one place, ready to raise; `text` is what is to be seen there."""
    return SpecError(
        Diagnostic(
            code=code,
            message=message,
            label=Label(span=span, text=text),
            others=tuple(Label(span=place, text=words) for place, words in others),
            notes=notes,
            help=help,
        )
    )


def did_you_mean(name: str, candidates: Iterable[str], cutoff: float = 0.6) -> str | None:
    """The help line for a name that is near one of the candidates."""
    nearest = near(name, candidates, cutoff)
    return f"did you mean `{nearest}`?" if nearest else None


def near(name: str, candidates: Iterable[str], cutoff: float = 0.6) -> str | None:
    """The candidate that was probably meant, if any."""
    from difflib import get_close_matches

    known = sorted({text for text in candidates if text != name})
    lowered = {text.lower(): text for text in reversed(known)}
    if name.lower() in lowered:
        return lowered[name.lower()]
    matches = get_close_matches(name, known, n=1, cutoff=cutoff)
    return matches[0] if matches else None


def listed(names: Iterable[str]) -> str:
    """`a`, `b` and `c`."""
    quoted = [f"`{name}`" for name in names]
    if len(quoted) < 2:
        return "".join(quoted)
    return ", ".join(quoted[:-1]) + " and " + quoted[-1]

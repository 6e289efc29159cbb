"""Findings of this phase: how they are built."""

from __future__ import annotations

from archdsl.diagnostics import Diagnostic, Fix, Label, SpecError
from archdsl.nearest import near, slips

TYPE_CHECKING = False
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
    fix: Fix | None = None,
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
            fix=fix,
        )
    )


def did_you_mean(name: str, candidates: Iterable[str], cutoff: float = 0.6) -> str | None:
    """The help line for a name that is near one of the candidates."""
    nearest = near(name, candidates, cutoff)
    return f"did you mean `{nearest}`?" if nearest else None


def respelt(name: str, candidates: Iterable[str], at: Span) -> Fix | None:
    """The mend for a misspelt name whose text is at `at`. None where several may be meant, or
    where the name is too short to tell."""
    meant = slips(name, candidates)
    return Fix(span=at, text=meant[0]) if len(meant) == 1 and _tells(name, meant[0]) else None


def _tells(name: str, meant: str) -> bool:
    return len(name) > 2 or name.lower() == meant.lower()


def listed(names: Iterable[str]) -> str:
    """`a`, `b` and `c`."""
    quoted = [f"`{name}`" for name in names]
    if len(quoted) < 2:
        return "".join(quoted)
    return ", ".join(quoted[:-1]) + " and " + quoted[-1]

"""Findings of this phase: how they are built."""

from __future__ import annotations

from archdsl.diagnostics import Diagnostic, Fix, Label, SpecError

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
    """The mend for a misspelt name whose text is at `at`: the one candidate of the same letters,
    or a slip or two of the keyboard away. None where two are, or where the name is too short to
    tell."""
    alike = [other for other in set(candidates) if other != name and other.lower() == name.lower()]
    if len(alike) == 1:
        return Fix(span=at, text=alike[0])
    slips = 2 if len(name) > 4 else 1
    close = [other for other in set(candidates) if 0 < _distance(name, other) <= slips]
    return Fix(span=at, text=close[0]) if len(close) == 1 and len(name) > 2 else None


def _distance(one: str, other: str) -> int:
    """Letters to insert, drop, change or swap with their neighbour; 3 stands for more than 2."""
    if abs(len(one) - len(other)) > 2:
        return 3
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        before, last, row = row, before, [i]
        for j, wanted in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != wanted))
            if i > 1 and j > 1 and (letter, one[i - 2]) == (other[j - 2], wanted):
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
    return min(row[-1], 3)


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

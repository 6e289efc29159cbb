"""The name that was probably meant.

A hint is worth little time: among more than `MANY` names, those of the same letters or one slip of
the keyboard away are looked up, and no others are compared.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MANY = 300
LONG = 60  # letters; what is longer is no misspelt name
_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"


def near(name: str, candidates: Iterable[str], cutoff: float = 0.6) -> str | None:
    """The candidate that was probably meant, if any."""
    known = {text for text in candidates if text != name}
    alike = sorted(text for text in known if text.lower() == name.lower())
    if alike:
        return alike[0]
    if len(name) > LONG:
        return None
    if len(known) > MANY:
        return min(known.intersection(_one_slip_away(name)), default=None)
    from difflib import get_close_matches

    return next(iter(get_close_matches(name, sorted(known), 1, cutoff)), None)


def slips(name: str, candidates: Iterable[str]) -> list[str]:
    """The candidates of the same letters, if there are any, or else those a slip of the keyboard
    away; two slips where the name is long enough to tell, and the candidates few."""
    known = {text for text in candidates if text != name}
    alike = [text for text in known if text.lower() == name.lower()]
    if alike or len(name) > LONG:
        return sorted(alike)
    if len(known) > MANY:
        return sorted(known.intersection(_one_slip_away(name)))
    most = 2 if len(name) > 4 else 1
    return sorted(text for text in known if _distance(name, text) <= most)


def _one_slip_away(name: str) -> Iterator[str]:
    """What a name becomes with one letter dropped, swapped with the next, changed or put in."""
    for i in range(len(name) + 1):
        head, tail = name[:i], name[i:]
        if tail:
            yield head + tail[1:]
        if len(tail) > 1:
            yield head + tail[1] + tail[0] + tail[2:]
        for letter in _LETTERS:
            yield head + letter + tail
            if tail:
                yield head + letter + tail[1:]


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
        if min(row) > 2:
            return 3
    return min(row[-1], 3)

"""`archdsl check --fix`: the mends that findings carry, written into the spec.

A spec is rewritten once, at the end. Text is mended before names, and names before shapes, as each
hides what is wrong behind it: what shows then was there before, and is left to the author. Mends
that bring up errors of their own are not kept. Findings in files that a spec imports are left to
those.
"""

from __future__ import annotations

import os
from collections import Counter

from archdsl import driver
from archdsl.diagnostics import Bag
from archdsl.files import opened, read
from archdsl.node import Node
from archdsl.output import replace_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from archdsl.diagnostics import Diagnostic, Fix
    from archdsl.driver import Input

Place = tuple[int, int]

ROUNDS = 20  # what is mended may show what it hid
BYTE_ORDER_MARK = "\ufeff"


class Mended(Node):
    """What was found and mended, in order; `left` are the errors that remain. Where the mends would
    make some of these, `text` is None, and the spec stays as it is."""

    done: tuple[Diagnostic, ...]
    left: tuple[Diagnostic, ...]
    text: str | None


def mend(path: str, input: Input | None = None, root: str | None = None) -> Mended | None:
    """The mended text of a spec; None where nothing is certain."""
    source = read(path, Bag())
    if source is None:
        return None
    text, kept = source.text, None
    done: list[Diagnostic] = []
    before: Counter[tuple[str, str]] | None = None
    places: list[Place] = []
    kind = 0
    for _ in range(ROUNDS):
        bag = Bag()
        driver.check(path, bag, input, root, text)
        errors = tuple(item for item in bag.items if item.severity == "error")
        told = Counter(map(_said, errors))
        if before is None:
            before = told
        elif told != before and not any(
            _made(item, kind, places) for item in errors if told[_said(item)] > before[_said(item)]
        ):
            kept = Mended(done=tuple(done), left=errors, text=text)
            before, kind = told, 0
        certain = [item for item in bag.items if item.fix is not None and _own(item.fix, path)]
        if not certain:
            break
        first = min(map(_kind, certain))
        kind = max(kind, first)
        certain = [item for item in certain if _kind(item) == first]
        text, places = _applied(text, [item.fix for item in certain if item.fix is not None])
        done += certain
    if not done:
        return None
    return kept or Mended(done=tuple(done), left=errors, text=None)


def applied(text: str, fixes: Iterable[Fix]) -> str:
    """A text with its mends in place; of two that overlap, the first."""
    return _applied(text, fixes)[0]


def _applied(text: str, fixes: Iterable[Fix]) -> tuple[str, list[Place]]:
    """The text, and where in it the mends stand."""
    parts: list[str] = []
    places: list[Place] = []
    at = length = 0
    for fix in sorted(fixes, key=lambda fix: (fix.span.start, fix.span.end)):
        if fix.span.start >= at:
            length += fix.span.start - at
            places.append((length, length + len(fix.text)))
            length += len(fix.text)
            parts += [text[at : fix.span.start], fix.text]
            at = fix.span.end
    return "".join([*parts, text[at:]]), places


def _said(item: Diagnostic) -> tuple[str, str]:
    return item.code, item.message


def _kind(item: Diagnostic) -> int:
    """0: about text, 1: about names and arguments, 2: about what comes of them."""
    return {"E1": 0, "E3": 1}.get(item.code[:2], 2)


def _made(item: Diagnostic, kind: int, places: Iterable[Place]) -> bool:
    """Whether an error that wasn't there before may come of the mends, of this kind at most and at
    these places: else they only brought it to light."""
    if _kind(item) != kind or kind == 2:
        return _kind(item) <= kind
    span = item.label.span
    return any(span.start <= end and start <= span.end for start, end in places)


def write(path: str, text: str) -> None:
    """Put a mended text in the place of a spec, which keeps its byte order mark."""
    with opened(path) as file:
        marked = file.read(3) == BYTE_ORDER_MARK.encode()
    replace_file(path, BYTE_ORDER_MARK * marked + text)


def _own(fix: Fix, path: str) -> bool:
    return os.path.abspath(fix.span.source.path) == os.path.abspath(path)

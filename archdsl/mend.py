"""`archdsl check --fix`: the mends that findings carry, written into the spec.

A spec is rewritten once, at the end, and only if fewer errors are left in it then, and none that
were not there before; findings in files that it imports are left to those.
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

ROUNDS = 20  # what is mended may show what it hid
BYTE_ORDER_MARK = "\ufeff"


class Mended(Node):
    """What was found and mended, in order; `left` are the errors that remain. Where there would be
    new ones among them, `text` is None, and the spec stays as it is."""

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
    for _ in range(ROUNDS):
        bag = Bag()
        driver.check(path, bag, input, root, text)
        errors = tuple(item for item in bag.items if item.severity == "error")
        told = Counter((item.code, item.message) for item in errors)
        if before is None:
            before = told
        elif not errors or (told <= before and told != before):
            kept = Mended(done=tuple(done), left=errors, text=text)
        certain = [item for item in bag.items if item.fix is not None and _own(item.fix, path)]
        if not certain:
            break
        text = applied(text, [item.fix for item in certain if item.fix is not None])
        done += certain
    if not done:
        return None
    return kept or Mended(done=tuple(done), left=errors, text=None)


def applied(text: str, fixes: Iterable[Fix]) -> str:
    """A text with its mends in place; of two that overlap, the first."""
    parts: list[str] = []
    at = 0
    for fix in sorted(fixes, key=lambda fix: (fix.span.start, fix.span.end)):
        if fix.span.start >= at:
            parts += [text[at : fix.span.start], fix.text]
            at = fix.span.end
    return "".join([*parts, text[at:]])


def write(path: str, text: str) -> None:
    """Put a mended text in the place of a spec, which keeps its byte order mark."""
    with opened(path) as file:
        marked = file.read(3) == BYTE_ORDER_MARK.encode()
    replace_file(path, BYTE_ORDER_MARK * marked + text)


def _own(fix: Fix, path: str) -> bool:
    return os.path.abspath(fix.span.source.path) == os.path.abspath(path)

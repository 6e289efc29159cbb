"""What the compiler tells its user: a code, places, numbers, and a way out."""

from __future__ import annotations

from archdsl.limits import FINDINGS
from archdsl.node import Node
from archdsl.source import Span


class Label(Node):
    """A place, and what is to be seen there."""

    span: Span
    text: str = ""


class Fix(Node):
    """A mend that is certain: what to write in the place of a span."""

    span: Span
    text: str


class Diagnostic(Node):
    """One finding. `label` is where it is; `others` are places that belong to it; `fix` is there
    where one mend is certain to be the one that was meant."""

    code: str
    message: str
    label: Label
    severity: str = "error"
    others: tuple[Label, ...] = ()
    notes: tuple[str, ...] = ()
    help: str | None = None
    fix: Fix | None = None

    def __str__(self) -> str:
        """The report of it, as the command line prints it."""
        from archdsl.render import render

        return render(self)


class Bag:
    """Collects diagnostics over a run; one place reports once, and there are at most `FINDINGS`:
    a warning beyond them is left out, an error takes a warning's place, or ends the run."""

    def __init__(self) -> None:
        self.items: list[Diagnostic] = []
        self._seen: set[tuple[str, str, int, int]] = set()

    def add(self, diagnostic: Diagnostic) -> None:
        """Keep a diagnostic, unless the same code was already reported at the same place."""
        span = diagnostic.label.span
        key = (diagnostic.code, span.source.path, span.start, span.end)
        if key in self._seen:
            return
        if len(self.items) >= FINDINGS:
            if diagnostic.severity != "error":
                return
            if all(item.severity == "error" for item in self.items):
                raise Full(self)
            self.items.remove(next(item for item in self.items if item.severity != "error"))
        self._seen.add(key)
        self.items.append(diagnostic)

    @property
    def failed(self) -> bool:
        return any(item.severity == "error" for item in self.items)


class Full(Exception):
    """A bag holds as many findings as anyone reads: the rest of the spec is not looked at."""

    def __init__(self, bag: Bag) -> None:
        super().__init__(f"more than {FINDINGS} findings")
        self.items = bag.items


class SpecError(Exception):
    """Raised where analysis cannot go on with what it has; carries its diagnostic."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic

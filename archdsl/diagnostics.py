"""What the compiler tells its user: a code, places, numbers, and a way out."""

from __future__ import annotations

from archdsl.node import Node
from archdsl.source import Span


class Label(Node):
    """A place, and what is to be seen there."""

    span: Span
    text: str = ""


class Diagnostic(Node):
    """One finding. `label` is where it is; `others` are places that belong to it."""

    code: str
    message: str
    label: Label
    severity: str = "error"
    others: tuple[Label, ...] = ()
    notes: tuple[str, ...] = ()
    help: str | None = None

    def __str__(self) -> str:
        """The report of it, as the command line prints it."""
        from archdsl.render import render

        return render(self)


class Bag:
    """Collects diagnostics over a run; one place reports once."""

    def __init__(self) -> None:
        self.items: list[Diagnostic] = []
        self._seen: set[tuple[str, str, int, int]] = set()

    def add(self, diagnostic: Diagnostic) -> None:
        """Keep a diagnostic, unless the same code was already reported at the same place."""
        span = diagnostic.label.span
        key = (diagnostic.code, span.source.path, span.start, span.end)
        if key not in self._seen:
            self._seen.add(key)
            self.items.append(diagnostic)

    @property
    def failed(self) -> bool:
        return any(item.severity == "error" for item in self.items)


class SpecError(Exception):
    """Raised where analysis cannot go on with what it has; carries its diagnostic."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic

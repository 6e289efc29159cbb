"""Where a step stands: what is visible, which names are taken, and what may stand there."""

from __future__ import annotations

from archdsl.sema.naming import Namespace
from archdsl.sema.scope import Scope, Use

TYPE_CHECKING = False
if TYPE_CHECKING:
    from archdsl.sema.naming import Arms
    from archdsl.source import Span


class Place:
    """The surroundings of a step.

    `sequential` is the span of the `nn.Sequential` around, None in a class. `looped`: an iteration
    of a loop in this class or Sequential; `chosen`: an arm of an `if` within that iteration.
    `top`: the definition's own braces; `merged`: inside a merge, residual or dense.
    """

    __slots__ = ("arms", "chosen", "looped", "merged", "namespace", "scope", "sequential", "top")

    def __init__(
        self,
        scope: Scope,
        namespace: Namespace,
        sequential: Span | None = None,
        arms: Arms = (),
        looped: bool = False,
        chosen: bool = False,
        top: bool = False,
        merged: bool = False,
    ) -> None:
        self.scope = scope
        self.namespace = namespace
        self.sequential = sequential
        self.arms = arms
        self.looped = looped
        self.chosen = chosen
        self.top = top
        self.merged = merged

    def within(self) -> Place:
        """Inside braces that only group."""
        return self._copy()

    def branch(self) -> Place:
        place = self._copy()
        place.merged = True
        return place

    def loop(self) -> Place:
        place = self._copy()
        place.looped = True
        place.chosen = False
        return place

    def arm(self, uid: int, number: int) -> Place:
        place = self._copy()
        place.arms = (*self.arms, (uid, number))
        place.chosen = True
        return place

    def container(self, namespace: Namespace) -> Place:
        """Inside an `nn.Sequential` of its own."""
        return Place(self.scope.child(), namespace, sequential=namespace.place, merged=self.merged)

    def _copy(self) -> Place:
        return Place(
            self.scope.child(),
            self.namespace,
            self.sequential,
            self.arms,
            self.looped,
            self.chosen,
            False,
            self.merged,
        )

    @property
    def flow(self) -> Use:
        """How a step's expressions over values may use names here."""
        return Use(tensors=True, callables=False, sequential=self.sequential)

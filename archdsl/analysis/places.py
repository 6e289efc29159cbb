"""Module paths, as the generated PyTorch will have them."""

from __future__ import annotations

from collections.abc import Callable

from archdsl.analysis.notes import error
from archdsl.expr import Expr, Template
from archdsl.ir.design import join
from archdsl.ir.program import ModuleName
from archdsl.reserved import refusal_of_key, refusal_of_label
from archdsl.values import kind

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from archdsl.source import Span


class Place:
    """Where modules are put: a class, or a container whose children are numbered.

    `runs`: which run of each loop of the class this is, outermost first; there, a plain name is
    a family's, and its members are counted by the runs. `joint` stands between a container and
    the number of its child: `_` where the children are members of the container's own family.
    """

    __slots__ = ("count", "joint", "prefix", "runs", "sequential")

    def __init__(
        self, prefix: str, sequential: bool, runs: tuple[int, ...] = (), joint: str = "."
    ) -> None:
        self.prefix = prefix
        self.sequential = sequential
        self.joint = joint
        self.runs = runs
        self.count = 0

    def run(self, number: int) -> Place:
        """The same place in one run of a loop."""
        return self if self.sequential else Place(self.prefix, False, (*self.runs, number))


class Paths:
    """Gives out the paths of one instance."""

    __slots__ = ("_computed_at", "_free", "_plain_at", "_text", "_value")

    def __init__(self, text: Callable[[Template], str], value: Callable[[Any], Any]) -> None:
        self._text = text
        self._value = value
        self._free: dict[str, int] = {}
        self._computed_at: dict[str, Span] = {}
        self._plain_at: dict[str, Span] = {}

    def module(self, name: ModuleName | None, place: Place, stem: str) -> str:
        """The path of a module; without a name in a class it is a functional node, and the stem its."""
        if place.sequential:
            position = place.count
            place.count += 1
            if name is None:
                return join(place.prefix, str(position), place.joint)
        if name is None:
            return self.functional(place, stem)
        plain = isinstance(name.base, str)
        base = name.base if isinstance(name.base, str) else self._computed(name, place)
        path = join(place.prefix, base)
        if name.indices:
            path = f"{path}.{self._key(name)}"
        elif place.runs and plain and not name.shared:
            path = f"{path}.{'_'.join(map(str, place.runs))}"
        self._once(path, name.span, plain and not name.indices)
        return path

    def _once(self, path: str, span: Span, plain: bool) -> None:
        """A computed label, or the index of a family's member, gives each module a name of its own.
        That plain ones do, the program knows."""
        first = self._computed_at.get(path) or (None if plain else self._plain_at.get(path))
        if first is not None:
            label = path.rpartition(".")[2]
            raise error(
                "E510",
                f"two modules would be named `{label}`",
                span,
                others=((first, "the first"),) if first != span else (),
                help="let each have a name of its own, or make it an indexed family, `name[i]:`",
            )
        (self._plain_at if plain else self._computed_at)[path] = span

    def _key(self, name: ModuleName) -> str:
        """The key of a family's member."""
        key = "_".join(map(self._index, name.indices))
        reason = refusal_of_key(key)
        if reason is not None:
            raise error("E322", f"`{key}` cannot be a member's name: {reason}", name.span)
        return key

    def _index(self, index: Expr) -> str:
        value = self._value(index)
        if type(value) is int and value < 0:
            raise error("E402", f"members are numbered from 0, and this is {value}", index.span)
        if type(value) is not int and not (type(value) is str and value.isidentifier()):
            raise error(
                "E402", f"members are numbered or named, not told by {kind(value)}", index.span
            )
        return str(value)

    def _computed(self, name: ModuleName, place: Place) -> str:
        """A label's text, if a module can be called so."""
        assert isinstance(name.base, Template)
        text = self._text(name.base)
        reason = refusal_of_label(text, place.sequential)
        if reason is not None:
            raise error("E322", f"`{text}` cannot be a label: {reason}", name.span)
        return text

    def functional(self, place: Place, stem: str) -> str:
        """A path that no other functional node of the instance has."""
        path = join(place.prefix, stem)
        number = self._free.get(path, 0)
        self._free[path] = number + 1
        return path if number == 0 else f"{path}_{number}"

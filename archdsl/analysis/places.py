"""Module paths, as the generated PyTorch will have them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from archdsl.expr import Template
from archdsl.ir.design import join
from archdsl.ir.program import ModuleName


class Place:
    """Where modules are put: a class, or a container whose children are numbered.

    `looped`: inside a loop of the class, where a plain name is a family's.
    """

    __slots__ = ("count", "looped", "prefix", "sequential")

    def __init__(self, prefix: str, sequential: bool, looped: bool = False) -> None:
        self.prefix = prefix
        self.sequential = sequential
        self.looped = looped
        self.count = 0

    def inside(self) -> Place:
        """The same place within a loop."""
        if self.sequential or self.looped:
            return self
        return Place(self.prefix, False, True)


class Paths:
    """Gives out the paths of one instance."""

    __slots__ = ("_families", "_free", "_text", "_value")

    def __init__(self, text: Callable[[Template], str], value: Callable[[Any], Any]) -> None:
        self._text = text
        self._value = value
        self._families: dict[str, int] = {}
        self._free: dict[str, int] = {}

    def module(self, name: ModuleName | None, place: Place, kind: str) -> str:
        """The path of a module; without a name in a class it is a functional node of a kind."""
        if place.sequential:
            position = place.count
            place.count += 1
            if name is None:
                return join(place.prefix, str(position))
        if name is None:
            return self.functional(place, kind)
        plain = isinstance(name.base, str)
        base = name.base if isinstance(name.base, str) else self._text(name.base)
        path = join(place.prefix, base)
        for index in name.indices:
            path += f".{self._value(index)}"
        if place.looped and plain and not name.indices and not name.shared:
            position = self._families.get(path, 0)
            self._families[path] = position + 1
            return f"{path}.{position}"
        return path

    def functional(self, place: Place, kind: str) -> str:
        """A path that no other functional node of the instance has."""
        path = join(place.prefix, kind)
        number = self._free.get(path, 0)
        self._free[path] = number + 1
        return path if number == 0 else f"{path}_{number}"

"""Values of `forward`, as the emitter sees them: a symbolic shape and the text that denotes it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from archdsl.emit import symbol as s

HEIGHT = "@height"
WIDTH = "@width"


class Tensor:
    """A value. `simple` texts are names; `fresh` values have no reader but the next step, and
    their producer's backward does not need them. `stride` is relative to a mark (`marked`)."""

    __slots__ = ("fresh", "shape", "simple", "stride", "text")

    def __init__(
        self,
        shape: tuple[Any, ...],
        text: str = "",
        *,
        stride: tuple[Any, Any] | None = (1, 1),
        simple: bool = False,
        fresh: bool = False,
    ) -> None:
        self.shape = shape
        self.text = text
        self.stride = stride
        self.simple = simple
        self.fresh = fresh

    @property
    def channels(self) -> Any:
        return self.shape[0]

    def but(self, **changes: Any) -> Tensor:
        """A copy with some fields changed."""
        values = {slot: getattr(self, slot) for slot in self.__slots__}
        values.update(changes)
        shape, text = values.pop("shape"), values.pop("text")
        return Tensor(shape, text, **values)

    def marked(self) -> Tensor:
        """The same value, from which strides are counted anew."""
        return self.but(stride=(1, 1), fresh=False)


Flow = Tensor | tuple[Any, ...]


class Family:
    """Values made in a loop: `skips[i]`. Reading one gives its shape with the loop's names
    replaced by the indices asked for."""

    __slots__ = ("binders", "ordered", "shape", "stride", "variable")

    def __init__(
        self,
        variable: str,
        shape: tuple[Any, ...],
        binders: tuple[str | None, ...],
        ordered: bool,
    ) -> None:
        self.variable = variable
        self.shape = shape
        self.binders = binders
        self.ordered = ordered
        self.stride = None

    def member(self, indices: tuple[Any, ...], render: Callable[[Any], str] = s.text) -> Tensor:
        mapping = {
            name: index for name, index in zip(self.binders, indices) if name  # noqa: B905
        }
        shape = tuple(s.substitute(dim, mapping) for dim in self.shape)
        inner = ", ".join(render(index) for index in indices)
        return Tensor(shape, f"{self.variable}[{inner}]", stride=None, simple=True)


def times(first: tuple[Any, Any] | None, second: tuple[Any, Any] | None) -> tuple[Any, Any] | None:
    """Strides in a row multiply; after a global op there is none."""
    if first is None or second is None:
        return None
    return first[0] * second[0], first[1] * second[1]


def single(flow: Flow) -> Tensor:
    """The one tensor of a flow that is known to hold one."""
    if isinstance(flow, tuple):
        return single(flow[0])
    return flow


def parts(flow: Flow) -> tuple[Tensor, ...]:
    """All tensors of a flow, in order."""
    if isinstance(flow, tuple):
        return tuple(tensor for part in flow for tensor in parts(part))
    return (flow,)

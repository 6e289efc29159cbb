"""Values of `forward`, as the emitter sees them: a symbolic shape and the text that denotes it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from archdsl.emit import symbol as s

HEIGHT = "@height"
WIDTH = "@width"
# Before the two: a size that hangs on the run of a loop, so that no text denotes it.
LOOPED = "@loop"
# What leaves a block that uses itself, until it is known.
RECURSIVE = "@recursive"


class Tensor:
    """A value. `simple` texts are names; `fresh` values have no reader but the next step, and
    their producer's backward does not need them. `stride` is relative to a mark (`marked`).
    `among`: how many values the variable holds that this is an item of, 0 where that isn't known.
    """

    __slots__ = ("among", "fresh", "shape", "simple", "stride", "text")

    def __init__(
        self,
        shape: tuple[Any, ...],
        text: str = "",
        *,
        stride: tuple[Any, Any] | None = (1, 1),
        simple: bool = False,
        fresh: bool = False,
        among: int = 0,
    ) -> None:
        self.shape = shape
        self.text = text
        self.stride = stride
        self.simple = simple
        self.fresh = fresh
        self.among = among

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


class TensorList(Tensor):
    """A list of values whose length the constructor's caller knows: `x[]`.

    `shape` holds three lists; `count` is their length; `items` are the values, where they are no
    variable's."""

    __slots__ = ("_total", "count", "items")

    def __init__(
        self,
        shape: tuple[Any, ...],
        text: str,
        count: Any,
        simple: bool = True,
        total: Any = None,
        items: tuple[Tensor, ...] = (),
    ) -> None:
        super().__init__(shape, text, stride=None, simple=simple)
        self.count = count
        self.items = items
        self._total = total

    @property
    def total(self) -> Any:
        """The channels of all values together."""
        if self._total is not None:
            return self._total
        channels = self.shape[0]
        if isinstance(channels, s.Symbol) and channels.op == "uniform":
            return channels.args[0] * channels.args[1]
        return s.call("sum", [channels])

    def but(self, **changes: Any) -> Tensor:
        return TensorList(
            changes.get("shape", self.shape),
            changes.get("text", self.text),
            self.count,
            changes.get("simple", self.simple),
            self._total,
        )

    @property
    def members(self) -> tuple[Tensor, ...]:
        """The values one by one, where their number is known."""
        items = (self.member((position,)) for position in range(self.count))
        return tuple(item if self.items else item.but(among=self.count) for item in items)

    def sliced(self, bounds: list[Any], render: Callable[[Any], str]) -> TensorList:
        """`x[start:stop:step]`"""
        text = s.written_slice(self.text, bounds, render)
        places = s.slice_of(s.call("range", [self.count]), *bounds)
        count = len(places) if isinstance(places, (tuple, range)) else s.call("len", [places])
        start, stop, step = bounds
        if isinstance(count, s.Symbol) and stop is None and step is None and isinstance(start, int):
            count = self.count - start if start > 0 else count
        dims = tuple(_cut(each, bounds, count) for each in self.shape)
        known = s.slice_of(self.items, *bounds)
        items = known if isinstance(known, tuple) else ()
        return TensorList(dims, text, count, items=items)

    def member(self, indices: tuple[Any, ...], render: Callable[[Any], str] = s.text) -> Tensor:
        """`x[i]`"""
        (position,) = indices
        if self.items and isinstance(position, int):
            return self.items[position]
        shape = tuple(s.index(dims, position) for dims in self.shape)
        return Tensor(shape, f"{self.text}[{render(position)}]", stride=None, simple=True)


class ListResult(Tensor):
    """What a block returns as `y[]`: the shape of member `binder`, for `count` members."""

    __slots__ = ("binder", "count")

    def __init__(self, shape: tuple[Any, ...], binder: str, count: Any) -> None:
        super().__init__(shape, stride=None)
        self.binder = binder
        self.count = count

    def lists(self) -> tuple[Any, ...]:
        """The members' dimensions as lists, each in its shortest form."""
        return tuple(self._list(dim) for dim in self.shape)

    def _list(self, dim: Any) -> Any:
        from archdsl.emit.evaluate import Loop

        expanded = s.expanded(dim)
        if isinstance(expanded, s.Symbol) and expanded.op == "index":
            position = expanded.args[1]
            if isinstance(position, s.Symbol) and position.args == (self.binder,):
                return expanded.args[0]
        used = s.names_in(dim, expand=True)
        if self.binder not in used:
            return s.Symbol("uniform", dim, self.count)
        binder = next(each for each in "ijklmnopqrstuvwxyz" if each not in used)
        element = s.substitute_shallow(dim, {self.binder: s.name(binder)})
        return s.Symbol("loop", Loop((binder,), element, s.call("range", [self.count]), ()))


def _cut(dims: Any, bounds: list[Any], count: Any) -> Any:
    """A slice of the sizes of a list's values."""
    if isinstance(dims, s.Symbol) and dims.op == "uniform":
        return s.Symbol("uniform", dims.args[0], count)
    if isinstance(dims, s.Symbol) and dims.op == "attribute":
        dims = s.Symbol("call", "list", dims)
    return s.slice_of(dims, *bounds)


Flow = Tensor | tuple[Any, ...]


def listed(value: Any) -> TensorList | None:
    """A value as a list of values, if it is one."""
    if isinstance(value, TensorList):
        return value
    if hasattr(value, "following"):
        return value.values()  # type: ignore[no-any-return]
    if isinstance(value, tuple) and value and all(isinstance(item, Tensor) for item in value):
        result = packed(value)
        return result if isinstance(result, TensorList) else None
    return None


def _spliced(tensors: tuple[Tensor, ...]) -> TensorList:
    """One list of values, some of which are lists themselves."""
    lists = [isinstance(tensor, TensorList) for tensor in tensors]
    text = ", ".join(f"*{each.text}" if many else each.text for each, many in zip(tensors, lists))
    shape = tuple(
        s.rebuild(
            "join",
            [
                each.shape[axis] if many else (each.shape[axis],)
                for each, many in zip(tensors, lists)
            ],
        )
        for axis in range(3)
    )
    count = sum(each.count if isinstance(each, TensorList) else 1 for each in tensors)
    return TensorList(shape, f"[{text}]", count, simple=False)


def packed(flow: Flow) -> Tensor:
    """Several values as the list that a block takes."""
    if isinstance(flow, TensorList):
        return flow
    tensors = parts(flow)
    if not tensors:
        return TensorList(((), (), ()), "[]", 0)
    if len(tensors) > 1 and any(isinstance(tensor, TensorList) for tensor in tensors):
        return _spliced(tensors)
    texts = [tensor.text for tensor in tensors]
    whole = texts[0].removesuffix("[0]")
    all_of_it = {tensor.among for tensor in tensors} == {len(tensors)}
    if all_of_it and texts == [f"{whole}[{position}]" for position in range(len(texts))]:
        text, apart = whole, False
    else:
        text, apart = f"[{', '.join(texts)}]", True
    shape = tuple(tuple(tensor.shape[axis] for tensor in tensors) for axis in range(3))
    return TensorList(shape, text, len(tensors), items=tensors if apart else ())


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


def recursive(shape: Any) -> bool:
    """Whether a shape waits for the block to know what leaves it."""
    return RECURSIVE in s.names_in(shape, expand=True)


def resized(first: Tensor, second: Tensor) -> bool:
    """Whether two values differ in height or width, or may."""
    if len(first.shape) != len(second.shape):
        return True
    return not all(map(s.same, first.shape[1:], second.shape[1:]))


def unsized(tensor: Tensor, mark: str) -> Tensor:
    """The value where its height and width hang on the run of a loop: only instances tell them."""
    if len(tensor.shape) != 3 or isinstance(tensor, TensorList):
        return tensor
    sizes = (s.name(f"{LOOPED}_{mark}{HEIGHT}"), s.name(f"{LOOPED}_{mark}{WIDTH}"))
    return tensor.but(shape=(tensor.channels, *sizes))


def read_again(flow: Flow) -> Flow:
    """The same values, that the next step is not alone to read."""
    if isinstance(flow, Tensor):
        return flow.but(fresh=False)
    return tuple(read_again(part) for part in flow)


def joined_stride(
    condition: Any, then: tuple[Any, Any] | None, other: tuple[Any, Any] | None
) -> tuple[Any, Any] | None:
    """The stride after an `if` whose arms have these."""
    if then is None or other is None:
        return None
    return s.choose(condition, then[0], other[0]), s.choose(condition, then[1], other[1])


def several_results(flow: Flow) -> bool:
    """Whether a flow is what one call returned as several values, not taken apart yet."""
    values = parts(flow)
    return (
        len(values) > 1
        and not any(value.simple for value in values)
        and len({value.text for value in values}) == 1
    )

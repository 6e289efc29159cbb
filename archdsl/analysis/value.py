"""Tensors as the elaborator sees them: a shape, and the ways that lead there from the inputs.

A way is (depth, height, width, stride down, stride across) relative to one input: weighted layers
passed, how much the receptive field has grown on each axis in steps of the input, and by how much
positions lie further apart. The strides are None after an op that sees the whole map. A value's
reach is one way for each input of its instance, None where no way leads from it.
"""

from __future__ import annotations

from archdsl.ir.evaluate import Handle, Poisoned
from archdsl.ops.op import Shape
from archdsl.values import Fault, cut, kind, show

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeAlias

Way = tuple[int, "Any", "Any", "Any", "Any"]
Reach = tuple["Way | None", ...]


class Value(Handle):
    """A tensor that flows. `shape` is None where it could not be computed.

    `batched` is false for learned tensors and buffers.
    """

    __slots__ = ("batched", "number", "reach", "shape")

    def __init__(
        self,
        shape: Shape | None,
        reach: Reach,
        number: int,
        batched: bool = True,
    ) -> None:
        self.shape = shape
        self.reach = reach
        self.number = number
        self.batched = batched

    def attribute(self, name: str) -> Any:
        shape = self.shape
        if shape is None:
            raise Poisoned
        if name == "channels":
            return shape[0]
        if name == "shape":
            return tuple(shape)
        if name not in ("height", "width"):
            raise Fault("E402", f"a tensor has no `{name}`", "`.channels .height .width .shape`")
        if len(shape) != 3:
            raise Fault("E402", f"a tensor of shape {show(tuple(shape))} has no `{name}`")
        return shape[1 if name == "height" else 2]

    def member(self, indices: tuple[Any, ...]) -> Any:
        raise Fault("E402", "a tensor can't be indexed", "`select([i])` picks channels")


class Family(Handle):
    """Values with indices: `skips[i, j]`."""

    __slots__ = ("members", "name")
    described = "a family of tensors"

    def __init__(self, name: str) -> None:
        self.name = name
        self.members: dict[tuple[Any, ...], Value] = {}

    def member(self, indices: tuple[Any, ...]) -> Any:
        for index in indices:
            if (reason := refusal_of_index(index)) is not None:
                raise Fault("E402", reason)
        if indices in self.members:
            return self.members[indices]
        made = list(self.members)
        if len(indices) == 1 and type(indices[0]) is int and -len(made) <= indices[0] < 0:
            # From the end, if the members came one by one from 0.
            if made == [(index,) for index in range(len(made))]:
                return self.members[made[indices[0]]]
        have = ", ".join(_place(key) for key in list(self.members)[:8])
        raise Fault("E410", f"`{self.name}` has no value at {_place(indices)}", f"it has {have}")

    def cut(self, start: Any, stop: Any, step: Any) -> tuple[Value, ...]:
        if set(self.members) != {(index,) for index in range(len(self.members))}:
            have = ", ".join(_place(key) for key in sorted(self.members)[:8])
            raise Fault(
                "E402",
                f"a slice counts members from 0, and `{self.name}` has {have}",
                f"pick them by their numbers: `[{self.name}[k] for k in range(...)]`",
            )
        members: tuple[Value, ...] = cut(self.listed(), start, stop, step)
        return members

    def listed(self) -> tuple[Value, ...]:
        """The members by index."""
        return tuple(self.members[key] for key in sorted(self.members))

    def appended(self) -> str:
        """The help for who wants the members and a value more."""
        last = max((key[0] for key in self.members), default=-1)
        place = last + 1 if isinstance(last, int) else "n"
        return (
            f"make the value a member, `as {self.name}[{place}]`, and join all of them: "
            f"`from {self.name} -> ...`"
        )


def refusal_of_index(index: Any) -> str | None:
    """Why a member of a family can't be told by a value: 1.0 and true are keys of a dict as 1 is."""
    return None if type(index) in (int, str) else f"an index is an int, not {kind(index)}"


def listed(value: Any) -> Any:
    """A flow, with families as the lists of their members."""
    if type(value) is tuple:
        return tuple([listed(part) for part in value])
    return value.listed() if isinstance(value, Family) else value


def _place(indices: tuple[Any, ...]) -> str:
    return "[" + ", ".join(show(index) for index in indices) + "]"


class Poison(Value):
    """What stands where a value could not be made; the reason was reported."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__(None, (), -1)


POISON = Poison()

Flow: TypeAlias = "Any"  # a Value, or a tuple of flows


def start(ports: int) -> list[Reach]:
    """The reaches of an instance's inputs: each leads to itself."""
    here: Way = (0, 0, 0, 1, 1)
    return [tuple(here if k == j else None for k in range(ports)) for j in range(ports)]


def whole(number: Any) -> Any:
    """An int where a fraction is one."""
    return number.numerator if getattr(number, "denominator", 0) == 1 else number


def advance(
    reach: Reach, weighted: bool, extent: tuple[Any, Any], stride: tuple[Any, Any] | None
) -> Reach:
    """The ways after an op; `stride` None is an op that sees the whole map."""
    result: list[Way | None] = []
    for way in reach:
        if way is None:
            result.append(None)
            continue
        depth, tall, wide, down, across = way
        if weighted:
            depth += 1
        if down is not None:
            if stride is None:
                down = across = None
            else:
                tall = tall + (extent[0] - 1) * down
                wide = wide + (extent[1] - 1) * across
                down = whole(down * stride[0])
                across = whole(across * stride[1])
        result.append((depth, tall, wide, down, across))
    return tuple(result)


def longest(first: Way | None, second: Way | None) -> Way | None:
    """Two ways that meet: the longer in each respect."""
    if first is None or second is None:
        return first if second is None else second
    if first == second:
        return first
    down, across = first[3], first[4]
    if down is None:
        down, across = second[3], second[4]
    elif second[3] is not None:
        down, across = max(down, second[3]), max(across, second[4])
    return (
        max(first[0], second[0]),
        max(first[1], second[1]),
        max(first[2], second[2]),
        down,
        across,
    )


def meet(values: tuple[Value, ...]) -> Reach:
    """The ways to a value made of several."""
    reach = values[0].reach
    for value in values[1:]:
        if value.reach is not reach:
            reach = tuple(longest(a, b) for a, b in zip(reach, value.reach))
    return reach


def through(values: tuple[Value, ...], inner: Reach) -> Reach:
    """The ways to a result of an instance, from where its inputs came."""
    if len(values) == 1:
        return tuple(_chain(way, inner[0]) for way in values[0].reach)
    found: list[Way | None] = [None] * (len(values[0].reach) if values else 0)
    for value, step in zip(values, inner):
        for port, way in enumerate(value.reach):
            found[port] = longest(found[port], _chain(way, step))
    return tuple(found)


def _chain(outer: Way | None, inner: Way | None) -> Way | None:
    if outer is None or inner is None:
        return None
    depth, tall, wide, down, across = outer
    depth += inner[0]
    if down is None:
        return depth, tall, wide, None, None
    tall, wide = tall + inner[1] * down, wide + inner[2] * across
    if inner[3] is None:
        return depth, tall, wide, None, None
    return depth, tall, wide, whole(down * inner[3]), whole(across * inner[4])


def stride_between(before: Value, after: Value) -> tuple[Any, Any]:
    """By how much the positions of `after` lie further apart than those of `before`; (1, 1) where
    either has no position."""
    for first, second in zip(before.reach, after.reach):
        if first is None or second is None or first[3] is None or second[3] is None:
            continue
        if first[3:] == second[3:]:
            return 1, 1
        return _ratio(first[3], second[3]), _ratio(first[4], second[4])
    return 1, 1


def _ratio(before: Any, after: Any) -> Any:
    if after % before == 0:
        return whole(after // before)
    # Only networks that enlarge maps wait for this import.
    from fractions import Fraction

    return whole(Fraction(after) / before)

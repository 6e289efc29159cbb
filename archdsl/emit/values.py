"""Families of values: `as skips[i]` fills a list or dict of `forward`, whose members have shapes.

A member's shape follows from where it is made, as long as all that a read may meet are made alike.
Where each is made of the one before, the constructor keeps a list of the members' channels; where
members don't come one by one from 0, `forward` has a dict. Either shows late: the class is then
written again, knowing that.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from archdsl.emit import symbol as s
from archdsl.emit.code import variables_in
from archdsl.emit.evaluate import Loop as Comprehension
from archdsl.emit.evaluate import spread
from archdsl.emit.tensor import (
    HEIGHT,
    LOOPED,
    RECURSIVE,
    WIDTH,
    ListResult,
    Tensor,
    TensorList,
    recursive,
)
from archdsl.ir import program as p

if TYPE_CHECKING:
    from archdsl.emit.writer import ClassWriter


class Unlike(Exception):
    """A family needs another form: "keyed" or "listed"."""

    def __init__(self, name: str, form: str) -> None:
        super().__init__(name)
        self.name, self.form = name, form


class Choice:
    """An `if` of the constructor: what holds in its first arm."""

    __slots__ = ("condition",)

    def __init__(self, condition: Any) -> None:
        self.condition = condition


class Place:
    """Where members are made: under which index, of what shape, and in which loops and arms.
    An arm is a pair of its choice and whether that holds."""

    __slots__ = ("around", "indices", "shape")

    def __init__(
        self, indices: tuple[Any, ...], shape: tuple[Any, ...], around: tuple[Any, ...]
    ) -> None:
        self.indices, self.shape, self.around = indices, shape, around

    @property
    def loops(self) -> set[Any]:
        return {each for each in self.around if not isinstance(each, tuple)}


class Family:
    """A family as far as it has been made. `variable` is its list or dict in `forward`, `following`
    the index that the next member of a list has, and `channels` what the constructor keeps."""

    def __init__(
        self,
        w: ClassWriter,
        name: str,
        variable: str,
        places: tuple[Place, ...] = (),
        following: Any = 0,
    ) -> None:
        self.name, self.variable = name, variable
        self.places, self.following = places, following
        self._w = w

    @property
    def ordered(self) -> bool:
        return self.name not in self._w.code.keyed

    @property
    def channels(self) -> Any:
        listed = self.name in self._w.code.listed
        return self._w.kept_channels(self.name, self.ordered) if listed else None

    @property
    def current(self) -> Family:
        """The family as it is by now."""
        return self._w.families.get(self.name, self)

    @property
    def count(self) -> Any:
        """How many members there are in all."""
        if self._any_open() or (self.channels is not None and self._w.loops):
            return s.call("len", [self._listed_channels()])
        return _total(self.places, 0, lambda place: 1)

    # One member

    def member(self, indices: tuple[Any, ...], render: Callable[[Any], str] = s.text) -> Tensor:
        """`skips[i]`"""
        inner = ", ".join(render(index) for index in indices)
        shape = self._shape(self._counted(indices))
        return Tensor(shape, f"{self.variable}[{inner}]", stride=None, simple=True)

    def _counted(self, indices: tuple[Any, ...]) -> tuple[Any, ...]:
        """Indices from the end of a list, from its start."""
        first, *rest = indices
        back = isinstance(first, int) and first < 0 and not rest
        if not back or not self.ordered or self.channels is not None:
            return indices
        return (self.count + first,)

    def _shape(self, indices: tuple[Any, ...]) -> tuple[Any, ...]:
        own = self._made_here(indices)
        if own is not None:
            return own
        if len(self.places) == 1 and not self._open(self.places[0]):
            found = _moved(self.places[0], indices)
            if found is not None and not self._ended(found):
                return found
        return self._common(indices)

    def _made_here(self, indices: tuple[Any, ...]) -> tuple[Any, ...] | None:
        """The shape of the member that this run has made under an index."""
        key = s.key_of(indices)
        found = [place for place in self.places if s.key_of(place.indices) == key]
        if not found or any(not place.loops <= set(self._w.loops) for place in found):
            return None
        shape = found[0].shape
        for place in found[1:]:
            choice, holds = place.around[-1]
            sides = (place.shape, shape) if holds else (shape, place.shape)
            shape = tuple(s.choose(choice.condition, *pair) for pair in zip(*sides))
        return shape

    def _common(self, indices: tuple[Any, ...]) -> tuple[Any, ...]:
        """The shape that all members have; those to come are held to it."""
        shapes = [place.shape for place in self._known()]
        if not shapes:
            known = self._w.family_shapes.get(self.name)
            if known is None:
                return (s.name(RECURSIVE),) * 3
            shapes = [known]
        rank = len(shapes[0])
        sizes = shapes[0][1:]
        if not self._steady(slice(1, None)):
            marks = [s.name(f"{LOOPED}_{self.name}{side}") for side in (HEIGHT, WIDTH)]
            sizes = tuple(marks[: rank - 1])
        if self.channels is not None:
            position = indices[0] if len(indices) == 1 else indices
            return (s.Symbol("index", self.channels, position), *sizes)
        if not self._steady(slice(0, 1)):
            raise Unlike(self.name, "listed")
        self._w.assumed[self.name] = shapes[0][0]
        return (shapes[0][0], *sizes)

    def _steady(self, axes: slice) -> bool:
        """Whether all members have the same size along some axes."""
        known = self._known()
        for place in known:
            names = {name for loop in place.loops for name in (*loop.names, *loop.bound)}
            if s.names_in(place.shape[axes], expand=True) & names or self._ended(place.shape[axes]):
                return False
            if not s.same(place.shape[axes], known[0].shape[axes]):
                return False
        return True

    def _known(self) -> Sequence[Place]:
        """The places whose members don't wait for what leaves the block."""
        return [place for place in self.places if not recursive(place.shape)] or self.places

    def _ended(self, value: Any) -> bool:
        return ended(self._w, value)

    def _open(self, place: Place) -> bool:
        return not place.loops.isdisjoint(self._w.loops)

    def _any_open(self) -> bool:
        return any(map(self._open, self.places))

    # All members

    def values(self) -> TensorList:
        """All members, in the order of their index."""
        text = self.variable
        if not self.ordered:
            text = f"[{text}[i] for i in sorted({text})]"
        self._w.read_whole[self.name] = set(self._w.loops)
        ended = any(self._ended(place.shape[:1]) for place in self.places)
        if ended or self._any_open() or self.channels is not None or not self.places:
            channels = self._listed_channels()
            sizes = self._common((0,))[1:] if self.places else (s.name(RECURSIVE),) * 2
            lists = tuple(s.Symbol("uniform", size, self.count) for size in sizes)
            total = s.call("sum", [channels])
            return TensorList((channels, *lists), text, self.count, total=total)
        if all(isinstance(place.indices[0], int) and not place.around for place in self.places):
            dims = tuple(zip(*(place.shape for place in self.places)))
            return TensorList(dims, text, len(self.places))
        total = _total(self.places, 0, lambda place: place.shape[0])
        return TensorList(self.result().lists(), text, self.count, total=total)

    def _listed_channels(self) -> Any:
        if self.channels is None:
            raise Unlike(self.name, "listed")
        if self.ordered:
            return self.channels
        return s.Symbol("attribute", self.channels, "values()")

    def result(self) -> ListResult:
        """The members' shapes, for whoever gets them as a list."""
        if len(self.places) == 1 and len(self.places[0].loops) == 1:
            found = _moved(self.places[0], (s.name("i"),))
            if found is not None:
                return ListResult(found, "i", self.count)
        if self.channels is None and self._steady(slice(None)):
            return ListResult(self._known()[0].shape, "i", self.count)
        rank = len(self.places[0].shape)
        pieces = [_piece(place) for place in _joined(self.places)]
        if any(piece is None for piece in pieces):
            raise Unlike(self.name, "listed")
        columns = [[piece[axis] for piece in pieces if piece] for axis in range(rank)]
        lists = [each[0] if len(each) == 1 else s.Symbol("join", *each) for each in columns]
        position = s.name("i")
        shape = tuple(s.index(each, position) for each in lists)
        return ListResult(shape, "i", self.count)


def ended(w: ClassWriter, value: Any) -> bool:
    """Whether a value is that of a local of a loop or an arm that is over."""
    return any(
        s.opaque(variable) and variable.frame not in w.frames for variable in variables_in(value)
    )


def _moved(place: Place, indices: tuple[Any, ...]) -> tuple[Any, ...] | None:
    """The shape of a place's member under another index, where its own is a loop's name and more."""
    mapping: dict[str, Any] = {}
    own = {name for loop in place.loops for name in (*loop.names, *loop.bound)}
    for made, asked in zip(place.indices, indices):
        names = s.names_in(made) & own
        if len(names) > 1:
            return None
        for name in names:
            offset = made - s.name(name)
            if name in s.names_in(offset, expand=True):
                return None
            mapping[name] = asked - offset if not s.same(offset, 0) else asked
    if s.names_in(place.shape, expand=True) & (own - mapping.keys()):
        return None
    if not place.loops and not s.same(place.indices, indices):
        return None
    return tuple(s.substitute(dim, mapping) for dim in place.shape)


def _piece(place: Place) -> tuple[Any, ...] | None:
    """What a place adds to the list of each dimension."""
    if not place.around:
        return tuple((dim,) for dim in place.shape)
    if len(place.around) > 1 or not place.loops:
        return None
    (loop,) = place.around
    return tuple(
        s.Symbol("loop", Comprehension(loop.bound, dim, loop.trips, ())) for dim in place.shape
    )


def _total(places: Sequence[Place], depth: int, of: Callable[[Place], Any]) -> Any:
    """What all that is made adds up to: over the runs of loops, in one arm of each choice."""
    result: Any = 0
    rest = list(places)
    while rest:
        first = rest[0]
        if len(first.around) == depth:
            result = result + of(rest.pop(0))
            continue
        step = first.around[depth]
        key = step[0] if isinstance(step, tuple) else step
        alike = [each for each in rest if _step(each, depth) is key]
        rest = [each for each in rest if _step(each, depth) is not key]
        if isinstance(step, tuple):
            then = [each for each in alike if each.around[depth][1]]
            other = [each for each in alike if not each.around[depth][1]]
            sides = [_total(arm, depth + 1, of) for arm in (then, other)]
            result = result + s.choose(key.condition, *sides)
        else:
            result = result + summed(step.bound, step.trips)(_total(alike, depth + 1, of))
    return result


def _step(place: Place, depth: int) -> Any:
    if len(place.around) <= depth:
        return None
    step = place.around[depth]
    return step[0] if isinstance(step, tuple) else step


def summed(names: tuple[str, ...], trips: Any) -> Callable[[Any], Any]:
    """What a width adds up to over a loop."""

    def total(width: Any) -> Any:
        if not isinstance(trips, s.Symbol):
            result: Any = 0
            for trip in trips:
                result = result + s.substitute(width, spread(names, trip))
            return result
        if s.names_in(width, expand=True).isdisjoint(names):
            return s.binary("*", s.index_count(trips), width)
        return s.Symbol("call", "sum", s.Symbol("loop", Comprehension(names, width, trips, ())))

    return total


# Making members


def slot(w: ClassWriter, family: Family, target: p.ValueTarget) -> str:
    """A member of a dict, to be assigned to."""
    key = ", ".join(w.forward_text(w.value(index)) for index in target.indices)
    return f"{family.variable}[{key}]"


def add(w: ClassWriter, target: p.ValueTarget, tensor: Tensor) -> Family:
    """The family that a value becomes a member of."""
    name = target.base
    indices = tuple(w.value(index) for index in target.indices)
    family = w.families.get(name)
    if family is None:
        family = Family(w, name, w.family_variable(name))
        w.head.append(_creation(family, indices))
    following = next_index(w, family, indices)
    if family.ordered and following is None:
        raise Unlike(name, "keyed")
    _held_to(w, family, tensor)
    place = Place(indices, tensor.shape, w.around)
    family = Family(w, name, family.variable, (*family.places, place), following)
    w.family_shapes[name] = tensor.shape
    w.families[name] = family
    w.root_scope[name] = family
    w.scope[name] = family
    return family


def _creation(family: Family, indices: tuple[Any, ...]) -> str:
    kind = "int" if len(indices) == 1 else f"tuple[{', '.join('int' for _ in indices)}]"
    if family.ordered:
        return f"{family.variable}: list[Tensor] = []"
    return f"{family.variable}: dict[{kind}, Tensor] = {{}}"


def _held_to(w: ClassWriter, family: Family, tensor: Tensor) -> None:
    """What was read before is right after all; else the constructor has to keep the channels."""
    if family.channels is not None:
        return
    if recursive(tensor.shape):
        return
    assumed = w.assumed.get(family.name)
    early = not w.read_whole.get(family.name, set()).isdisjoint(w.loops)
    if early or (assumed is not None and not s.same(assumed, tensor.channels)):
        raise Unlike(family.name, "listed")


def keep(w: ClassWriter, family: Family) -> None:
    """Note the last member's channels in the constructor, where that keeps them."""
    place = family.places[-1]
    if family.channels is None:
        return
    kept, width = s.text(family.channels), s.text(place.shape[0])
    key = ", ".join(map(s.text, place.indices))
    w.init.append(f"{kept}.append({width})" if family.ordered else f"{kept}[{key}] = {width}")


def next_index(w: ClassWriter, family: Family, indices: tuple[Any, ...]) -> Any:
    """The index after this member, or after those that its loop makes, if it is the next one."""
    if len(indices) != 1 or len(w.loops) > 1:
        return None
    (index,) = indices
    begun = _same_member(family.places)
    if begun and not _always(begun):
        again = s.same(begun[0].indices, indices) and begun[0].loops == set(w.loops)
        return family.following if again else None
    if w.loop is None:
        return index + 1 if s.same(index, family.following) else None
    first, count = _steps(w.loop)
    if first is None or not isinstance(index, s.Symbol):
        return None
    name = w.loop.counts if w.loop.counts is not None else w.loop.variables[0]
    offset = index - s.name(name)
    if name in s.names_in(offset, expand=True) or not s.same(first + offset, family.following):
        return None
    return family.following + count


def _same_member(places: Sequence[Place]) -> list[Place]:
    """The places of the last member: the arms of an `if` make it each in its own way."""
    found: list[Place] = []
    for place in reversed(places):
        if found and not (s.same(place.indices, found[0].indices) and place.around):
            break
        found.append(place)
    return found


def _joined(places: Sequence[Place]) -> list[Place]:
    """The places, those that all arms of an `if` have as one."""
    found: list[Place] = []
    rest = list(places)
    while rest:
        member = _same_member(rest)
        rest = rest[: -len(member)]
        if len(member) == 1 or not _always(member):
            found = [*reversed(member), *found]
            continue
        loops = tuple(each for each in member[0].around if not isinstance(each, tuple))
        found.insert(0, Place(member[0].indices, _chosen(member), loops))
    return found


def _chosen(places: Sequence[Place], depth: int = 0) -> tuple[Any, ...]:
    """The shape of a member that all arms of the `if`s around make."""
    for place in places:
        if len(place.around) == depth:
            return place.shape
    steps = [place.around[depth] for place in places]
    if not isinstance(steps[0], tuple):
        return _chosen(places, depth + 1)
    choice = steps[0][0]
    then, other = (
        _chosen([each for each, step in zip(places, steps) if step[1] is holds], depth + 1)
        for holds in (True, False)
    )
    return tuple(s.choose(choice.condition, *pair) for pair in zip(then, other))


def _always(places: Sequence[Place], depth: int = 0) -> bool:
    """Whether all arms of the `if`s around are there."""
    if any(len(place.around) == depth for place in places):
        return True
    steps = [place.around[depth] for place in places]
    if not isinstance(steps[0], tuple):
        return _always(places, depth + 1)
    arms = [
        [each for each, step in zip(places, steps) if step == (steps[0][0], holds)]
        for holds in (True, False)
    ]
    return all(arm and _always(arm, depth + 1) for arm in arms)


def _steps(loop: Any) -> tuple[Any, Any]:
    """Where a loop's index begins and how often it runs, if it counts up by one."""
    if loop.counts is not None:
        return 0, summed(loop.variables, loop.trips)(1)
    trips = loop.trips
    if len(loop.variables) != 1:
        return None, None
    if isinstance(trips, s.Symbol):
        if trips.op == "call" and trips.args[0] == "range" and len(trips.args) == 3:
            return trips.args[1], trips.args[2] - trips.args[1]
        return None, None
    if trips and tuple(trips) == tuple(range(trips[0], trips[0] + len(trips))):
        return trips[0], len(trips)
    return None, None

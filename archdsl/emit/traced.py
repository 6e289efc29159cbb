"""Stand-ins for tensors: a shape, and a mark that says how the value came about.

Two values have one mark if the same operations made them of the same values. Texts that mean one
thing give one mark: sums in any order, constant factors wherever they stand, concatenations of
concatenations, parts of parts, reshapes of reshapes. A mark is a hash, so that to compare two is to
compare all that led to them.

A tensor also knows its memory, so that work in place on a value that is needed elsewhere is found.
What isn't followed here (a function that is called seldom) gives a value of unknown shape.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

Sizes = tuple[int, ...]

_ONE = hash("one")  # the mark of a sum's constant


class Unfollowed(Exception):
    """The module's course depends on what stand-ins don't know."""


class Overwritten(Exception):
    """A value is changed in place that something else needs."""


class Memory:
    """What a tensor and its views share. It is `held` if a backward pass needs what is in it, or
    whoever made it."""

    __slots__ = ("held", "readers", "writes")

    def __init__(self, held: bool) -> None:
        self.held = held
        self.readers = 0
        self.writes = 0


class Tensor:
    """A tensor's mark, and its shape: None where it isn't followed.

    `known` are shapes by marks, for those that aren't worked out here. Of some values more is kept
    than the mark tells: the `terms` of a sum with their factors, the `factors` of a product, the
    `parts` of a concatenation and its dimension, the `place` of a part (of what, along which
    dimension, from where to where), and what it is another shape of, the `whole`.
    """

    mark = 0
    known: dict[int, Sizes] = {}
    memory = Memory(held=True)
    writes = 0
    terms: dict[int, float] | None = None
    factors: tuple[int, ...] | None = None
    parts: tuple[int, tuple[int, ...]] | None = None
    place: tuple[int, int, int, int] | None = None
    whole: Tensor | None = None

    def __init__(self, *shape: Any) -> None:
        sizes = shape[0] if shape and isinstance(shape[0], (tuple, list)) else shape
        self._sizes: Sizes | None = tuple(sizes)

    @property
    def sizes(self) -> Sizes | None:
        if self._sizes is None:
            self._sizes = self.known.get(self.mark)
        return self._sizes

    @property
    def shape(self) -> Sizes:
        sizes = self.sizes
        if sizes is None:
            raise Unfollowed
        return sizes

    def size(self, dim: int | None = None) -> Any:
        return self.shape if dim is None else self.shape[dim]

    # Memory

    def read(self) -> int:
        """The mark, for an operation that takes the value."""
        self.check()
        self.memory.readers += 1
        return self.mark

    def check(self) -> None:
        """Raise `Overwritten` if the value is there no longer."""
        if self.writes != self.memory.writes:
            raise Overwritten("a value is read that was overwritten")

    def overwrite(self, held: bool) -> None:
        """An operation works in place on the value; then its result is `held`, or not."""
        self.check()
        if self.memory.held or self.memory.readers:
            raise Overwritten("a value is overwritten that is needed elsewhere")
        self.memory.writes += 1
        self.memory.held = held

    def made(self, sizes: Sizes | None, mark: int, held: bool = False) -> Tensor:
        """What an operation makes of this value."""
        return self._other(sizes, mark, Memory(held))

    def shared(self, sizes: Sizes | None, mark: int) -> Tensor:
        """A value in the same memory."""
        return self._other(sizes, mark, self.memory)

    def _other(self, sizes: Sizes | None, mark: int, memory: Memory) -> Tensor:
        other = Tensor.__new__(Tensor)
        other._sizes, other.mark, other.known = sizes, mark, self.known
        other.memory, other.writes = memory, memory.writes
        return other

    # Functions

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if name in ("contiguous", "clone"):
            return lambda: self
        if name in ("device", "dtype"):
            return Anything()
        sizes = self.sizes if name in _SAME else None
        return lambda *rest, **named: self._function(name, sizes, *rest, **named)

    def _function(self, name: str, sizes: Sizes | None, *rest: Any, **named: Any) -> Tensor:
        """A function of this value of which no more is known than, for some, the shape."""
        how = tuple((key, worth(named[key])) for key in sorted(named))
        return self.made(sizes, hash((name, self.read(), plain(rest), how)), held=True)

    def __iter__(self) -> Iterator[Tensor]:
        raise Unfollowed

    def permute(self, *order: int) -> Tensor:
        sizes = self.sizes
        mark = hash(("permute", self.mark, plain(order)))
        return self.shared(None if sizes is None else tuple(sizes[dim] for dim in order), mark)

    def _reduced(self, name: str, dim: Any = None, keepdim: bool = False) -> Tensor:
        sizes = None
        if self.sizes is not None and dim is not None:
            rank = len(self.sizes)
            dims = {each % rank for each in (dim if isinstance(dim, tuple) else (dim,))}
            kept = [(1 if i in dims else size, i) for i, size in enumerate(self.sizes)]
            sizes = tuple(size for size, i in kept if keepdim or i not in dims)
        return self._function(name, sizes, dim, keepdim)

    def mean(self, *rest: Any, **named: Any) -> Tensor:
        return self._reduced("mean", *rest, **named)

    def sum(self, *rest: Any, **named: Any) -> Tensor:
        return self._reduced("sum", *rest, **named)

    def amax(self, *rest: Any, **named: Any) -> Tensor:
        return self._reduced("amax", *rest, **named)

    def amin(self, *rest: Any, **named: Any) -> Tensor:
        return self._reduced("amin", *rest, **named)

    # Parts

    def __getitem__(self, index: Any) -> Tensor:
        """Parts along dimensions by slice or list; other ways to index aren't followed."""
        indices = index if isinstance(index, tuple) else (index,)
        followed = all(isinstance(each, (slice, list, tuple)) for each in indices)
        if self.sizes is None or not followed:
            return self.shared(None, hash(("item", self.mark, plain(indices))))
        result = self
        for dim, each in enumerate(indices):
            result = result._picked(dim, each)
        return result

    def _picked(self, dim: int, index: Any) -> Tensor:
        size = self.shape[dim]
        picked = list(range(*index.indices(size)) if isinstance(index, slice) else index)
        if any(not -size <= each < size for each in picked):
            raise IndexError(f"{picked} of {size}")
        picked = [each % size for each in picked]
        if picked == list(range(picked[0], picked[-1] + 1)) if picked else False:
            return self._part(dim, picked[0], picked[-1] + 1)
        sizes = (*self.shape[:dim], len(picked), *self.shape[dim + 1 :])
        return self.shared(sizes, hash(("picked", self.mark, dim, tuple(picked))))

    def _part(self, dim: int, start: int, stop: int) -> Tensor:
        """From `start` up to `stop` along a dimension."""
        if (start, stop) == (0, self.shape[dim]):
            return self
        of, before = self.mark, 0
        if self.place is not None and self.place[1] == dim:
            of, _, before, _ = self.place
        place = (of, dim, before + start, before + stop)
        sizes = (*self.shape[:dim], stop - start, *self.shape[dim + 1 :])
        part = self.shared(sizes, hash(("part", *place)))
        part.place = place
        return part

    def chunk(self, chunks: int, dim: int = 0) -> list[Tensor]:
        return self.split(-(-self.shape[dim] // chunks), dim)

    def split(self, sizes: Any, dim: int = 0) -> list[Tensor]:
        whole, dim = self.shape[dim], dim % len(self.shape)
        if isinstance(sizes, int):
            sizes = [min(sizes, whole - start) for start in range(0, whole, sizes)]
        if sum(sizes) != whole:
            raise ValueError(f"{whole} split into {sizes}")
        stops = [sum(sizes[: at + 1]) for at in range(len(sizes))]
        return [self._part(dim, stop - size, stop) for size, stop in zip(sizes, stops)]

    # Shapes

    def reshape(self, *shape: Any) -> Tensor:
        sizes = Tensor(*shape).shape
        if self.sizes is None:
            return self.shared(None if -1 in sizes else sizes, hash(("shape", self.mark, sizes)))
        count, given = math.prod(self.sizes), math.prod(size for size in sizes if size != -1)
        sizes = tuple(count // given if size == -1 else size for size in sizes)
        if math.prod(sizes) != count:
            raise ValueError(f"{self.sizes} viewed as {sizes}")
        whole = self.whole or self
        if sizes == whole.sizes:
            return whole
        other = self.shared(sizes, hash(("shape", whole.mark, sizes)))
        other.whole = whole
        return other

    def flatten(self, start: int = 0, end: int = -1) -> Tensor:
        if self.sizes is None:
            return self._function("flatten", None, start, end)
        first, last = start % len(self.sizes), end % len(self.sizes)
        return self.reshape(*self.sizes[:first], -1, *self.sizes[last + 1 :])

    def unflatten(self, dim: int, sizes: Any) -> Tensor:
        if self.sizes is None:
            return self._function("unflatten", None, dim, sizes)
        dim %= len(self.sizes)
        given = math.prod(size for size in sizes if size != -1)
        inner = [self.sizes[dim] // given if size == -1 else size for size in sizes]
        return self.reshape(*self.sizes[:dim], *inner, *self.sizes[dim + 1 :])

    view = reshape

    # Arithmetic

    def __add__(self, other: Any) -> Tensor:
        return self._plus(other, 1)

    __radd__ = __add__

    def __sub__(self, other: Any) -> Tensor:
        return self._plus(other, -1)

    def __rsub__(self, other: Any) -> Tensor:
        return self._times(-1)._plus(other, 1)

    def __neg__(self) -> Tensor:
        return self._times(-1)

    def _plus(self, other: Any, factor: float) -> Tensor:
        sizes, added = self.sizes, {_ONE: other}
        if isinstance(other, Tensor):
            sizes, added = _broadcast(self, other), other._terms()
        total = dict(self._terms())
        for mark, each in added.items():
            total[mark] = total.get(mark, 0) + factor * each
        return self._sum(sizes, total)

    def _terms(self) -> dict[int, float]:
        mark = self.read()
        return {mark: 1} if self.terms is None else self.terms

    def _sum(self, sizes: Sizes | None, terms: dict[int, float]) -> Tensor:
        terms = {mark: factor for mark, factor in terms.items() if factor}
        if list(terms.values()) == [1] and _ONE not in terms:
            return self.made(sizes, next(iter(terms)))
        result = self.made(sizes, hash(tuple(sorted((mark, plain(terms[mark])) for mark in terms))))
        result.terms = terms
        return result

    def __mul__(self, other: Any) -> Tensor:
        if not isinstance(other, Tensor):
            return self._times(other)
        sizes = _broadcast(self, other)
        (one, left), (two, right) = self._factors(), other._factors()
        factors = tuple(sorted((*left, *right)))
        result = self._sum(sizes, {hash(("product", factors)): one * two})
        result.factors = factors
        return result

    __rmul__ = __mul__

    def _times(self, factor: float) -> Tensor:
        terms = self._terms()
        result = self._sum(self.sizes, {mark: each * factor for mark, each in terms.items()})
        result.factors = self.factors
        return result

    def _factors(self) -> tuple[float, tuple[int, ...]]:
        """A number and marks, whose product this is."""
        terms = self._terms()
        if len(terms) > 1 or _ONE in terms:
            return 1, (self.mark,)
        ((mark, factor),) = terms.items()
        return factor, self.factors or (mark,)

    def __truediv__(self, other: Any) -> Tensor:
        if not isinstance(other, Tensor):
            return self._times(1 / other)
        mark = hash(("quotient", self.read(), other.read()))
        return self.made(_broadcast(self, other), mark)

    def __rtruediv__(self, other: Any) -> Tensor:
        return self.made(self.sizes, hash(("quotient", plain(other), self.read())))


_SAME = frozenset("""
    abs clamp cos erf exp log neg pow relu sigmoid sign sin softmax sqrt square tanh
    """.split())


def _broadcast(one: Tensor, other: Tensor) -> Sizes | None:
    if one.sizes is None or other.sizes is None:
        return None
    longer, shorter = sorted((one.sizes, other.sizes), key=len, reverse=True)
    padded = (1,) * (len(longer) - len(shorter)) + shorter
    if any(a != b and 1 not in (a, b) for a, b in zip(longer, padded)):
        raise ValueError(f"{one.sizes} and {other.sizes} don't go together")
    return tuple(b if a == 1 else a for a, b in zip(longer, padded))


def plain(value: Any) -> Any:
    """An argument as part of a mark: numbers by what they are worth, tensors by their marks."""
    if isinstance(value, Tensor):
        return value.read()
    if isinstance(value, (tuple, list)):
        return tuple(map(plain, value))
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else f"{value:.9g}"
    if isinstance(value, int):
        return str(int(value))  # not a hash of its own: -1 and -2 have the same one
    if isinstance(value, slice):
        return ("slice", plain(value.start), plain(value.stop), plain(value.step))
    return value if isinstance(value, str) else repr(value)


def worth(value: Any) -> Any:
    """What is equal for arguments that mean the same to torch: `(3, 3)` and 3."""
    value = plain(value)
    while isinstance(value, tuple) and value and len(set(value)) == 1:
        value = value[0]
    return value


def cat(tensors: Any, dim: int = 0) -> Tensor:
    """What `torch.cat` makes."""
    tensors = list(tensors)
    shapes = [tensor.sizes for tensor in tensors]
    sizes: Sizes | None = None
    if None not in shapes:
        dim %= len(shapes[0])
        if len({each[:dim] + each[dim + 1 :] for each in shapes}) > 1:
            raise ValueError(f"{shapes} don't go together in a concatenation")
        sizes = (*shapes[0][:dim], sum(each[dim] for each in shapes), *shapes[0][dim + 1 :])
    marks: list[int] = []
    for tensor in tensors:
        mark = tensor.read()
        marks += tensor.parts[1] if tensor.parts and tensor.parts[0] == dim else (mark,)
    first: Tensor = tensors[0]
    if len(tensors) == 1:
        return first.made(sizes, marks[0])
    result = first.made(sizes, hash(("cat", dim, tuple(marks))))
    result.parts = (dim, tuple(marks))
    return result


class Anything:
    """What is used but of which nothing is kept: the schemes of `nn.init`, say."""

    def __getattr__(self, name: str) -> Any:
        return self

    def __call__(self, *_: Any, **__: Any) -> Any:
        return self

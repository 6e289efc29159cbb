"""Stand-ins for torch: layers that only know what they would hold, tensors that only know a shape.

`rehearse.py` builds and runs a generated module with them. What isn't followed here (a function
that is called seldom) gives a tensor of unknown shape; nothing is held against such a one.
"""

from __future__ import annotations

import builtins
import math
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from archdsl.emit import guard

Sizes = tuple[int, ...]


class Unfollowed(Exception):
    """The module's course depends on what stand-ins don't know."""


class Tensor:
    """A tensor's shape, None where it isn't followed."""

    def __init__(self, *shape: Any) -> None:
        sizes = shape[0] if shape and isinstance(shape[0], (tuple, list)) else shape
        self.sizes: Sizes | None = tuple(sizes)

    @property
    def shape(self) -> Sizes:
        if self.sizes is None:
            raise Unfollowed
        return self.sizes

    def size(self, dim: int | None = None) -> Any:
        return self.shape if dim is None else self.shape[dim]

    def __getattr__(self, name: str) -> Any:
        if name in _SAME:
            return lambda *_, **__: self
        if name in ("device", "dtype"):
            return Anything()
        return lambda *_, **__: unknown()

    def __iter__(self) -> Iterator[Tensor]:
        raise Unfollowed

    def __getitem__(self, index: Any) -> Tensor:
        """Parts along a dimension by slice or list; other ways to index aren't followed."""
        indices = index if isinstance(index, tuple) else (index,)
        if self.sizes is None or not all(isinstance(each, (slice, list)) for each in indices):
            return unknown()
        sizes = list(self.sizes)
        for dim, each in enumerate(indices):
            if isinstance(each, slice):
                sizes[dim] = len(range(*each.indices(sizes[dim])))
            elif each and not -sizes[dim] <= min(each) <= max(each) < sizes[dim]:
                raise IndexError(f"{each} of {sizes[dim]}")
            else:
                sizes[dim] = len(each)
        return Tensor(sizes)

    def view(self, *shape: Any) -> Tensor:
        sizes = list(Tensor(*shape).shape)
        if self.sizes is None:
            return unknown() if -1 in sizes else Tensor(sizes)
        whole, known = math.prod(self.sizes), math.prod(size for size in sizes if size != -1)
        sizes = [whole // known if size == -1 else size for size in sizes]
        if math.prod(sizes) != whole:
            raise ValueError(f"{self.sizes} viewed as {tuple(sizes)}")
        return Tensor(sizes)

    reshape = view

    def flatten(self, start: int = 0, end: int = -1) -> Tensor:
        if self.sizes is None:
            return unknown()
        first, last = start % len(self.sizes), end % len(self.sizes)
        inner = math.prod(self.sizes[first : last + 1])
        return Tensor(*self.sizes[:first], inner, *self.sizes[last + 1 :])

    def permute(self, *order: int) -> Tensor:
        return unknown() if self.sizes is None else Tensor([self.sizes[dim] for dim in order])

    def mean(self, dim: Any = None, keepdim: bool = False) -> Tensor:
        if self.sizes is None or dim is None:
            return unknown()
        dims = {each % len(self.sizes) for each in (dim if isinstance(dim, tuple) else (dim,))}
        sizes = [1 if i in dims else size for i, size in enumerate(self.sizes)]
        return Tensor([size for i, size in enumerate(sizes) if keepdim or i not in dims])

    sum = amax = amin = mean

    def chunk(self, chunks: int, dim: int = 0) -> list[Tensor]:
        each = -(-self.shape[dim] // chunks)
        return self.split(each, dim)

    def split(self, sizes: Any, dim: int = 0) -> list[Tensor]:
        whole = self.shape[dim]
        if isinstance(sizes, int):
            sizes = [min(sizes, whole - start) for start in range(0, whole, sizes)]
        if builtins.sum(sizes) != whole:
            raise ValueError(f"{whole} split into {sizes}")
        before, after = self.shape[:dim], self.shape[dim:][1:]
        return [Tensor(*before, size, *after) for size in sizes]

    def __add__(self, other: Any) -> Tensor:
        if not isinstance(other, Tensor):
            return self
        if self.sizes is None or other.sizes is None:
            return unknown()
        longer, shorter = sorted((self.sizes, other.sizes), key=len, reverse=True)
        padded = (1,) * (len(longer) - len(shorter)) + shorter
        if any(a != b and 1 not in (a, b) for a, b in zip(longer, padded)):
            raise ValueError(f"{self.sizes} and {other.sizes} don't go together")
        return Tensor([b if a == 1 else a for a, b in zip(longer, padded)])

    __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = __add__

    def __neg__(self) -> Tensor:
        return self


_SAME = frozenset("""
    abs clamp clone contiguous cos erf exp log neg pow relu sigmoid sign sin softmax sqrt square tanh
    """.split())


def unknown() -> Tensor:
    """A tensor whose shape isn't followed."""
    tensor = Tensor()
    tensor.sizes = None
    return tensor


def cat(tensors: Any, dim: int = 0) -> Tensor:
    """What `torch.cat` makes."""
    parts = [tensor.sizes for tensor in tensors]
    if None in parts:
        return unknown()
    rest = {sizes[:dim] + sizes[dim:][1:] for sizes in parts}
    if len(rest) > 1:
        raise ValueError(f"{parts} don't go together in a concatenation")
    return Tensor(*parts[0][:dim], sum(sizes[dim] for sizes in parts), *parts[0][dim:][1:])


def of_data(data: Any, **_: Any) -> Tensor:
    """What `torch.tensor` makes."""
    sizes = []
    while isinstance(data, (list, tuple)):
        sizes.append(len(data))
        data = data[0] if data else None
    return Tensor(*sizes)


class Parameter(Tensor):
    def __init__(self, data: Tensor) -> None:
        self.sizes = data.sizes


class Module:
    """What `nn.Module` does with what is assigned to it: parameters, buffers and modules are held
    by name, in order."""

    held: dict[str, Any]
    training = True
    played: Any = None  # what stands for a call, in place of `forward`

    def __init__(self) -> None:
        self.__dict__["held"] = {}

    def __call__(self, *inputs: Any) -> Any:
        if self.played is not None:
            return self.played(*inputs)
        return self.forward(*inputs)

    def forward(self, *inputs: Any) -> Any:
        return unknown()

    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(value, (Parameter, Module)) or name in self.held:
            self.held[name] = value
        self.__dict__[name] = value

    def register_buffer(self, name: str, tensor: Tensor, persistent: bool = True) -> None:
        if persistent:
            self.held[name] = tensor
        self.__dict__[name] = tensor

    def register_parameter(self, name: str, tensor: Tensor | None) -> None:
        setattr(self, name, tensor)

    def hold(self, **shapes: Sizes) -> None:
        for name, shape in shapes.items():
            setattr(self, name, Parameter(Tensor(shape)))

    def modules(self) -> Iterator[Module]:
        return (module for _, module in self.named_modules())

    def named_modules(self, prefix: str = "") -> Iterator[tuple[str, Module]]:
        yield prefix, self
        for name, value in self.held.items():
            if isinstance(value, Module):
                yield from value.named_modules(f"{prefix}.{name}" if prefix else name)


class Stateless(Module):
    def __init__(self, *_: Any, **__: Any) -> None:
        super().__init__()


class Sequential(Module):
    def __init__(self, *modules: Any) -> None:
        super().__init__()
        if len(modules) == 1 and isinstance(modules[0], dict):
            self.held.update(modules[0])
        else:
            self.extend(modules)

    def append(self, module: Module) -> Sequential:
        self.held[str(len(self.held))] = module
        return self

    def extend(self, modules: Any) -> Sequential:
        for module in modules:
            self.append(module)
        return self

    def forward(self, x: Any) -> Any:
        for module in self:
            x = module(x)
        return x

    def __iter__(self) -> Iterator[Any]:
        return iter(self.held.values())

    def __len__(self) -> int:
        return len(self.held)

    def __getitem__(self, index: Any) -> Any:
        return list(self.held.values())[index]


class ModuleList(Sequential):
    def __init__(self, modules: Any = ()) -> None:
        super().__init__(*modules)


class ModuleDict(Module):
    def __init__(self, modules: Any = ()) -> None:
        super().__init__()
        self.held.update(modules)

    def __setitem__(self, key: str, module: Module) -> None:
        self.held[key] = module

    def __getitem__(self, key: str) -> Any:
        return self.held[key]

    def __contains__(self, key: str) -> bool:
        return key in self.held

    def __len__(self) -> int:
        return len(self.held)

    def __iter__(self) -> Iterator[str]:
        return iter(self.held)

    def keys(self) -> Any:
        return self.held.keys()

    def values(self) -> Any:
        return self.held.values()

    def items(self) -> Any:
        return self.held.items()


def _pair(value: Any) -> tuple[Any, Any]:
    return value if isinstance(value, tuple) else (value, value)


class _Conv(Module):
    """Convolutions; a transposed one has its input's channels first."""

    bias: Any
    transposed = False

    def _fill(self, inputs: int, outputs: int, kernel: Any, groups: int, bias: bool) -> None:
        if inputs % groups or outputs % groups:
            raise ValueError(f"{groups} groups of {inputs} and {outputs} channels")
        first, second = (inputs, outputs) if self.transposed else (outputs, inputs)
        self.hold(weight=(first, second // groups, *_pair(kernel)))
        self.bias = Parameter(Tensor(outputs)) if bias else None


class Conv2d(_Conv):
    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        dilation: Any = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
    ) -> None:
        super().__init__()
        self.kernel_size = _pair(kernel_size)
        self.in_channels, self.groups = in_channels, groups
        self._fill(in_channels, out_channels, kernel_size, groups, bias)


class ConvTranspose2d(_Conv):
    transposed = True

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        output_padding: Any = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Any = 1,
    ) -> None:
        super().__init__()
        self._fill(in_channels, out_channels, kernel_size, groups, bias)


class Linear(Module):
    def __init__(self, in_features: int, out_features: int, bias: bool = True) -> None:
        super().__init__()
        self.hold(weight=(out_features, in_features))
        self.bias = Parameter(Tensor(out_features)) if bias else None


class BatchNorm2d(Module):
    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
    ) -> None:
        super().__init__()
        if affine:
            self.hold(weight=(num_features,), bias=(num_features,))
        if track_running_stats:
            self.register_buffer("running_mean", Tensor(num_features))
            self.register_buffer("running_var", Tensor(num_features))
            self.register_buffer("num_batches_tracked", Tensor())


class InstanceNorm2d(BatchNorm2d):
    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float = 0.1,
        affine: bool = False,
        track_running_stats: bool = False,
    ) -> None:
        super().__init__(num_features, eps, momentum, affine, track_running_stats)


class LayerNorm(Module):
    def __init__(
        self,
        normalized_shape: Any,
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
    ) -> None:
        super().__init__()
        shape = normalized_shape
        if elementwise_affine:
            shape = tuple(shape) if isinstance(shape, (tuple, list)) else (shape,)
            self.hold(weight=shape, **({"bias": shape} if bias else {}))


class GroupNorm(Module):
    def __init__(
        self, num_groups: int, num_channels: int, eps: float = 1e-5, affine: bool = True
    ) -> None:
        super().__init__()
        if num_channels % num_groups:
            raise ValueError(f"{num_groups} groups of {num_channels} channels")
        if affine:
            self.hold(weight=(num_channels,), bias=(num_channels,))


class PReLU(Module):
    def __init__(self, num_parameters: int = 1, init: float = 0.25) -> None:
        super().__init__()
        self.hold(weight=(num_parameters,))


_STATEFUL = {
    each.__name__: each
    for each in (
        *(Module, Sequential, ModuleList, ModuleDict, Parameter, Conv2d, ConvTranspose2d, Linear),
        *(BatchNorm2d, InstanceNorm2d, LayerNorm, GroupNorm, PReLU),
    )
} | {"BatchNorm1d": BatchNorm2d}


class Anything:
    """What a constructor uses but keeps nothing of: the schemes of `nn.init`, say."""

    def __getattr__(self, name: str) -> Anything:
        return self

    def __call__(self, *_: Any, **__: Any) -> Any:
        return self


def _function(name: str) -> Any:
    """`torch.name(x, ...)` as `x.name(...)`."""

    def called(x: Any = None, *rest: Any, **named: Any) -> Any:
        return getattr(x, name)(*rest, **named) if isinstance(x, Tensor) else unknown()

    return called


class _Library(ModuleType):
    """A module of torch's that has what is asked of it."""

    def __init__(self, name: str, has: dict[str, Any]) -> None:
        super().__init__(name)
        self.__dict__.update(has)

    def __getattr__(self, name: str) -> Any:
        made: Any = _function(name)
        if name[0].isupper():
            made = type(name, (Stateless,), {})
        setattr(self, name, made)
        return made


def names() -> dict[str, Any]:
    """The names that a module may use without saying whence; imports give stand-ins."""
    anything = Anything()
    nn = _Library("nn", {**_STATEFUL, "init": anything, "functional": _Library("F", {})})
    creators = {
        "zeros": lambda *sizes, **_: Tensor(*sizes),
        "full": lambda sizes, *_, **__: Tensor(sizes),
        "eye": lambda n, m=None, **_: Tensor(n, n if m is None else m),
        "linspace": lambda start, end, steps, **_: Tensor(steps),
        "tensor": of_data,
        "cat": cat,
    }
    creators |= dict.fromkeys(("ones", "empty", "rand"), creators["zeros"])
    torch = _Library("torch", {"Tensor": Tensor, "nn": nn, **creators})
    layers = _Library("externs", {})

    def imported(name: str, *rest: Any) -> Any:
        if name.split(".")[0] == "torch":
            return torch
        return __import__(name, *rest) if name in guard.STANDARD else layers

    allowed = {name: getattr(builtins, name) for name in guard.BUILTINS}
    return allowed | {"__build_class__": builtins.__build_class__, "__import__": imported}

"""Stand-ins for torch's layers, which only know what they would hold, and for torch itself.

`rehearse.py` builds and runs a generated module with them.
"""

from __future__ import annotations

import builtins
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from archdsl.emit import guard
from archdsl.emit.traced import Anything, Sizes, Tensor, cat, plain


def of_data(data: Any, **_: Any) -> Tensor:
    """What `torch.tensor` makes."""
    sizes = []
    while isinstance(data, (list, tuple)):
        sizes.append(len(data))
        data = data[0] if data else None
    return Tensor(*sizes)


class Parameter(Tensor):
    def __init__(self, data: Tensor) -> None:
        self._sizes = data.sizes

    @staticmethod
    def of(sizes: Sizes) -> Parameter:
        parameter = Parameter.__new__(Parameter)
        parameter._sizes = sizes
        return parameter


class Role:
    """What a rehearsal knows of a module: what its constructor was given, and what it holds by name;
    its path; the calls that are due, and what is done for a call in place of `forward`."""

    __slots__ = ("due", "given", "held", "named", "path", "play")

    def __init__(self, given: tuple[Any, ...], named: dict[str, Any]) -> None:
        self.given = given
        self.named = named
        self.held: dict[str, Any] = {}
        self.path = ""
        self.due: list[Any] = []
        self.play: Any = None


class Module:
    """What `nn.Module` does with what is assigned to it: parameters, buffers and modules are held
    by name, in order."""

    training = True
    _role: Role  # no label begins with an underscore

    def __new__(cls, *given: Any, **named: Any) -> Module:
        module = super().__new__(cls)
        module.__dict__["_role"] = Role(given, named)
        return module

    def __init__(self) -> None:
        """Nothing is held yet."""

    def __call__(self, *inputs: Any) -> Any:
        if self._role.play is not None:
            return self._role.play(self._role, inputs)
        return self.forward(*inputs)

    def forward(self, *inputs: Any) -> Any:
        return unknown("forward", *inputs)

    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(value, (Parameter, Module)) or name in self._role.held:
            self._role.held[name] = value
        self.__dict__[name] = value

    def register_buffer(self, name: str, tensor: Tensor, persistent: bool = True) -> None:
        if persistent:
            self._role.held[name] = tensor
        self.__dict__[name] = tensor

    def register_parameter(self, name: str, tensor: Tensor | None) -> None:
        setattr(self, name, tensor)

    def hold(self, **shapes: Sizes) -> None:
        for name, shape in shapes.items():
            self._role.held[name] = self.__dict__[name] = Parameter.of(shape)

    def modules(self) -> Iterator[Module]:
        return (module for _, module in self.named_modules())

    def named_modules(self) -> Iterator[tuple[str, Module]]:
        found: list[tuple[str, Module]] = []
        self._gather("", found)
        return iter(found)

    def _gather(self, path: str, found: list[tuple[str, Module]]) -> None:
        found.append((path, self))
        for name, value in self._role.held.items():
            if isinstance(value, Module):
                value._gather(f"{path}.{name}" if path else name, found)


def role_of(module: Module) -> Role:
    return module._role


class Stateless(Module):
    def __init__(self, *_: Any, **__: Any) -> None:
        super().__init__()


class Sequential(Module):
    def __init__(self, *modules: Any) -> None:
        super().__init__()
        if len(modules) == 1 and isinstance(modules[0], dict):
            self._role.held.update(modules[0])
        else:
            self.extend(modules)

    def append(self, module: Module) -> Sequential:
        self._role.held[str(len(self._role.held))] = module
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
        return iter(self._role.held.values())

    def __len__(self) -> int:
        return len(self._role.held)

    def __getitem__(self, index: Any) -> Any:
        return list(self._role.held.values())[index]


class ModuleList(Sequential):
    def __init__(self, modules: Any = ()) -> None:
        super().__init__(*modules)


class ModuleDict(Module):
    def __init__(self, modules: Any = ()) -> None:
        super().__init__()
        self._role.held.update(modules)

    def __setitem__(self, key: str, module: Module) -> None:
        self._role.held[key] = module

    def __getitem__(self, key: str) -> Any:
        return self._role.held[key]

    def __contains__(self, key: str) -> bool:
        return key in self._role.held

    def __len__(self) -> int:
        return len(self._role.held)

    def __iter__(self) -> Iterator[str]:
        return iter(self._role.held)

    def keys(self) -> Any:
        return self._role.held.keys()

    def values(self) -> Any:
        return self._role.held.values()

    def items(self) -> Any:
        return self._role.held.items()


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
        self.out_channels = outputs
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


class BatchNorm1d(BatchNorm2d):
    pass


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
        *(BatchNorm1d, BatchNorm2d, InstanceNorm2d, LayerNorm, GroupNorm, PReLU),
    )
}


def unknown(*how: Any) -> Tensor:
    """A tensor whose shape isn't followed."""
    tensor = Tensor()
    tensor._sizes, tensor.mark = None, hash(plain(how))
    return tensor


def _function(name: str) -> Any:
    """`torch.name(x, ...)` as `x.name(...)`."""

    def called(x: Any = None, *rest: Any, **named: Any) -> Any:
        if isinstance(x, Tensor):
            return getattr(x, name)(*rest, **named)
        return unknown(name, x, rest, sorted(named), [named[key] for key in sorted(named)])

    return called


class _Library(ModuleType):
    """A module of torch's that has what is asked of it."""

    def __init__(self, name: str, has: dict[str, Any]) -> None:
        super().__init__(name)
        self.__dict__.update(has)

    def __getattr__(self, name: str) -> Any:
        made: Any = type(name, (Stateless,), {}) if self._makes_layer(name) else _function(name)
        setattr(self, name, made)
        return made

    def _makes_layer(self, name: str) -> bool:
        return name[0].isupper()


class _Layers(_Library):
    """Where externs are: layers, whatever they are called."""

    def _makes_layer(self, name: str) -> bool:
        return True


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
    layers = _Layers("externs", {})

    def imported(name: str, *rest: Any) -> Any:
        wanted = rest[2] if len(rest) > 2 else ()
        if name == "torch" or (name.startswith("torch.") and not wanted):
            return torch
        return __import__(name, *rest) if name in guard.STANDARD else layers

    allowed = {name: getattr(builtins, name) for name in guard.BUILTINS}
    return allowed | {"__build_class__": builtins.__build_class__, "__import__": imported}

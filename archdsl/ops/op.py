"""What an entry of the op table holds.

All that the compiler knows of an op stands in its entry: doc, parameters, shape, costs,
receptive field, and how PyTorch writes it. Everything else asks.

Shapes are tuples without the batch: (channels, height, width), or (features,) after `flatten`.
Rules are written with `+ - * //` so that they run on ints and on the emitter's symbols alike;
a rule that must compare first asks `known(...)`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from archdsl.node import Node

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

Shape = tuple["Any", ...]
Args = Mapping[str, "Any"]


class _Required:
    def __repr__(self) -> str:
        return "REQUIRED"


class _Same:
    """The value `same`: the padding that keeps the size at stride 1."""

    def __repr__(self) -> str:
        return "same"


REQUIRED = _Required()
SAME = _Same()


class Size(tuple["Any", "Any"]):
    """A height and a width. Equal sides are written as one number in PyTorch."""

    __slots__ = ()

    def __new__(cls, height: Any, width: Any) -> Size:
        return super().__new__(cls, (height, width))

    def __repr__(self) -> str:
        return f"{self[0]}x{self[1]}"


def pair(value: Any) -> tuple[Any, Any]:
    """Both sides of an int, symbol or size."""
    return (value[0], value[1]) if isinstance(value, Size) else (value, value)


def known(*values: Any) -> bool:
    """Whether all are plain numbers (or sizes of such): false for the emitter's symbols."""
    for value in values:
        if type(value) is int or isinstance(value, (int, float)):
            continue
        if not isinstance(value, Size) or not known(*value):
            return False
    return True


class OpError(Exception):
    """What a rule raises: the finding without its place, which the caller knows.

    `parameter` names the argument at fault, if one is; `help` says what would be right.
    """

    def __init__(
        self, code: str, message: str, parameter: str | None = None, help: str | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.parameter = parameter
        self.help = help


class OpParam(Node):
    """A parameter of an op.

    `type` is one of: int, float, bool, str, size (int or HxW), pad (int, HxW, a list
    [left, right, top, bottom], or `same`), ints (list of ints), number, value (a tensor that
    flows in beside the stream). `none` is allowed where `optional`.
    `minimum` and `maximum` are inclusive, `below` is not; for size and pad they hold on each side.
    `remedy` is the help where a number is out of range. Further types: factor (a
    number or HxW). A string is one of `choices`, if there are any.
    `fixed`: what of it has to be known for the module to be written: its "value" (an axis), or the
    "length" of a list.
    """

    name: str
    type: str
    default: Any = REQUIRED
    doc: str
    minimum: float | None = None
    maximum: float | None = None
    below: float | None = None
    remedy: str | None = None
    optional: bool = False
    choices: tuple[str, ...] = ()
    fixed: str = ""


class Argument(Node):
    """One argument of the PyTorch call; left out where it equals torch's `default`."""

    name: str | None
    value: Any
    default: Any = REQUIRED


class Torch(Node):
    """How PyTorch writes an op.

    `module`: the class ("nn.Conv2d"), or the name of a helper class whose source is `helper`.
    `arguments(args, shape)` gives the constructor's arguments from the op's bound arguments and
    the input's shape; both may hold symbols.
    `expression(x, args)` gives the function form for use in `forward`, from texts; None where
    only the module will do. `imports` are lines that the expression or helper needs.
    `takes` are the names of value parameters that the module's call gets after the stream.
    `select` gives the form for particular arguments and input, where it isn't always the same:
    ask `form(op, args, shape)`, never the fields of `op.torch`, to write an op.
    """

    module: str | None = None
    helper: str | None = None
    arguments: Callable[[Args, Shape], tuple[Argument, ...]] | None = None
    expression: Callable[[str, Mapping[str, str]], str] | None = None
    imports: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()
    select: Callable[[Args, Shape], Torch] | None = None


def no_params(args: Args, x: Shape) -> int:
    return 0


def no_state(args: Args, x: Shape) -> dict[str, Shape]:
    return {}


def no_macs(args: Args, x: Shape, out: Shape) -> int:
    return 0


def never(args: Args, x: Shape) -> bool:
    return False


def same_shape(args: Args, x: Shape) -> Shape:
    return x


class Window(Node):
    """A local op's reach: extent (dilation included) and stride, each (height, width).
    Strides are Fractions below 1 for ops that enlarge."""

    extent: tuple[Any, Any] = (1, 1)
    stride: tuple[Any, Any] = (1, 1)


LOCAL = Window()


class Op(Node):
    """One entry of the table.

    `stem` is the kind that unlabelled steps are named after. `rank` is 3 for ops on maps, 1 for
    ops on vectors, None for either. `weighted` ops count towards depth. `window(args)` is None
    for ops that see the whole map (global pooling, flatten): those leave the receptive field as
    it is and have no stride.
    In `args` every parameter is bound; lists are tuples, and a `value` parameter is bound to the
    shape of the value that flows in. `inplace` activations take torch's `inplace` argument.
    `saves_output`: the backward pass, of the in-place form at least, needs the output, so that
    nothing may change it in place.
    `pointwise` ops need no batch: they count axes from the end, or not at all, so that they work
    on a block's own tensors, too.
    `centres` says whether a constant that is added to each channel before the op doesn't show.
    `stateful` ops hold parameters, buffers or a random state: two uses are two modules.
    `params` may depend on the input's shape, `macs` also on the output's; neither includes the
    batch, and multiply-adds leave out biases. `state` tells what the module adds to a
    `state_dict`: its keys, and their shapes.
    """

    name: str
    stem: str
    doc: str
    category: str
    parameters: tuple[OpParam, ...] = ()
    shape: Callable[[Args, Shape], Shape] = same_shape
    params: Callable[[Args, Shape], int] = no_params
    state: Callable[[Args, Shape], dict[str, Shape]] = no_state
    macs: Callable[[Args, Shape, Shape], int] = no_macs
    window: Callable[[Args], Window | None] = lambda args: LOCAL
    torch: Torch
    rank: int | None = 3
    weighted: bool = False
    norm: bool = False
    centres: Callable[[Args, Shape], bool] = never
    activation: bool = False
    saves_output: bool = False
    pointwise: bool = False
    stateful: bool = False
    inplace: bool = False
    aliases: tuple[str, ...] = ()


def form(op: Op, args: Args, x: Shape) -> Torch:
    """How PyTorch writes `op` with these arguments on this input; both may hold symbols."""
    return op.torch.select(args, x) if op.torch.select is not None else op.torch

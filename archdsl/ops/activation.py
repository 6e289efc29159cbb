"""Activations: what stands between the layers, value by value."""

from __future__ import annotations

from collections.abc import Callable

from archdsl.ops.op import Args, Argument, Op, OpError, OpParam, Shape, Torch, known
from archdsl.ops.rules import axis_of, optional, positional

CATEGORY = "activations"


def _plain(
    name: str,
    module: str,
    doc: str,
    *,
    parameters: tuple[OpParam, ...] = (),
    keys: tuple[str, ...] = (),
    inplace: bool = False,
    saves_output: bool = False,
    stateful: bool = False,
    aliases: tuple[str, ...] = (),
) -> Op:
    """An activation whose parameters are torch's, under the names `keys`."""

    def arguments(args: Args, x: Shape) -> tuple[Argument, ...]:
        return tuple(
            optional(key, args[parameter.name], parameter.default)
            for key, parameter in zip(keys, parameters)
        )

    return Op(
        name=name,
        stem=name,
        doc=doc,
        category=CATEGORY,
        parameters=parameters,
        torch=Torch(module=f"nn.{module}", arguments=arguments),
        rank=None,
        activation=True,
        inplace=inplace,
        saves_output=saves_output,
        pointwise=True,
        stateful=stateful,
        aliases=aliases,
    )


def _number(name: str, default: float, doc: str, minimum: float | None = None) -> OpParam:
    return OpParam(name=name, type="number", default=default, doc=doc, minimum=minimum)


ALPHA = _number("alpha", 1.0, "how far negative values go down")


def _along(name: str, module: str, doc: str, shape: Callable[[Args, Shape], Shape]) -> Op:
    """An activation along an axis: its outputs depend on each other."""

    def arguments(args: Args, x: Shape) -> tuple[Argument, ...]:
        axis = axis_of(name, args["axis"], len(x), "axis") + 1
        return (Argument(name="dim", value=axis, default=-1 if name == "glu" else None),)

    return Op(
        name=name,
        stem=name,
        doc=doc,
        category=CATEGORY,
        parameters=(
            OpParam(
                name="axis",
                type="int",
                default=0,
                doc="axis, the batch not counted: 0 is the channels",
                fixed="value",
            ),
        ),
        shape=shape,
        torch=Torch(module=f"nn.{module}", arguments=arguments),
        rank=None,
        activation=True,
        saves_output=name != "glu",
    )


def _keep(name: str) -> Callable[[Args, Shape], Shape]:
    def shape(args: Args, x: Shape) -> Shape:
        axis_of(name, args["axis"], len(x), "axis")
        return x

    return shape


def _half(args: Args, x: Shape) -> Shape:
    axis = axis_of("glu", args["axis"], len(x), "axis")
    if known(x[axis]) and x[axis] % 2:
        raise OpError(
            "E238",
            f"`glu` halves its axis, and {x[axis]} is odd",
            "axis" if len(x) > 1 else None,
            f"make it {x[axis] - 1} or {x[axis] + 1} wide",
        )
    return (*x[:axis], x[axis] // 2, *x[axis + 1 :])


def _prelu_arguments(args: Args, x: Shape) -> tuple[Argument, ...]:
    slopes = positional(x[0]) if args["per_channel"] else ()
    return (*slopes, optional("init", args["init"], 0.25))


def _hardtanh_shape(args: Args, x: Shape) -> Shape:
    low, high = args["low"], args["high"]
    if known(low, high) and low >= high:
        raise OpError(
            "E381",
            f"`hardtanh` needs low < high, and they are {low} and {high}",
            "low",
        )
    return x


MAXOUT = '''\
class Maxout(nn.Module):
    """The largest of each `pieces` neighbouring channels."""

    def __init__(self, pieces: int) -> None:
        super().__init__()
        self.pieces = pieces

    def forward(self, x: Tensor) -> Tensor:
        return torch.unflatten(x, 1, (-1, self.pieces)).amax(2)
'''


def _maxout_shape(args: Args, x: Shape) -> Shape:
    pieces = args["pieces"]
    if known(x[0], pieces) and x[0] % pieces:
        raise OpError(
            "E238",
            f"`maxout` takes the largest of each {pieces} channels, and {x[0]} don't divide so",
            "pieces",
            f"make it {x[0] // pieces * pieces or pieces} or {(x[0] // pieces + 1) * pieces} wide",
        )
    return (x[0] // pieces, *x[1:])


OPS = (
    _plain(
        "relu",
        "ReLU",
        "max(0, x) (Nair and Hinton, 2010).",
        inplace=True,
        saves_output=True,
    ),
    _plain(
        "relu6",
        "ReLU6",
        "ReLU that ends at 6 (Krizhevsky, 2010), common in mobile networks.",
        inplace=True,
    ),
    _plain(
        "leaky_relu",
        "LeakyReLU",
        "ReLU with a small fixed slope below zero (Maas et al., 2013).",
        parameters=(_number("slope", 0.01, "slope below zero"),),
        keys=("negative_slope",),
        inplace=True,
        saves_output=True,
    ),
    Op(
        name="prelu",
        stem="prelu",
        doc="ReLU with a learned slope below zero (He et al., 2015), for each channel or one for "
        "all.",
        category=CATEGORY,
        parameters=(
            OpParam(
                name="per_channel",
                type="bool",
                default=True,
                doc="a slope for each channel",
                fixed="value",
            ),
            _number("init", 0.25, "slope at the start"),
        ),
        params=lambda args, x: x[0] if args["per_channel"] else 1,
        state=lambda args, x: {"weight": (x[0] if args["per_channel"] else 1,)},
        torch=Torch(module="nn.PReLU", arguments=_prelu_arguments),
        rank=None,
        activation=True,
        stateful=True,
    ),
    _plain(
        "rrelu",
        "RReLU",
        "ReLU with a random slope below zero while training, its mean in evaluation (Xu et al., "
        "2015).",
        parameters=(
            _number("lower", 1 / 8, "least slope"),
            _number("upper", 1 / 3, "largest slope"),
        ),
        keys=("lower", "upper"),
        inplace=True,
        saves_output=True,
        stateful=True,
    ),
    _plain(
        "elu",
        "ELU",
        "x above zero, alpha * (exp(x) - 1) below (Clevert et al., 2015).",
        parameters=(ALPHA,),
        keys=("alpha",),
        inplace=True,
        saves_output=True,
    ),
    _plain(
        "selu",
        "SELU",
        "ELU scaled so that activations keep mean 0 and variance 1 (Klambauer et al., 2017).",
        inplace=True,
        saves_output=True,
    ),
    _plain(
        "celu",
        "CELU",
        "ELU made continuously differentiable (Barron, 2017).",
        parameters=(_number("alpha", 1.0, "how far negative values go down"),),
        keys=("alpha",),
        inplace=True,
        saves_output=True,
    ),
    Op(
        name="gelu",
        stem="gelu",
        doc="x times the normal distribution function of x (Hendrycks and Gimpel, 2016).",
        category=CATEGORY,
        parameters=(
            OpParam(
                name="approximate",
                type="str",
                default="none",
                doc="exact, or by tanh",
                choices=("none", "tanh"),
            ),
        ),
        torch=Torch(
            module="nn.GELU",
            arguments=lambda args, x: (optional("approximate", args["approximate"], "none"),),
        ),
        rank=None,
        pointwise=True,
        activation=True,
    ),
    _plain(
        "silu",
        "SiLU",
        "x * sigmoid(x), also known as Swish (Elfwing et al., 2017; Ramachandran et al., 2017).",
        inplace=True,
        aliases=("swish",),
    ),
    _plain("mish", "Mish", "x * tanh(softplus(x)) (Misra, 2019).", inplace=True),
    _plain(
        "hardswish",
        "Hardswish",
        "x * relu6(x + 3) / 6 (Howard et al., 2019).",
        inplace=True,
    ),
    _plain(
        "sigmoid",
        "Sigmoid",
        "1 / (1 + exp(-x)).",
        saves_output=True,
    ),
    _plain(
        "hardsigmoid",
        "Hardsigmoid",
        "relu6(x + 3) / 6: the sigmoid in straight lines (Howard et al., 2019).",
        inplace=True,
    ),
    _plain(
        "log_sigmoid",
        "LogSigmoid",
        "The logarithm of the sigmoid.",
    ),
    _plain(
        "tanh",
        "Tanh",
        "The hyperbolic tangent.",
        saves_output=True,
    ),
    Op(
        name="hardtanh",
        stem="hardtanh",
        doc="x, held between two bounds.",
        category=CATEGORY,
        parameters=(_number("low", -1.0, "lower bound"), _number("high", 1.0, "upper bound")),
        shape=_hardtanh_shape,
        torch=Torch(
            module="nn.Hardtanh",
            arguments=lambda args, x: (
                optional("min_val", args["low"], -1.0),
                optional("max_val", args["high"], 1.0),
            ),
        ),
        rank=None,
        pointwise=True,
        activation=True,
        inplace=True,
    ),
    _plain(
        "softplus",
        "Softplus",
        "log(1 + exp(beta * x)) / beta, a smooth ReLU (Dugas et al., 2001).",
        parameters=(
            _number("beta", 1.0, "sharpness"),
            _number("threshold", 20.0, "where it goes over to x, for the sake of the digits"),
        ),
        keys=("beta", "threshold"),
    ),
    _plain(
        "softsign",
        "Softsign",
        "x / (1 + |x|) (Bergstra et al., 2009).",
    ),
    _along(
        "softmax",
        "Softmax",
        "exp(x), scaled to sum 1 along an axis.",
        _keep("softmax"),
    ),
    _along(
        "log_softmax",
        "LogSoftmax",
        "The logarithm of `softmax`.",
        _keep("log_softmax"),
    ),
    _along(
        "glu",
        "GLU",
        "The first half of an axis, gated by the sigmoid of the second (Dauphin et al., 2017).",
        _half,
    ),
    Op(
        name="maxout",
        stem="maxout",
        doc="The largest of each `pieces` neighbouring channels (Goodfellow et al., 2013).",
        category=CATEGORY,
        parameters=(OpParam(name="pieces", type="int", doc="channels that become one", minimum=1),),
        shape=_maxout_shape,
        torch=Torch(
            module="Maxout",
            helper=MAXOUT,
            arguments=lambda args, x: positional(args["pieces"]),
            imports=("import torch", "from torch import Tensor, nn"),
        ),
        rank=None,
        activation=True,
        saves_output=True,
    ),
)

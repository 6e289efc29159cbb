"""Constants, learned factors, and matrix products."""

from __future__ import annotations

from archdsl.ops.op import Args, Op, OpError, OpParam, Shape, Torch, known
from archdsl.ops.rules import (
    as_map,
    atom,
    describe,
    optional,
    positional,
    product,
    show,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    pass

CATEGORY = "arithmetic"
TENSOR = "from torch import Tensor, nn"
TORCH = "import torch"

SCALE = '''\
class Scale(nn.Module):
    """Multiplies by a constant."""

    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, x: Tensor) -> Tensor:
        return x * self.factor
'''

SHIFT = '''\
class Shift(nn.Module):
    """Adds a constant."""

    def __init__(self, amount: float) -> None:
        super().__init__()
        self.amount = amount

    def forward(self, x: Tensor) -> Tensor:
        return x + self.amount
'''

LAYER_SCALE = '''\
class LayerScale(nn.Module):
    """A learned factor for each channel."""

    def __init__(self, channels: int, init: float = 1e-6) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.full((channels,), init))

    def forward(self, x: Tensor) -> Tensor:
        return x * self.gamma.view(-1, 1, 1)
'''


def _nothing(args: Args) -> None:
    return None


# matrix product


def _matmul_shape(args: Args, x: Shape) -> Shape:
    k = args["k"]
    if len(x) < 2 or len(k) < 2:
        which, shape = ("k", k) if len(x) > 1 else (None, x)
        raise OpError(
            "E230",
            f"`matmul` multiplies matrices, but {describe(shape)} is one of them",
            which,
            "`reshape` makes a matrix of it",
        )
    if known(x[-1], k[-2]) and x[-1] != k[-2]:
        fits = known(x[-1], k[-1]) and x[-1] == k[-1]
        raise OpError(
            "E248",
            f"`matmul` needs as many columns before as rows after: {show(tuple(x))} times "
            f"{show(tuple(k))} has {x[-1]} and {k[-2]}",
            "k",
            f"transpose `k`: `transpose({len(k) - 2}, {len(k) - 1})`" if fits else None,
        )
    if len(x) != len(k):
        raise OpError(
            "E248",
            f"`matmul` needs as many axes on both sides: {show(tuple(x))} and {show(tuple(k))}",
            "k",
            "`reshape` brings them to the same number",
        )
    return (*_broadcast(x[:-2], k[:-2]), x[-2], k[-1])


def _broadcast(a: Shape, b: Shape) -> Shape:
    out = []
    for one, other in zip(a, b):
        if known(one, other) and one != other and 1 not in (one, other):
            raise OpError("E248", f"`matmul` cannot pair {one} matrices with {other}", "k")
        wide = known(other) and other != 1 and not known(one)
        out.append(other if wide or (known(one) and one == 1) else one)
    return tuple(out)


OPS = (
    Op(
        name="identity",
        stem="identity",
        doc="The value as it is: a place for nothing.",
        category=CATEGORY,
        torch=Torch(
            module="nn.Identity",
            arguments=lambda args, x: (),
            expression=lambda x, args: x,
        ),
        rank=None,
        pointwise=True,
    ),
    Op(
        name="scale",
        stem="scale",
        doc="Multiplication by a constant.",
        category=CATEGORY,
        parameters=(OpParam(name="factor", type="number", doc="the constant"),),
        torch=Torch(
            module="Scale",
            helper=SCALE,
            arguments=lambda args, x: positional(args["factor"]),
            expression=lambda x, args: f"{atom(x)} * {_number(args['factor'])}",
            imports=(TENSOR,),
        ),
        rank=None,
        pointwise=True,
    ),
    Op(
        name="shift",
        stem="shift",
        doc="Addition of a constant.",
        category=CATEGORY,
        parameters=(OpParam(name="amount", type="number", doc="the constant"),),
        torch=Torch(
            module="Shift",
            helper=SHIFT,
            arguments=lambda args, x: positional(args["amount"]),
            expression=lambda x, args: f"{atom(x)} + {_number(args['amount'])}",
            imports=(TENSOR,),
        ),
        rank=None,
        pointwise=True,
    ),
    Op(
        name="layer_scale",
        stem="layer_scale",
        doc="A learned factor for each channel, small at first, at the end of a residual branch "
        "(Touvron et al., 2021).",
        category=CATEGORY,
        parameters=(
            OpParam(name="init", type="float", default=1e-6, doc="the factors at the start"),
        ),
        shape=lambda args, x: as_map("layer_scale", x),
        params=lambda args, x: x[0],
        state=lambda args, x: {"gamma": (x[0],)},
        torch=Torch(
            module="LayerScale",
            helper=LAYER_SCALE,
            arguments=lambda args, x: (
                *positional(x[0]),
                optional("init", args["init"], 1e-6),
            ),
            imports=(TORCH, TENSOR),
        ),
        stateful=True,
    ),
    Op(
        name="matmul",
        stem="matmul",
        doc="Matrix product of the stream's last two axes with those of another value; the rest "
        "is paired (non-local networks, Wang et al., 2018).",
        category=CATEGORY,
        parameters=(OpParam(name="k", type="value", doc="the right factor"),),
        shape=_matmul_shape,
        macs=lambda args, x, out: product(out) * x[-1],
        window=_nothing,
        torch=Torch(
            expression=lambda x, args: f"torch.matmul({x}, {args['k']})",
            imports=(TORCH,),
        ),
        rank=None,
        pointwise=True,
    ),
)


def _number(text: str) -> str:
    """A factor or summand as it stands in an expression: numbers bare, the rest bracketed."""
    try:
        float(text)
    except ValueError:
        return atom(text)
    return text

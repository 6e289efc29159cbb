"""Functions of each value, and of two values in the same place."""

from __future__ import annotations

from archdsl.ops.op import Args, Op, OpError, OpParam, Shape, Torch, known
from archdsl.ops.rules import atom, axis_of, broadcast, optional, positional

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

CATEGORY = "arithmetic"
TENSOR = "from torch import Tensor, nn"
TORCH = "import torch"
FUNCTIONAL = "import torch.nn.functional as F"

UNARY = '''\
class {class_name}(nn.Module):
    """{doc}"""

    def forward(self, x: Tensor) -> Tensor:
        return x.{function}()
'''

POWER = '''\
class Power(nn.Module):
    """Raises to a constant power."""

    def __init__(self, exponent: float) -> None:
        super().__init__()
        self.exponent = exponent

    def forward(self, x: Tensor) -> Tensor:
        return x.pow(self.exponent)
'''

CLAMP = '''\
class Clamp(nn.Module):
    """Holds values between two bounds, either of which may be left out."""

    def __init__(self, low: float | None = None, high: float | None = None) -> None:
        super().__init__()
        self.low = low
        self.high = high

    def forward(self, x: Tensor) -> Tensor:
        return x.clamp(min=self.low, max=self.high)
'''


def _unary(function: str, doc: str, *, spoken: str | None = None, saves_output: bool = False) -> Op:
    """A function of one value that torch knows by the same name; `spoken` tells the class's
    reader what it does, where the doc says more than that."""
    class_name = function.capitalize()
    return Op(
        name=function,
        stem=function,
        doc=doc,
        category=CATEGORY,
        torch=Torch(
            module=class_name,
            helper=UNARY.format(class_name=class_name, doc=spoken or doc, function=function),
            arguments=lambda args, x: (),
            expression=lambda x, args: f"{atom(x)}.{function}()",
            imports=(TENSOR,),
        ),
        rank=None,
        pointwise=True,
        saves_output=saves_output,
    )


def _binary(function: str, doc: str) -> Op:
    """A function of two values in the same place."""
    return Op(
        name=function,
        stem=function,
        doc=doc,
        category=CATEGORY,
        parameters=(OpParam(name="k", type="value", doc="the other value"),),
        shape=lambda args, x: broadcast(function, x, args["k"]),
        torch=Torch(
            expression=lambda x, args: f"torch.{function}({x}, {args['k']})",
            imports=(TORCH,),
        ),
        rank=None,
        pointwise=True,
    )


def _clamp_shape(args: Args, x: Shape) -> Shape:
    low, high = args["low"], args["high"]
    if low is None and high is None:
        raise OpError(
            "E247", "`clamp` needs `low` or `high`, or both", "low", "`clamp(0, 6)` is `relu6`"
        )
    if low is not None and high is not None and known(low, high) and low >= high:
        raise OpError("E381", f"`clamp` needs low < high, and they are {low} and {high}", "low")
    return x


def _clamp_text(x: str, args: Any) -> str:
    bounds = (("min", args["low"]), ("max", args["high"]))
    given = ", ".join(f"{name}={value}" for name, value in bounds if value != "None")
    return f"{atom(x)}.clamp({given})"


def _cosine_shape(args: Args, x: Shape) -> Shape:
    axis = axis_of("cosine_similarity", args["axis"], len(x), "axis")
    out = broadcast("cosine_similarity", x, args["k"])
    return (*out[:axis], 1, *out[axis + 1 :])


def _cosine_text(x: str, args: Any) -> str:
    axis = int(args["axis"])
    dim = axis + 1 if axis >= 0 else axis
    eps = "" if float(args["eps"]) == 1e-8 else f", eps={args['eps']}"
    along = "" if dim == 1 else f", dim={dim}"
    return f"F.cosine_similarity({x}, {args['k']}{along}{eps}).unsqueeze({dim})"


def _bound(name: str, doc: str) -> OpParam:
    return OpParam(name=name, type="number", default=None, doc=doc, optional=True)


OPS = (
    _unary("abs", "The absolute value."),
    _unary("sign", "-1, 0 or 1, as the value is below, at or above zero; no gradient passes."),
    _unary("exp", "e to the power of the value.", saves_output=True),
    _unary("log", "The natural logarithm; of what isn't above zero, there is none."),
    _unary(
        "sqrt",
        "The square root; its gradient has no bound at zero: `shift(1e-5)` before it keeps off.",
        spoken="The square root.",
        saves_output=True,
    ),
    Op(
        name="pow",
        stem="pow",
        doc="The value to a constant power: `pow(-0.5)` is one over the square root.",
        category=CATEGORY,
        parameters=(OpParam(name="exponent", type="number", doc="the constant"),),
        torch=Torch(
            module="Power",
            helper=POWER,
            arguments=lambda args, x: positional(args["exponent"]),
            expression=lambda x, args: f"{atom(x)}.pow({args['exponent']})",
            imports=(TENSOR,),
        ),
        rank=None,
        pointwise=True,
    ),
    Op(
        name="clamp",
        stem="clamp",
        doc="The value, held between two bounds; either may be left out.",
        category=CATEGORY,
        parameters=(_bound("low", "lower bound"), _bound("high", "upper bound")),
        shape=_clamp_shape,
        torch=Torch(
            module="Clamp",
            helper=CLAMP,
            arguments=lambda args, x: (
                optional("low", args["low"], None),
                optional("high", args["high"], None),
            ),
            expression=_clamp_text,
            imports=(TENSOR,),
        ),
        rank=None,
        pointwise=True,
        aliases=("clip",),
    ),
    _binary(
        "maximum",
        "The larger of two values, place by place (FReLU, Ma et al., 2020; the thresholded linear "
        "unit of filter response normalisation, Singh and Krishnan, 2019).",
    ),
    _binary("minimum", "The smaller of two values, place by place."),
    Op(
        name="cosine_similarity",
        stem="cosine_similarity",
        doc="The cosine of the angle between two values along an axis, which stays, with size 1 "
        "(networks that compare two images).",
        category=CATEGORY,
        parameters=(
            OpParam(name="k", type="value", doc="the other value"),
            OpParam(
                name="axis",
                type="int",
                default=0,
                doc="axis, the batch not counted: 0 is the channels",
                fixed="value",
            ),
            OpParam(
                name="eps",
                type="float",
                default=1e-8,
                doc="least product of the lengths, below 1",
                minimum=0,
                below=1,
            ),
        ),
        shape=_cosine_shape,
        torch=Torch(expression=_cosine_text, imports=(FUNCTIONAL,)),
        rank=None,
    ),
)

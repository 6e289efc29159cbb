"""Normalisation."""

from __future__ import annotations

from archdsl.node import replace
from archdsl.ops.op import Args, Argument, Op, OpError, OpParam, Shape, Torch, known
from archdsl.ops.rules import (
    as_map,
    axis_of,
    check_groups,
    describe,
    needed,
    optional,
    positional,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

LAYER_NORM_2D = '''\
class LayerNorm2d(nn.LayerNorm):
    """Layer norm over the channels of each pixel."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
'''

NORMALIZE = '''\
class Normalize(nn.Module):
    """Scales to length 1 along `dim`."""

    def __init__(self, p: float = 2.0, dim: int = 1, eps: float = 1e-12) -> None:
        super().__init__()
        self.p = p
        self.dim = dim
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        return F.normalize(x, p=self.p, dim=self.dim, eps=self.eps)
'''

TENSOR = "from torch import Tensor, nn"
FUNCTIONAL = "import torch.nn.functional as F"

EPS = OpParam(
    name="eps", type="float", default=1e-5, doc="added to the variance, below 1", minimum=0, below=1
)
MOMENTUM = OpParam(
    name="momentum",
    type="float",
    default=0.1,
    doc="weight of the newest batch in the running statistics; none: the plain average",
    minimum=0,
    maximum=1,
    optional=True,
)
AFFINE = OpParam(
    name="affine", type="bool", default=True, doc="a learned scale and shift for each channel"
)


def _eps(op: str) -> OpParam:
    """The eps of a norm whose first argument it is: who writes channels there is told so."""
    remedy = f"channels are never written: `{op}`"
    return replace(EPS, remedy=remedy)  # type: ignore[no-any-return]


def _affine(args: Args, x: Shape) -> Any:
    return 2 * x[0] if args["affine"] else 0


def _scaled(args: Args, channels: Any) -> dict[str, Shape]:
    return {"weight": (channels,), "bias": (channels,)} if args["affine"] else {}


def _batch_state(args: Args, x: Shape) -> dict[str, Shape]:
    state = _scaled(args, x[0])
    if args["track"]:
        state |= {"running_mean": (x[0],), "running_var": (x[0],), "num_batches_tracked": ()}
    return state


def _batch_form(args: Args, x: Shape) -> Torch:
    return BATCH_2D if len(x) == 3 else BATCH_1D


def _batch_shape(args: Args, x: Shape) -> Shape:
    return x if len(x) <= 2 else as_map("bn", x)


def _batch_arguments(args: Args, x: Shape) -> tuple[Argument, ...]:
    return (
        *positional(x[0]),
        optional("eps", args["eps"], 1e-5),
        optional("momentum", args["momentum"], 0.1),
        optional("affine", args["affine"], True),
        optional("track_running_stats", args["track"], True),
    )


BATCH_2D = Torch(module="nn.BatchNorm2d", arguments=_batch_arguments)
BATCH_1D = Torch(module="nn.BatchNorm1d", arguments=_batch_arguments)


def _instance_shape(args: Args, x: Shape) -> Shape:
    channels, height, width = as_map("instance_norm", x)
    if known(height, width) and height * width == 1:
        raise OpError(
            "E246",
            "`instance_norm` has a single pixel a channel to take its statistics from",
            help="use `bn` or `layer_norm` here",
        )
    return channels, height, width


def _instance_arguments(args: Args, x: Shape) -> tuple[Argument, ...]:
    return (
        *positional(x[0]),
        optional("eps", args["eps"], 1e-5),
        optional("momentum", args["momentum"], 0.1),
        optional("affine", args["affine"], False),
        optional("track_running_stats", args["track"], False),
    )


def _group_shape(args: Args, x: Shape) -> Shape:
    check_groups("group_norm", args["groups"], x[0], x[0])
    return x


def _on_last(args: Args, x: Shape) -> bool:
    return len(x) == 1 or bool(args["last"])


def _layer_shape(args: Args, x: Shape) -> Shape:
    if len(x) == 3 or _on_last(args, x):
        return x
    raise OpError(
        "E230",
        f"`layer_norm` normalises the channels of maps and vectors, but {describe(x)} arrives",
        help="`last=true` normalises the last axis",
    )


def _layer_params(args: Args, x: Shape) -> Any:
    return (2 if args["affine"] else 0) * (x[-1] if _on_last(args, x) else x[0])


def _layer_state(args: Args, x: Shape) -> dict[str, Shape]:
    return _scaled(args, x[-1] if _on_last(args, x) else x[0])


def _layer_arguments(args: Args, x: Shape) -> tuple[Argument, ...]:
    return (
        *positional(x[-1] if _on_last(args, x) else x[0]),
        optional("eps", args["eps"], 1e-5),
        optional("elementwise_affine", args["affine"], True),
    )


LAYER = Torch(module="nn.LayerNorm", arguments=_layer_arguments)
LAYER_2D = Torch(
    module="LayerNorm2d", helper=LAYER_NORM_2D, arguments=_layer_arguments, imports=(TENSOR,)
)


def _normalize_shape(args: Args, x: Shape) -> Shape:
    axis_of("normalize", args["axis"], len(x), "axis")
    return x


def _normalize_arguments(args: Args, x: Shape) -> tuple[Argument, ...]:
    return (
        optional("p", args["p"], 2.0),
        optional("dim", axis_of("normalize", args["axis"], len(x), "axis") + 1, 1),
        optional("eps", args["eps"], 1e-12),
    )


OPS = (
    Op(
        name="bn",
        stem="bn",
        doc="Batch normalisation (Ioffe and Szegedy, 2015): each channel by the mean and variance "
        "of its batch, by running ones in evaluation.",
        category="normalisation",
        parameters=(
            _eps("bn"),
            MOMENTUM,
            AFFINE,
            OpParam(name="track", type="bool", default=True, doc="keep running statistics"),
        ),
        shape=_batch_shape,
        params=_affine,
        state=_batch_state,
        torch=Torch(module="nn.BatchNorm2d", arguments=_batch_arguments, select=_batch_form),
        rank=None,
        norm=True,
        centres=lambda args, x: True,
        stateful=True,
        aliases=("batch_norm",),
    ),
    Op(
        name="layer_norm",
        stem="layer_norm",
        doc="Layer normalisation (Ba et al., 2016): on a map over the channels of each pixel, on "
        "a vector over all of it.",
        category="normalisation",
        parameters=(
            _eps("layer_norm"),
            AFFINE,
            OpParam(
                name="last",
                type="bool",
                default=False,
                doc="normalise the last axis, for maps whose channels stand last",
                fixed="value",
            ),
        ),
        shape=_layer_shape,
        params=_layer_params,
        state=_layer_state,
        torch=Torch(
            module="LayerNorm2d",
            helper=LAYER_NORM_2D,
            arguments=_layer_arguments,
            imports=(TENSOR,),
            select=lambda args, x: LAYER if _on_last(args, x) else LAYER_2D,
        ),
        rank=None,
        norm=True,
        stateful=True,
    ),
    Op(
        name="group_norm",
        stem="group_norm",
        doc="Group normalisation (Wu and He, 2018): statistics over groups of channels of one "
        "image.",
        category="normalisation",
        parameters=(
            OpParam(name="groups", type="int", doc="number of groups", minimum=1),
            EPS,
            AFFINE,
        ),
        shape=_group_shape,
        params=_affine,
        state=lambda args, x: _scaled(args, x[0]),
        torch=Torch(
            module="nn.GroupNorm",
            arguments=lambda args, x: (
                *positional(args["groups"], x[0]),
                optional("eps", args["eps"], 1e-5),
                optional("affine", args["affine"], True),
            ),
        ),
        rank=None,
        norm=True,
        centres=lambda args, x: bool(args["groups"] == x[0]),
        stateful=True,
    ),
    Op(
        name="instance_norm",
        stem="instance_norm",
        doc="Instance normalisation (Ulyanov et al., 2016): each channel of each image by itself; "
        "as in torch without learned scale unless `affine=true`.",
        category="normalisation",
        parameters=(
            _eps("instance_norm"),
            MOMENTUM,
            OpParam(name="affine", type="bool", default=False, doc=AFFINE.doc),
            OpParam(name="track", type="bool", default=False, doc="keep running statistics"),
        ),
        shape=_instance_shape,
        params=_affine,
        state=_batch_state,
        torch=Torch(module="nn.InstanceNorm2d", arguments=_instance_arguments),
        norm=True,
        centres=lambda args, x: True,
        stateful=True,
    ),
    Op(
        name="lrn",
        stem="lrn",
        doc="Local response normalisation across neighbouring channels (Krizhevsky et al., 2012). "
        "As in torch and Caffe `alpha` is divided by `size`; the paper's formula doesn't, and has "
        "k = 2.",
        category="normalisation",
        parameters=(
            OpParam(name="size", type="int", doc="channels that count", minimum=1),
            OpParam(name="alpha", type="float", default=1e-4, doc="weight of the sum of squares"),
            OpParam(name="beta", type="float", default=0.75, doc="exponent"),
            OpParam(name="k", type="float", default=1.0, doc="constant"),
        ),
        shape=lambda args, x: as_map("lrn", x),
        torch=Torch(
            module="nn.LocalResponseNorm",
            arguments=lambda args, x: (
                needed("size", args["size"]),
                optional("alpha", args["alpha"], 1e-4),
                optional("beta", args["beta"], 0.75),
                optional("k", args["k"], 1.0),
            ),
        ),
        aliases=("local_response_norm",),
    ),
    Op(
        name="normalize",
        stem="normalize",
        doc="Scales to unit length along an axis, the channels by default (ParseNet, Liu et al., "
        "2015).",
        category="normalisation",
        parameters=(
            OpParam(name="p", type="number", default=2.0, doc="which norm", minimum=0),
            OpParam(
                name="axis",
                type="int",
                default=0,
                doc="axis; the batch isn't counted",
                fixed="value",
            ),
            OpParam(
                name="eps",
                type="float",
                default=1e-12,
                doc="least length, below 1",
                minimum=0,
                below=1,
            ),
        ),
        shape=_normalize_shape,
        torch=Torch(
            module="Normalize",
            helper=NORMALIZE,
            arguments=_normalize_arguments,
            imports=(FUNCTIONAL, TENSOR),
        ),
        rank=None,
    ),
)

"""The grid: for each op, inputs and candidate values, good and bad; their products are the cases."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from typing import Any

from archdsl.ops.op import REQUIRED, SAME, Args, Op, Shape, Size
from archdsl.ops.table import lookup

MOST = 160

MAP: list[Shape] = [(8, 9, 12), (6, 1, 1), (12, 7, 7), (1, 2, 5)]
VECTOR: list[Shape] = [(12,), (1,)]
ANY: list[Shape] = [*MAP[:2], *VECTOR, (4, 6)]

KERNELS = [1, 2, 3, Size(1, 5), Size(5, 2), 8]
STRIDES = [1, 2, Size(2, 1), 3]
CONV_PADS = [SAME, 0, 1, Size(2, 0), (1, 1, 1, 1), (0, 2, 1, 0), (2, 2, 0, 0)]
POOL_PADS = [0, 1, Size(0, 1), 2]
MODES = ["nearest", "nearest-exact", "bilinear", "bicubic", "area"]
AXES = [0, 1, 2, -1, 3]
REDUCED: dict[str, list[Any]] = {
    "axes": [(0,), (1, 2), (-1,), (0, 0), ()],
    "keep": [True, False],
}
SECOND = [(8, 9, 12), (8, 1, 1), (6, 1, 1), (12,), (1,), (4, 6), (4, 1)]

GRID: dict[str, tuple[list[Shape], dict[str, list[Any]]]] = {
    "conv": (
        MAP,
        {
            "width": [1, 6, 16],
            "kernel": KERNELS,
            "stride": STRIDES,
            "pad": CONV_PADS,
            "dilation": [1, 2, Size(1, 3)],
            "groups": [1, 2, 3],
            "bias": [True, False],
            "pad_mode": ["zeros", "zeros", "reflect", "replicate", "circular"],
        },
    ),
    "depthwise": (
        MAP,
        {
            "kernel": KERNELS,
            "stride": STRIDES,
            "pad": CONV_PADS,
            "dilation": [1, 2],
            "multiplier": [1, 2, 3],
            "bias": [True, False],
        },
    ),
    "conv_transpose": (
        MAP,
        {
            "width": [1, 6, 16],
            "kernel": KERNELS,
            "stride": STRIDES,
            "pad": [0, 1, Size(1, 0), 3],
            "output_pad": [0, 1, Size(0, 1), 2],
            "dilation": [1, 2],
            "groups": [1, 2, 3],
            "bias": [True, False],
        },
    ),
    "std_conv": (
        MAP,
        {
            "width": [1, 6],
            "kernel": KERNELS,
            "stride": STRIDES,
            "pad": [SAME, 0, 1, (0, 1, 0, 1)],
            "dilation": [1, 2],
            "groups": [1, 2],
            "bias": [True, False],
            "eps": [1e-6, 1e-5],
        },
    ),
    "blurpool": (
        MAP,
        {
            "size": [1, 2, 3, 4, 5],
            "stride": [1, 2, 3],
            "mode": ["reflect", "zeros", "replicate", "circular"],
        },
    ),
    "linear": (ANY, {"width": [1, 10], "bias": [True, False], "last": [False, True]}),
    "maxpool": (
        MAP,
        {
            "kernel": KERNELS,
            "stride": [None, *STRIDES],
            "pad": POOL_PADS,
            "ceil": [False, True],
            "dilation": [1, 2],
        },
    ),
    "avgpool": (
        MAP,
        {
            "kernel": KERNELS,
            "stride": [None, *STRIDES, 5],
            "pad": POOL_PADS,
            "ceil": [False, True],
            "count_include_pad": [True, False],
        },
    ),
    "lp_pool": (
        MAP,
        {
            "p": [1, 2, 3.5],
            "kernel": KERNELS,
            "stride": [None, *STRIDES],
            "ceil": [False, True],
        },
    ),
    "adaptive_avgpool": (MAP, {"size": [1, 4, Size(2, 3)]}),
    "adaptive_maxpool": (MAP, {"size": [1, 4, Size(2, 3)]}),
    "global_avgpool": (MAP + VECTOR, {}),
    "global_maxpool": (MAP + VECTOR, {}),
    "bn": (
        ANY,
        {
            "eps": [1e-5, 1e-3],
            "momentum": [0.1, 0.01, None],
            "affine": [True, False],
            "track": [True, False],
        },
    ),
    "layer_norm": (
        ANY,
        {"eps": [1e-5, 1e-6], "affine": [True, False], "last": [False, True]},
    ),
    "group_norm": (ANY, {"groups": [1, 2, 3, 4], "eps": [1e-5, 1e-3], "affine": [True, False]}),
    "instance_norm": (
        MAP,
        {"eps": [1e-5, 1e-3], "affine": [True, False], "track": [True, False]},
    ),
    "lrn": (MAP, {"size": [1, 5], "alpha": [1e-4, 1e-3], "beta": [0.75], "k": [1.0, 2]}),
    "normalize": (ANY, {"p": [2.0, 1], "axis": AXES, "eps": [1e-12, 1e-6]}),
    "leaky_relu": (ANY, {"slope": [0.01, 0.2]}),
    "prelu": (ANY, {"per_channel": [True, False], "init": [0.25, 0.1]}),
    "rrelu": (ANY, {"lower": [1 / 8, 0.1], "upper": [1 / 3, 0.4]}),
    "elu": (ANY, {"alpha": [1.0, 0.5]}),
    "celu": (ANY, {"alpha": [1.0, 0.5]}),
    "gelu": (ANY, {"approximate": ["none", "tanh"]}),
    "hardtanh": (ANY, {"low": [-1.0, 0, 7], "high": [1.0, 6]}),
    "softplus": (ANY, {"beta": [1.0, 2], "threshold": [20.0, 10]}),
    "softmax": (ANY, {"axis": AXES}),
    "log_softmax": (ANY, {"axis": AXES}),
    "glu": (ANY, {"axis": AXES}),
    "maxout": (ANY, {"pieces": [1, 2, 4, 5]}),
    "dropout": (ANY, {"p": [0.5, 0.2]}),
    "dropout2d": (MAP, {"p": [0.5, 0.2]}),
    "alpha_dropout": (ANY, {"p": [0.5, 0.2]}),
    "stochastic_depth": (ANY, {"p": [0.1, 0.0, 1], "mode": ["row", "batch"]}),
    "flatten": (ANY, {"start": [0, 1, 2, -1]}),
    "unflatten": (ANY, {"shape": [(3, 2, 2), (12, 1, 1), (-1, 2), (5, -1), (2, 2)]}),
    "reshape": (ANY, {"shape": [(12,), (-1,), (3, -1), (2, 2, 216), (4, -1, 3), (-1, -1)]}),
    "permute": (ANY, {"order": [(1, 2, 0), (0, 2, 1), (0,), (1, 0), (0, 0, 1)]}),
    "transpose": (ANY, {"a": [0, 1, -1], "b": [0, 2, -2]}),
    "select": (ANY, {"channels": [(0,), (3, 1, 0), (5, 5), (0, 11), ()]}),
    "slice": (ANY, {"start": [0, 1, 4], "stop": [None, 1, 4, 6, 20]}),
    "shuffle": (MAP + VECTOR, {"groups": [1, 2, 3, 4]}),
    "pixel_shuffle": (MAP, {"factor": [1, 2, 3]}),
    "pixel_unshuffle": (MAP, {"factor": [1, 3, 7]}),
    "pad_channels": (MAP, {"width": [1, 8, 12, 20]}),
    "pad": (
        MAP,
        {
            "amount": [0, 1, Size(2, 1), (0, 1, 2, 3), 8],
            "mode": ["zeros", "reflect", "replicate", "circular"],
            "value": [0, 1.5],
        },
    ),
    "crop": (MAP, {"size": [None, 1, 4, Size(7, 5)], "like": [None, (3, 6, 7)]}),
    "upsample": (
        MAP,
        {
            "factor": [2, 3, Size(2, 1), 0.5, 1.5, 0.25],
            "mode": MODES,
            "align_corners": [False, True],
        },
    ),
    "resize": (
        MAP,
        {
            "size": [None, 4, Size(14, 9)],
            "like": [None, (3, 6, 7), (5,)],
            "mode": MODES,
            "align_corners": [False, True],
        },
    ),
    "scale": (ANY, {"factor": [2, 2 / 3, -1.5]}),
    "shift": (ANY, {"amount": [1, -0.5]}),
    "layer_scale": (MAP, {"init": [1e-6, 1.0]}),
    "matmul": (
        [(4, 6), (1, 4, 6), (3, 4, 6), (6,)],
        {"k": [(6, 5), (4, 6), (1, 6, 2), (3, 6, 2), (2, 6, 2), (7,)]},
    ),
    "pow": (ANY, {"exponent": [2, -0.5]}),
    "clamp": (ANY, {"low": [None, -1, 0.5], "high": [None, 0, 1.5]}),
    "maximum": (ANY, {"k": SECOND}),
    "minimum": (ANY, {"k": SECOND}),
    "cosine_similarity": (ANY, {"k": SECOND, "axis": AXES, "eps": [1e-8, 1e-6]}),
    "reduce_mean": (ANY, REDUCED),
    "reduce_sum": (ANY, REDUCED),
    "reduce_max": (ANY, REDUCED),
    "reduce_min": (ANY, REDUCED),
    "reduce_var": (ANY, {**REDUCED, "unbiased": [True, False]}),
    "reduce_norm": (ANY, {**REDUCED, "p": [2.0, 1, 3.5]}),
}


def cases(name: str) -> Iterator[tuple[Args, Shape]]:
    """All combinations for an op, or a fixed sample of them where there are too many."""
    op = lookup(name)
    assert op is not None
    shapes, candidates = GRID.get(name, (ANY, {}))
    axes = [candidates.get(parameter.name, [parameter.default]) for parameter in op.parameters]
    assert not any(REQUIRED in values for values in axes), f"no candidates for all of {name}"
    combinations = list(itertools.product(shapes, *axes))
    if len(combinations) > MOST:
        combinations = random.Random(name).sample(combinations, MOST)
    for shape, *values in combinations:
        yield dict(zip((parameter.name for parameter in op.parameters), values)), shape


def complete(op: Op, **given: Any) -> dict[str, Any]:
    """Arguments with the defaults filled in."""
    args = {p.name: p.default for p in op.parameters if p.default is not REQUIRED}
    if args.get("bias", False) is None:
        args["bias"] = True
    return {**args, **given}

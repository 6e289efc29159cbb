"""What ops are called elsewhere: in PyTorch, Keras and papers."""

from __future__ import annotations

from archdsl.expr import Number

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from archdsl.expr import Argument

_NAMES = {
    "adaptiveavgpool": "adaptive_avgpool",
    "add": "sum",
    "averagepooling": "avgpool",
    "avgpooling": "avgpool",
    "batchnormalization": "bn",
    "cat": "concat",
    "concatenate": "concat",
    "convolution": "conv",
    "conv1x1": "conv",
    "conv3x3": "conv",
    "convtranspose": "conv_transpose",
    "deconv": "conv_transpose",
    "dense": "linear",
    "depthtospace": "pixel_shuffle",
    "fc": "linear",
    "fullyconnected": "linear",
    "gap": "global_avgpool",
    "globalaveragepooling": "global_avgpool",
    "globalavgpooling": "global_avgpool",
    "groupnormalization": "group_norm",
    "interpolate": "resize",
    "layernormalization": "layer_norm",
    "maxpooling": "maxpool",
    "multiply": "mul",
    "noop": "identity",
    "pass": "identity",
    "shortcut": "residual",
    "spacetodepth": "pixel_unshuffle",
    "swish": "silu",
    "view": "reshape",
}

# What is no op here, and how it is written.
WRITTEN = {
    "sequential": "steps go one after the other by `->`; `name: { ... }` is an `nn.Sequential`",
    "sequence": "a `sequence` is defined at file level; `name: { ... }` is an `nn.Sequential`",
    "modulelist": "members of a family are one: `layers[i]: ...` in a loop",
    "skip": "it stands behind the `}` of a `residual`: `residual { ... } skip identity`",
    "attention": "it is made of `linear`, `matmul` and `softmax`; `NonLocal` in the guide is one",
    "selfattention": "it is made of `linear`, `matmul` and `softmax`; `NonLocal` in the guide is one",
}


# What arguments of ops are called elsewhere, and here; `None` is what is never written.
_ARGUMENTS: dict[str, str | None] = {
    "ceil_mode": "ceil",
    "dilation_rate": "dilation",
    "drop_prob": "p",
    "epsilon": "eps",
    "filters": "width",
    "in_channels": None,
    "in_features": None,
    "keepdim": "keep",
    "kernel_size": "kernel",
    "max_val": "high",
    "min_val": "low",
    "negative_slope": "slope",
    "norm_type": "p",
    "normalized_shape": None,
    "num_channels": None,
    "num_features": None,
    "num_groups": "groups",
    "out_channels": "width",
    "out_features": "width",
    "output_padding": "output_pad",
    "output_size": "size",
    "padding": "pad",
    "padding_mode": "pad_mode",
    "pool_size": "kernel",
    "rate": "p",
    "scale_factor": "factor",
    "strides": "stride",
    "track_running_stats": "track",
    "units": "width",
    "upscale_factor": "factor",
    "use_bias": "bias",
}
# Those that count the batch, which nothing here does.
_AXES = {"dim": "axis", "start_dim": "start"}


def arguments_here(
    arguments: Sequence[Argument], parameters: Sequence[str]
) -> tuple[str, ...] | None:
    """A call's arguments in the words of an op with these parameters; None where one has none."""
    texts = []
    for argument in arguments:
        name, text = argument.name, argument.value.span.text
        if name is None or name in parameters:
            texts.append(argument.span.text)
        elif _AXES.get(name) in parameters:
            if not isinstance(argument.value, Number) or argument.value.value < 1:
                return None
            texts.append(f"{_AXES[name]}={int(argument.value.value) - 1}")
        elif name in _ARGUMENTS and _ARGUMENTS[name] is None:
            continue
        elif _ARGUMENTS.get(name) in parameters:
            texts.append(f"{_ARGUMENTS[name]}={text}")
        else:
            return None
    return tuple(texts)


def op_of(name: str, ops: frozenset[str] | set[str]) -> str | None:
    """The op that is called `name` elsewhere; spelling, `2d` and underscores don't count."""
    plain = _plain(name)
    if plain in _NAMES:
        return _NAMES[plain]
    return next((op for op in sorted(ops) if _plain(op) == plain), None)


def _plain(name: str) -> str:
    return name.lower().replace("_", "").removesuffix("2d")

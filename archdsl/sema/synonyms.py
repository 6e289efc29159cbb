"""What ops are called elsewhere: in PyTorch, Keras and papers."""

from __future__ import annotations

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
    "sequential": "sequence",
    "shortcut": "residual",
    "swish": "silu",
    "view": "reshape",
}


def op_of(name: str, ops: frozenset[str] | set[str]) -> str | None:
    """The op that is called `name` elsewhere; spelling, `2d` and underscores don't count."""
    plain = _plain(name)
    if plain in _NAMES:
        return _NAMES[plain]
    return next((op for op in sorted(ops) if _plain(op) == plain), None)


def _plain(name: str) -> str:
    return name.lower().replace("_", "").removesuffix("2d")

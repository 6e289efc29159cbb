"""ZFNet."""

from __future__ import annotations

from counterpart import Counterpart
from torch import nn

# pytorchcv counts convolutions by stage and unit.
PYTORCHCV = (
    (r"features\.stage1\.unit1\.conv\.(.*)", r"conv1.\1"),
    (r"features\.stage2\.unit1\.conv\.(.*)", r"conv2.\1"),
    (r"features\.stage3\.unit1\.conv\.(.*)", r"conv3.\1"),
    (r"features\.stage3\.unit2\.conv\.(.*)", r"conv4.\1"),
    (r"features\.stage3\.unit3\.conv\.(.*)", r"conv5.\1"),
    (r"output\.fc1\.fc\.(.*)", r"fc6.\1"),
    (r"output\.fc2\.fc\.(.*)", r"fc7.\1"),
    (r"output\.fc3\.(.*)", r"fc8.\1"),
)


def normalised_after_pools(theirs: nn.Module) -> None:
    """Moves their normalisation behind the pools, where the paper has it."""
    features: nn.Module = theirs.features  # type: ignore[assignment]
    for stage in (1, 2):
        children: nn.Module = getattr(features, f"stage{stage}")
        children.unit1.use_lrn = False  # type: ignore[union-attr]
        pool = getattr(children, f"pool{stage}")
        setattr(children, f"pool{stage}", nn.Sequential(pool, nn.LocalResponseNorm(5, k=2)))


COUNTERPARTS = tuple(
    Counterpart(
        "zfnet",
        variant,
        "pytorchcv",
        name,
        (3, 224, 224),
        keys=PYTORCHCV,
        adapt=normalised_after_pools,
        why="pytorchcv's normalises before the pools; moved behind them, as in the paper",
        slow=True,
    )
    for variant, name in (("zfnet", "zfnet"), ("zfnet_wide", "zfnetb"))
)

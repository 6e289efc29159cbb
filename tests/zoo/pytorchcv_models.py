"""What pytorchcv's models have in common: how they end."""

from __future__ import annotations

from torch import nn

WINDOW = "pools with a window of fixed size"


def pooled_whole(theirs: nn.Module) -> None:
    """Their last pool takes one size of map, and sums in another order."""
    theirs.get_submodule("features").add_module("final_pool", nn.AdaptiveAvgPool2d(1))

"""What pytorchcv's models have in common: how they number units, and how they end."""

from __future__ import annotations

from torch import nn

WINDOW = "pools with a window of fixed size"


def units(most: int, norm: str) -> tuple[tuple[str, str], ...]:
    """Patterns for the convolutions and norms of residual units, which are counted from 1 there.

    `norm` is what our norms are called.
    """
    return tuple(
        (
            rf"features\.stage(\d)\.unit{n + 1}\.body\.conv(\d)\.{theirs}\.(.*)",
            rf"layer\1.{n}.{ours}\2.\3",
        )
        for n in range(most)
        for theirs, ours in (("conv", "conv"), ("bn", norm))
    )


def pooled_whole(theirs: nn.Module) -> None:
    """Their last pool takes one size of map, and sums in another order."""
    theirs.get_submodule("features").add_module("final_pool", nn.AdaptiveAvgPool2d(1))

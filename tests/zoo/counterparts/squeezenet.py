"""SqueezeNet."""

from __future__ import annotations

from counterpart import Counterpart
from torch import nn


def padded_as_released(theirs: nn.Module) -> None:
    theirs.classifier[1].padding = (1, 1)  # type: ignore[index]


def pooled_whole(theirs: nn.Module) -> None:
    """Their pool of 13x13 takes the map that 224x224 pixels leave, and adds up in another order."""
    theirs.output.final_pool = nn.AdaptiveAvgPool2d(1)  # type: ignore[union-attr]


COUNTERPARTS = (
    Counterpart("squeezenet", "squeezenet1_0", "torchvision", "squeezenet1_0", (3, 64, 64)),
    Counterpart("squeezenet", "squeezenet1_1", "torchvision", "squeezenet1_1", (3, 64, 64)),
    Counterpart("squeezenet", "squeezenet1_0_paper", "torchvision", "squeezenet1_0", (3, 227, 227)),
    Counterpart(
        "squeezenet",
        "squeezenet1_0_release",
        "torchvision",
        "squeezenet1_0",
        (3, 64, 64),
        adapt=padded_as_released,
        why="the last convolution pads by 1, as in the authors' file for Caffe",
    ),
    Counterpart(
        "squeezenet",
        "squeezenet1_0_simple",
        "pytorchcv",
        "squeezeresnet_v1_0",
        (3, 64, 64),
        adapt=pooled_whole,
        why="pytorchcv's last pool is 13x13, and takes no other map; here it is global",
    ),
)

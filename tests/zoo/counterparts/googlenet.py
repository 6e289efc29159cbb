"""GoogLeNet. torchvision returns its side heads last one first."""

from __future__ import annotations

from counterpart import Counterpart

COUNTERPARTS = (
    Counterpart(
        "googlenet",
        "googlenet",
        "torchvision",
        "googlenet",
        (3, 64, 64),
        arguments={"init_weights": False},
        order=(0, 2, 1),
    ),
    Counterpart(
        "googlenet",
        "googlenet_noaux",
        "torchvision",
        "googlenet",
        (3, 64, 64),
        arguments={"init_weights": False, "aux_logits": False},
    ),
)

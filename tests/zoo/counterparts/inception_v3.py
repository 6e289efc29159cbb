"""Inception v3. In training, the side head takes no input smaller than the paper's."""

from __future__ import annotations

from counterpart import Counterpart

COUNTERPARTS = (
    Counterpart(
        "inception_v3",
        "inception_v3",
        "torchvision",
        "inception_v3",
        (3, 299, 299),
        arguments={"init_weights": False},
        slow=True,
    ),
    Counterpart(
        "inception_v3",
        "inception_v3_noaux",
        "torchvision",
        "inception_v3",
        (3, 80, 80),
        arguments={"init_weights": False, "aux_logits": False},
    ),
    Counterpart(
        "inception_v3",
        "inception_v3",
        "timm",
        "inception_v3",
        (3, 299, 299),
        arguments={"aux_logits": True, "drop_rate": 0.5},
        slow=True,
    ),
    Counterpart(
        "inception_v3",
        "inception_v3_noaux",
        "timm",
        "inception_v3",
        (3, 80, 80),
        arguments={"drop_rate": 0.5},
    ),
)

"""BN-Inception with a bias beside each norm, as pytorchcv's."""

from __future__ import annotations

from counterpart import Counterpart
from pytorchcv_models import WINDOW, pooled_whole

COUNTERPARTS = (
    Counterpart(
        "bn_inception",
        "bninception",
        "pytorchcv",
        "bninception",
        (3, 64, 64),
        adapt=pooled_whole,
        why=WINDOW,
    ),
)

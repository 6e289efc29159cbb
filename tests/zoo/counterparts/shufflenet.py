"""ShuffleNet."""

from __future__ import annotations

from counterpart import Counterpart
from pytorchcv_models import WINDOW, pooled_whole

COUNTERPARTS = tuple(
    Counterpart(
        "shufflenet",
        ours,
        "pytorchcv",
        theirs,
        (3, 64, 64),
        slow=slow,
        adapt=pooled_whole,
        why=WINDOW,
    )
    for ours, theirs, slow in (
        ("shufflenet_g1", "shufflenet_g1_w1", False),
        ("shufflenet_g2", "shufflenet_g2_w1", False),
        ("shufflenet_g3", "shufflenet_g3_w1", False),
        ("shufflenet_g4", "shufflenet_g4_w1", False),
        ("shufflenet_g8", "shufflenet_g8_w1", False),
        ("shufflenet_g1_x0_5", "shufflenet_g1_wd2", False),
        ("shufflenet_g3_x0_5", "shufflenet_g3_wd2", False),
    )
)

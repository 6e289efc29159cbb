"""ShuffleNet."""

from __future__ import annotations

from counterpart import Counterpart
from pytorchcv_models import WINDOW, pooled_whole

# pytorchcv counts units from 1, and stages from the first that has any.
UNITS = tuple(
    (
        rf"features\.stage{stage}\.unit{n + 1}\.(?:compress|dw|expand)_(\w+\.\w+)",
        rf"stage{stage + 1}.{n}.branch.\1",
    )
    for stage in range(1, 4)
    for n in range(8)
)
KEYS = (
    (r"features\.init_block\.(.*)", r"\1"),
    *UNITS,
    (r"output\.(.*)", r"fc.\1"),
)


COUNTERPARTS = tuple(
    Counterpart(
        "shufflenet",
        ours,
        "pytorchcv",
        theirs,
        (3, 64, 64),
        keys=KEYS,
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

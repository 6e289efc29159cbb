"""MobileNet v1."""

from __future__ import annotations

from counterpart import Counterpart
from pytorchcv_models import pooled_whole

# pytorchcv counts stages and units from 1.
PYTORCHCV = (
    (r"features\.init_block\.conv\.(.*)", r"conv_stem.\1"),
    (r"features\.init_block\.bn\.(.*)", r"bn1.\1"),
    *(
        (
            rf"features\.stage{stage}\.unit{unit}\.{layer}_conv\.{theirs}\.(.*)",
            rf"blocks.{stage - 1}.{unit - 1}.{ours}.\1",
        )
        for stage in range(1, 6)
        for unit in range(1, 7)
        for layer, theirs, ours in (
            ("dw", "conv", "conv_dw"),
            ("dw", "bn", "bn1"),
            ("pw", "conv", "conv_pw"),
            ("pw", "bn", "bn2"),
        )
    ),
    (r"output\.(.*)", r"classifier.\1"),
)


WIDTHS = {
    "100": "mobilenet_w1",
    "075": "mobilenet_w3d4",
    "050": "mobilenet_wd2",
    "025": "mobilenet_wd4",
}


COUNTERPARTS = (
    Counterpart("mobilenet", "mobilenetv1_100", "timm", "mobilenetv1_100", (3, 64, 64)),
    Counterpart("mobilenet", "mobilenetv1_125", "timm", "mobilenetv1_125", (3, 64, 64)),
    *(
        Counterpart(
            "mobilenet",
            f"mobilenet_{width}_{resolution}",
            "pytorchcv",
            name,
            (3, 64, 64),
            keys=PYTORCHCV,
            adapt=pooled_whole,
            why="pytorchcv's last pool is 7x7, and takes no other map; here it is global",
        )
        for width, name in WIDTHS.items()
        for resolution in (224, 192, 160, 128)
    ),
)

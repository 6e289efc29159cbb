"""MobileNet v1."""

from __future__ import annotations

from counterpart import Counterpart
from pytorchcv_models import pooled_whole

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
            adapt=pooled_whole,
            why="pytorchcv's last pool is 7x7, and takes no other map; here it is global",
        )
        for width, name in WIDTHS.items()
        for resolution in (224, 192, 160, 128)
    ),
)

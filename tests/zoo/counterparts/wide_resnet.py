"""Wide residual networks."""

from __future__ import annotations

from counterpart import Counterpart
from pytorchcv_models import WINDOW, pooled_whole

# pytorchcv counts units from 1, and stages from the first that has any.
UNITS = tuple(
    pattern
    for stage in range(1, 4)
    for n in range(6)
    for pattern in (
        (
            rf"features\.stage{stage}\.unit{n + 1}\.body\.conv(\d)\.(conv|bn)\.(.*)",
            rf"conv{stage + 1}.{n}.\2\1.\3",
        ),
        (
            rf"features\.stage{stage}\.unit{n + 1}\.identity_conv\.(.*)",
            rf"conv{stage + 1}.{n}.shortcut.\1",
        ),
    )
)
KEYS = (
    (r"features\.init_block\.(.*)", r"conv1.\1"),
    *UNITS,
    (r"features\.post_activ\.bn\.(.*)", r"bn.\1"),
    (r"output\.(.*)", r"fc.\1"),
)


COUNTERPARTS = (
    *(
        Counterpart("wide_resnet", name, library, name, (3, 64, 64), slow=True)
        for name in ("wide_resnet50_2", "wide_resnet101_2")
        for library in ("torchvision", "timm")
    ),
    *(
        Counterpart(
            "wide_resnet",
            name,
            "pytorchcv",
            name,
            (3, 16, 16),
            keys=KEYS,
            slow=slow,
            adapt=pooled_whole,
            why=WINDOW,
        )
        for name, slow in (
            ("wrn16_10_cifar10", False),
            ("wrn28_10_cifar10", True),
            ("wrn40_8_cifar10", True),
        )
    ),
)

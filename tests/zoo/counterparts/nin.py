"""Network in network."""

from __future__ import annotations

from counterpart import Counterpart
from torch import nn

# pytorchcv counts convolutions by stage and unit; the last one belongs to its output.
PYTORCHCV = (
    *(
        (
            rf"features\.stage{stage}\.unit{unit}\.conv\.(.*)",
            rf"mlpconv{stage}.conv{unit}.\1",
        )
        for stage in (1, 2, 3)
        for unit in (1, 2, 3)
    ),
    (r"output\.final_conv\.conv\.(.*)", r"mlpconv3.conv3.\1"),
)


def with_the_authors_pools(theirs: nn.Module) -> None:
    theirs.features.stage2.pool2 = nn.MaxPool2d(3, 2, ceil_mode=True)  # type: ignore[union-attr]
    theirs.features.stage3.pool3 = nn.MaxPool2d(3, 2, ceil_mode=True)  # type: ignore[union-attr]
    theirs.output.final_pool = nn.AdaptiveAvgPool2d(1)  # type: ignore[union-attr]


COUNTERPARTS = tuple(
    Counterpart(
        "nin",
        name,
        "pytorchcv",
        name,
        (3, 32, 32),
        keys=PYTORCHCV,
        adapt=with_the_authors_pools,
        why="pytorchcv's pools pad, and its second is an average; both changed to the authors'",
    )
    for name in ("nin_cifar10", "nin_cifar100")
)

"""VGG."""

from __future__ import annotations

from counterpart import Counterpart
from torch import nn

NAMES = tuple(f"vgg{depth}{norm}" for norm in ("", "_bn") for depth in (11, 13, 16, 19))

# A-LRN has one module more, before the first pool.
MOVED = tuple(
    (rf"features\.{place}\.(.*)", rf"features.{place + 1}.\1")
    for place in (3, 6, 8, 11, 13, 16, 18)
)


def normalised_once(theirs: nn.Module) -> None:
    features: nn.Sequential = theirs.features  # type: ignore[assignment]
    features[2] = nn.Sequential(nn.LocalResponseNorm(5, k=2), features[2])


COUNTERPARTS = (
    *(
        Counterpart(
            "vgg", name, "torchvision", name, (3, 32, 32), slow=name not in ("vgg11", "vgg13_bn")
        )
        for name in NAMES
    ),
    *(
        Counterpart(
            "vgg",
            name,
            "timm",
            name,
            (3, 32, 32),
            arguments={"drop_rate": 0.5},
            tolerance=1e-5,
            why="timm's linear layers are convolutions, which add up in another order; they train "
            "slowly, so that one of them has to do",
            slow=True,
            modes=("eval", "train") if name == "vgg11" else ("eval",),
        )
        for name in NAMES
    ),
    Counterpart(
        "vgg",
        "vgg11_lrn",
        "torchvision",
        "vgg11",
        (3, 32, 32),
        keys=(*MOVED, (r"(.*)", r"\1")),
        adapt=normalised_once,
        why="torchvision has column A without normalisation; put before the first pool",
        slow=True,
    ),
)

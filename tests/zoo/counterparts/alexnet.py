"""AlexNet."""

from __future__ import annotations

from counterpart import Counterpart

# pytorchcv counts convolutions by stage and unit.
PYTORCHCV = (
    (r"features\.stage1\.unit1\.conv\.(.*)", r"conv1.\1"),
    (r"features\.stage2\.unit1\.conv\.(.*)", r"conv2.\1"),
    (r"features\.stage3\.unit1\.conv\.(.*)", r"conv3.\1"),
    (r"features\.stage3\.unit2\.conv\.(.*)", r"conv4.\1"),
    (r"features\.stage3\.unit3\.conv\.(.*)", r"conv5.\1"),
    (r"output\.fc1\.fc\.(.*)", r"fc6.\1"),
    (r"output\.fc2\.fc\.(.*)", r"fc7.\1"),
    (r"output\.fc3\.(.*)", r"fc8.\1"),
)

COUNTERPARTS = (
    Counterpart("alexnet", "alexnet", "torchvision", "alexnet", (3, 127, 127)),
    Counterpart(
        "alexnet",
        "alexnet_paper",
        "pytorchcv",
        "alexnet",
        (3, 227, 227),
        keys=PYTORCHCV,
        why="pytorchcv's has no groups, and pads nothing: at 227x227 no window reaches our zeros",
        ours={"groups": 1},
        slow=True,
    ),
)

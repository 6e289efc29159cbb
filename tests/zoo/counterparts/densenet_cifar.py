"""DenseNet for CIFAR."""

from __future__ import annotations

from counterpart import Counterpart
from pytorchcv_models import WINDOW, pooled_whole

# Of the basic ones, which are other networks there than in the paper.
BASIC = (
    (r"features\.init_block\.(.*)", r"features.conv0.\1"),
    (
        r"features\.stage(\d)\.unit(\d+)\.conv\.bn\.(.*)",
        r"features.denseblock\1.denselayer\2.norm1.\3",
    ),
    (
        r"features\.stage(\d)\.unit(\d+)\.conv\.conv\.(.*)",
        r"features.denseblock\1.denselayer\2.conv1.\3",
    ),
    (r"features\.stage2\.trans2\.conv\.bn\.(.*)", r"features.transition1.norm.\1"),
    (r"features\.stage2\.trans2\.conv\.conv\.(.*)", r"features.transition1.conv.\1"),
    (r"features\.stage3\.trans3\.conv\.bn\.(.*)", r"features.transition2.norm.\1"),
    (r"features\.stage3\.trans3\.conv\.conv\.(.*)", r"features.transition2.conv.\1"),
    (r"features\.post_activ\.bn\.(.*)", r"features.norm5.\1"),
    (r"output\.(.*)", r"classifier.\1"),
)


COUNTERPARTS = (
    # pytorchcv compresses here, too, and begins with 2k channels. The paper does neither.
    *(
        Counterpart(
            "densenet_cifar",
            f"densenet{depth}_k{growth}",
            "pytorchcv",
            f"densenet{depth}_k{growth}_cifar10",
            (3, 16, 16),
            keys=BASIC,
            slow=True,
            ours={"theta": 0.5, "stem_width": 2 * growth},
            adapt=pooled_whole,
            why=f"{WINDOW}; compressed by 0.5, with 2k channels in the stem",
        )
        for depth, growth in ((40, 12), (100, 12), (100, 24))
    ),
    *(
        Counterpart(
            "densenet_cifar",
            f"densenet{depth}_k{growth}_bc",
            "pytorchcv",
            f"densenet{depth}_k{growth}_bc_cifar10",
            (3, 16, 16),
            slow=slow,
            adapt=pooled_whole,
            why=WINDOW,
        )
        for depth, growth, slow in ((100, 12, False), (250, 24, True), (190, 40, True))
    ),
)

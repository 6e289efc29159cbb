"""VGG (Simonyan and Zisserman, 2014), with torchvision's keys.

The networks are columns A to E of Table 1; batch norm came later. They begin as
torchvision's do: in the paper, the deeper ones begin with layers of a trained A.

Very Deep Convolutional Networks for Large-Scale Image Recognition, 2014.
https://arxiv.org/abs/1409.1556

Generated from specs/vgg.arch by archdsl; edit the spec, not this file.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn


class VGG(nn.Module):
    """Five groups of 3x3 convolutions (Table 1); `convs` says how many each has.

    `lrn` normalises after the first; `pointwise` makes the third of a group 1x1.

    Shape: (N, in_channels, 224, 224) -> (N, num_classes)
    """

    def __init__(
        self,
        convs: Sequence[int],
        norm: bool = False,
        lrn: bool = False,
        pointwise: bool = False,
        num_classes: int = 1000,
        dropout: float = 0.5,
        in_channels: int = 3,
    ) -> None:
        super().__init__()
        channels = in_channels
        features: list[nn.Module] = []
        for i, width in enumerate((64, 128, 256, 512, 512)):
            for j in range(convs[i]):
                kernel = 1 if pointwise and j == 2 else 3
                features.append(
                    nn.Conv2d(channels, width, kernel_size=kernel, padding=kernel // 2)
                )
                if norm:
                    features.append(nn.BatchNorm2d(width))
                features.append(nn.ReLU(inplace=True))
                channels = width
            if lrn and i == 0:
                features.append(nn.LocalResponseNorm(size=5, k=2))
            features.append(nn.MaxPool2d(kernel_size=2))
        self.features = nn.Sequential(*features)

        self.avgpool = nn.AdaptiveAvgPool2d(7)
        self.classifier = nn.Sequential(
            nn.Linear(channels * 7 * 7, 4096),
            nn.ReLU(inplace=True),
            nn.Dropout(dropout),
            nn.Linear(4096, 4096),
            nn.ReLU(inplace=True),
            nn.Dropout(dropout),
            nn.Linear(4096, num_classes),
        )

        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out")
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
            elif isinstance(module, nn.Linear):
                nn.init.normal_(module.weight, std=0.01)
                nn.init.zeros_(module.bias)

    def forward(self, x: Tensor) -> Tensor:
        x = self.features(x)
        x = torch.flatten(self.avgpool(x), 1)
        x = self.classifier(x)
        return x


def vgg11(**kwargs: Any) -> VGG:
    """132,863,336 parameters, 7.61 G multiply-adds at 3x224x224."""
    return VGG((1, 1, 2, 2, 2), **kwargs)


def vgg13(**kwargs: Any) -> VGG:
    """133,047,848 parameters, 11.31 G multiply-adds at 3x224x224."""
    return VGG((2, 2, 2, 2, 2), **kwargs)


def vgg16(**kwargs: Any) -> VGG:
    """138,357,544 parameters, 15.47 G multiply-adds at 3x224x224."""
    return VGG((2, 2, 3, 3, 3), **kwargs)


def vgg19(**kwargs: Any) -> VGG:
    """143,667,240 parameters, 19.63 G multiply-adds at 3x224x224."""
    return VGG((2, 2, 4, 4, 4), **kwargs)


def vgg11_bn(**kwargs: Any) -> VGG:
    """132,868,840 parameters, 7.61 G multiply-adds at 3x224x224."""
    return VGG((1, 1, 2, 2, 2), norm=True, **kwargs)


def vgg13_bn(**kwargs: Any) -> VGG:
    """133,053,736 parameters, 11.31 G multiply-adds at 3x224x224."""
    return VGG((2, 2, 2, 2, 2), norm=True, **kwargs)


def vgg16_bn(**kwargs: Any) -> VGG:
    """138,365,992 parameters, 15.47 G multiply-adds at 3x224x224."""
    return VGG((2, 2, 3, 3, 3), norm=True, **kwargs)


def vgg19_bn(**kwargs: Any) -> VGG:
    """143,678,248 parameters, 19.63 G multiply-adds at 3x224x224."""
    return VGG((2, 2, 4, 4, 4), norm=True, **kwargs)


def vgg11_lrn(**kwargs: Any) -> VGG:
    """132,863,336 parameters, 7.61 G multiply-adds at 3x224x224."""
    return VGG((1, 1, 2, 2, 2), lrn=True, **kwargs)


def vgg16_c(**kwargs: Any) -> VGG:
    """133,638,952 parameters, 11.77 G multiply-adds at 3x224x224."""
    return VGG((2, 2, 3, 3, 3), pointwise=True, **kwargs)

"""DenseNet (Huang et al., 2016), with torchvision's keys.

Densely Connected Convolutional Networks, 2016. https://arxiv.org/abs/1608.06993

Generated from specs/densenet.arch by archdsl; edit the spec, not this file.
"""

import math
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn


class DenseLayer(nn.Module):
    """BN-ReLU-conv1x1, BN-ReLU-conv3x3; the new maps are appended to the input.

    Shape: (N, in_channels, H, W) -> (N, in_channels + growth, H, W)
    """

    def __init__(
        self, in_channels: int, growth: int, bottleneck: int = 4, dropout: float = 0.0
    ) -> None:
        super().__init__()
        self.norm1 = nn.BatchNorm2d(in_channels)
        self.relu = nn.ReLU(inplace=True)
        self.conv1 = nn.Conv2d(
            in_channels, bottleneck * growth, kernel_size=1, bias=False
        )
        self.norm2 = nn.BatchNorm2d(bottleneck * growth)
        self.conv2 = nn.Conv2d(
            bottleneck * growth, growth, kernel_size=3, padding=1, bias=False
        )
        self.dropout = nn.Dropout(dropout) if dropout > 0 else None

    def forward(self, x: Tensor) -> Tensor:
        new = self.conv1(self.relu(self.norm1(x)))
        new = self.conv2(self.relu(self.norm2(new)))
        if self.dropout is not None:
            new = self.dropout(new)
        return torch.cat((x, new), dim=1)


class DenseBlock(nn.Sequential):
    """Layers that each see the maps of all before them.

    Shape: (N, in_channels, H, W) -> (N, in_channels + layers * growth, H, W)
    """

    def __init__(
        self,
        in_channels: int,
        layers: int,
        growth: int,
        bottleneck: int = 4,
        dropout: float = 0.0,
    ) -> None:
        super().__init__(
            OrderedDict(
                (
                    f"denselayer{i + 1}",
                    DenseLayer(
                        in_channels + i * growth,
                        growth,
                        bottleneck=bottleneck,
                        dropout=dropout,
                    ),
                )
                for i in range(layers)
            )
        )


class Transition(nn.Module):
    """Compress the channels, halve the map.

    Shape: (N, in_channels, H, W) -> (N, int(in_channels * theta), H // 2, W // 2)
    """

    def __init__(self, in_channels: int, theta: float = 0.5) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(in_channels)
        self.relu = nn.ReLU(inplace=True)
        self.conv = nn.Conv2d(
            in_channels, int(in_channels * theta), kernel_size=1, bias=False
        )
        self.avgpool = nn.AvgPool2d(kernel_size=2)

    def forward(self, x: Tensor) -> Tensor:
        x = self.avgpool(self.conv(self.relu(self.norm(x))))
        return x


class DenseNet(nn.Module):
    """Dense blocks with a transition between each two (Table 1).

    Shape: (N, in_channels, 224, 224) -> (N, num_classes)
    """

    def __init__(
        self,
        growth: int,
        depths: Sequence[int],
        stem_width: int,
        num_classes: int = 1000,
        dropout: float = 0.0,
        in_channels: int = 3,
    ) -> None:
        super().__init__()
        features: OrderedDict[str, nn.Module] = OrderedDict(
            conv0=nn.Conv2d(
                in_channels, stem_width, kernel_size=7, stride=2, padding=3, bias=False
            ),
            norm0=nn.BatchNorm2d(stem_width),
            relu0=nn.ReLU(inplace=True),
            pool0=nn.MaxPool2d(kernel_size=3, stride=2, padding=1),
        )
        channels = stem_width
        for i, layers in enumerate(depths):
            features[f"denseblock{i + 1}"] = DenseBlock(
                channels, layers, growth, dropout=dropout
            )
            channels += layers * growth
            if i + 1 < len(depths):
                features[f"transition{i + 1}"] = Transition(channels)
                channels = int(channels * 0.5)
        features["norm5"] = nn.BatchNorm2d(channels)
        self.features = nn.Sequential(features)

        self.relu = nn.ReLU()
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Linear(channels, num_classes)

        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight)
            elif isinstance(module, nn.Linear):
                nn.init.kaiming_uniform_(module.weight, a=math.sqrt(5))
                nn.init.zeros_(module.bias)

    def forward(self, x: Tensor) -> Tensor:
        x = self.features(x)
        x = self.classifier(torch.flatten(self.avgpool(self.relu(x)), 1))
        return x


def densenet121(**kwargs: Any) -> DenseNet:
    """7,978,856 parameters, 2.83 G multiply-adds at 3x224x224."""
    return DenseNet(32, (6, 12, 24, 16), 64, **kwargs)


def densenet161(**kwargs: Any) -> DenseNet:
    """28,681,000 parameters, 7.73 G multiply-adds at 3x224x224."""
    return DenseNet(48, (6, 12, 36, 24), 96, **kwargs)


def densenet169(**kwargs: Any) -> DenseNet:
    """14,149,480 parameters, 3.36 G multiply-adds at 3x224x224."""
    return DenseNet(32, (6, 12, 32, 32), 64, **kwargs)


def densenet201(**kwargs: Any) -> DenseNet:
    """20,013,928 parameters, 4.29 G multiply-adds at 3x224x224."""
    return DenseNet(32, (6, 12, 48, 32), 64, **kwargs)


def densenet264(**kwargs: Any) -> DenseNet:
    """33,337,704 parameters, 5.75 G multiply-adds at 3x224x224."""
    return DenseNet(32, (6, 12, 64, 48), 64, **kwargs)

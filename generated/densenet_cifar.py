"""DenseNet and DenseNet-BC for CIFAR (Huang et al., 2016).

Densely Connected Convolutional Networks, 2016. https://arxiv.org/abs/1608.06993

Generated from specs/densenet_cifar.arch by archdsl; edit the spec, not this file.
"""

import math
from collections import OrderedDict
from typing import Any

import torch
from torch import Tensor, nn


class PlainLayer(nn.Module):
    """BN-ReLU-conv3x3; the new maps are appended to the input.

    Shape: (N, in_channels, H, W) -> (N, in_channels + growth, H, W)
    """

    def __init__(self, in_channels: int, growth: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.norm1 = nn.BatchNorm2d(in_channels)
        self.relu = nn.ReLU(inplace=True)
        self.conv1 = nn.Conv2d(
            in_channels, growth, kernel_size=3, padding=1, bias=False
        )
        self.dropout = nn.Dropout(dropout) if dropout > 0 else None

    def forward(self, x: Tensor) -> Tensor:
        new = self.conv1(self.relu(self.norm1(x)))
        if self.dropout is not None:
            new = self.dropout(new)
        return torch.cat((x, new), dim=1)


class PlainBlock(nn.Sequential):
    """Layers without a bottleneck.

    Shape: (N, in_channels, H, W) -> (N, in_channels + layers * growth, H, W)
    """

    def __init__(
        self, in_channels: int, layers: int, growth: int, dropout: float = 0.0
    ) -> None:
        super().__init__(
            OrderedDict(
                (
                    f"denselayer{i + 1}",
                    PlainLayer(in_channels + i * growth, growth, dropout=dropout),
                )
                for i in range(layers)
            )
        )


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


class DenseNetCifar(nn.Module):
    """Three dense blocks of equal depth (Section 3).

    Shape: (N, in_channels, 32, 32) -> (N, num_classes)
    """

    def __init__(
        self,
        depth: int,
        growth: int,
        bottleneck: bool = False,
        theta: float = 1.0,
        stem_width: int | None = None,
        dropout: float = 0.0,
        num_classes: int = 10,
        in_channels: int = 3,
    ) -> None:
        super().__init__()
        if stem_width is None:
            stem_width = 2 * growth if bottleneck else 16
        per_layer = 2 if bottleneck else 1
        if (depth - 4) % (3 * per_layer) != 0:
            raise ValueError(f"a depth of {depth} is not 4 and three equal blocks")
        layers = (depth - 4) // (3 * per_layer)

        features: OrderedDict[str, nn.Module] = OrderedDict(
            conv0=nn.Conv2d(
                in_channels, stem_width, kernel_size=3, padding=1, bias=False
            )
        )
        channels = stem_width
        for i in range(3):
            if bottleneck:
                features[f"denseblock{i + 1}"] = DenseBlock(
                    channels, layers, growth, dropout=dropout
                )
            else:
                features[f"denseblock{i + 1}"] = PlainBlock(
                    channels, layers, growth, dropout=dropout
                )
            channels += layers * growth
            if i < 2:
                features[f"transition{i + 1}"] = Transition(channels, theta=theta)
                channels = int(channels * theta)
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


def densenet40_k12(**kwargs: Any) -> DenseNetCifar:
    """1,019,722 parameters, 265 M multiply-adds at 3x32x32."""
    return DenseNetCifar(40, 12, **kwargs)


def densenet100_k12(**kwargs: Any) -> DenseNetCifar:
    """6,979,642 parameters, 1.77 G multiply-adds at 3x32x32."""
    return DenseNetCifar(100, 12, **kwargs)


def densenet100_k24(**kwargs: Any) -> DenseNetCifar:
    """27,249,082 parameters, 6.89 G multiply-adds at 3x32x32."""
    return DenseNetCifar(100, 24, **kwargs)


def densenet100_k12_bc(**kwargs: Any) -> DenseNetCifar:
    """769,162 parameters, 288 M multiply-adds at 3x32x32."""
    return DenseNetCifar(100, 12, bottleneck=True, theta=0.5, **kwargs)


def densenet250_k24_bc(**kwargs: Any) -> DenseNetCifar:
    """15,324,406 parameters, 5.42 G multiply-adds at 3x32x32."""
    return DenseNetCifar(250, 24, bottleneck=True, theta=0.5, **kwargs)


def densenet190_k40_bc(**kwargs: Any) -> DenseNetCifar:
    """25,624,430 parameters, 9.30 G multiply-adds at 3x32x32."""
    return DenseNetCifar(190, 40, bottleneck=True, theta=0.5, **kwargs)

"""Residual networks with pre-activation (He et al., 2016).

Identity Mappings in Deep Residual Networks, 2016. https://arxiv.org/abs/1603.05027

Generated from specs/preresnet.arch by archdsl; edit the spec, not this file.
"""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn


class Projection(nn.Sequential):
    """A shortcut that changes the shape, and is not normalised.

    Shape: (N, in_channels, H, W) -> (N, width, ceil(H / stride), ceil(W / stride))
    """

    def __init__(self, in_channels: int, width: int, stride: int) -> None:
        super().__init__(
            OrderedDict(
                conv=nn.Conv2d(
                    in_channels, width, kernel_size=1, stride=stride, bias=False
                )
            )
        )


class PreBasic(nn.Module):
    """BN-ReLU-conv twice; where shapes differ, the activated input is projected.

    Shape: (N, in_channels, H, W) -> (N, width, ceil(H / stride), ceil(W / stride))
    """

    def __init__(self, in_channels: int, width: int, stride: int = 1) -> None:
        super().__init__()
        self.out_channels = width
        self.norm1 = nn.BatchNorm2d(in_channels)
        self.relu = nn.ReLU(inplace=True)
        self.conv1 = nn.Conv2d(
            in_channels, width, kernel_size=3, stride=stride, padding=1, bias=False
        )
        self.norm2 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, kernel_size=3, padding=1, bias=False)
        self.downsample: Projection | None = None
        if stride != 1 or in_channels != width:
            self.downsample = Projection(in_channels, width, stride)

    def forward(self, x: Tensor) -> Tensor:
        active = self.relu(self.norm1(x))
        out = self.relu(self.norm2(self.conv1(active)))
        out = self.conv2(out)
        identity = x if self.downsample is None else self.downsample(active)
        x = out + identity
        return x


class PreBottleneckV1(nn.Module):
    """BN-ReLU-conv three times; the stride in the first, as in the authors' code.

    Shape: (N, in_channels, H, W) -> (N, 4 * width, ceil(H / stride), ceil(W / stride))
    """

    def __init__(self, in_channels: int, width: int, stride: int = 1) -> None:
        super().__init__()
        self.out_channels = 4 * width
        self.norm1 = nn.BatchNorm2d(in_channels)
        self.relu = nn.ReLU(inplace=True)
        self.conv1 = nn.Conv2d(
            in_channels, width, kernel_size=1, stride=stride, bias=False
        )
        self.norm2 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, kernel_size=3, padding=1, bias=False)
        self.norm3 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, 4 * width, kernel_size=1, bias=False)
        self.downsample: Projection | None = None
        if stride != 1 or in_channels != 4 * width:
            self.downsample = Projection(in_channels, 4 * width, stride)

    def forward(self, x: Tensor) -> Tensor:
        active = self.relu(self.norm1(x))
        out = self.relu(self.norm2(self.conv1(active)))
        out = self.relu(self.norm3(self.conv2(out)))
        out = self.conv3(out)
        identity = x if self.downsample is None else self.downsample(active)
        x = out + identity
        return x


class PreBottleneck(nn.Module):
    """BN-ReLU-conv three times; the stride in the 3x3, as in timm.

    Shape: (N, in_channels, H, W) -> (N, 4 * width, ceil(H / stride), ceil(W / stride))
    """

    def __init__(self, in_channels: int, width: int, stride: int = 1) -> None:
        super().__init__()
        self.out_channels = 4 * width
        self.norm1 = nn.BatchNorm2d(in_channels)
        self.relu = nn.ReLU(inplace=True)
        self.conv1 = nn.Conv2d(in_channels, width, kernel_size=1, bias=False)
        self.norm2 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(
            width, width, kernel_size=3, stride=stride, padding=1, bias=False
        )
        self.norm3 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, 4 * width, kernel_size=1, bias=False)
        self.downsample: Projection | None = None
        if stride != 1 or in_channels != 4 * width:
            self.downsample = Projection(in_channels, 4 * width, stride)

    def forward(self, x: Tensor) -> Tensor:
        active = self.relu(self.norm1(x))
        out = self.relu(self.norm2(self.conv1(active)))
        out = self.relu(self.norm3(self.conv2(out)))
        out = self.conv3(out)
        identity = x if self.downsample is None else self.downsample(active)
        x = out + identity
        return x


class PreResNet(nn.Module):
    """ResNet of units with pre-activation, and so with a norm after the last.

    Shape: (N, in_channels, 224, 224) -> (N, num_classes)
    """

    def __init__(
        self,
        unit: Callable[..., PreBasic | PreBottleneckV1],
        depths: Sequence[int],
        num_classes: int = 1000,
        in_channels: int = 3,
    ) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(
            in_channels, 64, kernel_size=7, stride=2, padding=3, bias=False
        )
        self.bn1 = nn.BatchNorm2d(64)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(kernel_size=3, stride=2, padding=1)

        channels = 64
        layer1: list[PreBasic | PreBottleneckV1] = []
        for _ in range(depths[0]):
            layer1.append(unit(channels, 64))
            channels = layer1[-1].out_channels
        self.layer1 = nn.Sequential(*layer1)

        layer2 = [unit(channels, 128, stride=2)]
        channels = layer2[-1].out_channels
        layer2 += [unit(channels, 128) for _ in range(depths[1] - 1)]
        self.layer2 = nn.Sequential(*layer2)

        layer3 = [unit(channels, 256, stride=2)]
        channels = layer3[-1].out_channels
        layer3 += [unit(channels, 256) for _ in range(depths[2] - 1)]
        self.layer3 = nn.Sequential(*layer3)

        layer4 = [unit(channels, 512, stride=2)]
        channels = layer4[-1].out_channels
        layer4 += [unit(channels, 512) for _ in range(depths[3] - 1)]
        self.layer4 = nn.Sequential(*layer4)

        self.norm = nn.BatchNorm2d(channels)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(channels, num_classes)

        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out")

    def forward(self, x: Tensor) -> Tensor:
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        x = self.layer1(x)
        x = self.layer2(x)
        x = self.layer3(x)
        x = self.layer4(x)
        x = self.fc(torch.flatten(self.avgpool(self.relu(self.norm(x))), 1))
        return x


class StageV2(nn.Sequential):
    """Units of one width, of which the first changes the shape.

    Shape: (N, in_channels, H, W) -> (N, unit.out_channels, ceil(H / stride),
        ceil(W / stride))
    """

    def __init__(
        self,
        in_channels: int,
        unit: Callable[..., PreBasic | PreBottleneck],
        width: int,
        depth: int,
        stride: int,
    ) -> None:
        blocks = [unit(in_channels, width, stride=stride)]
        channels = blocks[-1].out_channels
        blocks += [unit(channels, width) for _ in range(depth - 1)]
        super().__init__(OrderedDict(blocks=nn.Sequential(*blocks)))
        self.out_channels = channels


class ResNetV2(nn.Module):
    """As timm has it: no norm in the stem, and a 1x1 convolution that classifies.

    Shape: (N, in_channels, 224, 224) -> (N, num_classes)
    """

    def __init__(
        self,
        unit: Callable[..., PreBasic | PreBottleneck],
        depths: Sequence[int],
        num_classes: int = 1000,
        in_channels: int = 3,
    ) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            OrderedDict(
                conv=nn.Conv2d(
                    in_channels, 64, kernel_size=7, stride=2, padding=3, bias=False
                ),
                pool=nn.MaxPool2d(kernel_size=3, stride=2, padding=1),
            )
        )

        channels = 64
        stages: list[StageV2] = []
        for i, depth in enumerate(depths):
            stages.append(StageV2(channels, unit, 64 * 2**i, depth, 1 if i == 0 else 2))
            channels = stages[-1].out_channels
        self.stages = nn.Sequential(*stages)

        self.norm = nn.BatchNorm2d(channels)
        self.relu = nn.ReLU(inplace=True)
        self.head = nn.Sequential(
            OrderedDict(
                pool=nn.AdaptiveAvgPool2d(1),
                fc=nn.Conv2d(channels, num_classes, kernel_size=1),
                flatten=nn.Flatten(),
            )
        )

        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out")

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        x = self.stages(x)
        x = self.relu(self.norm(x))
        x = self.head(x)
        return x


class PreResNetCifar(nn.Module):
    """Three stages of n units each: 6n + 2 layers, or 9n + 2 with bottlenecks.

    Shape: (N, in_channels, 32, 32) -> (N, num_classes)
    """

    def __init__(
        self,
        unit: Callable[..., PreBasic | PreBottleneck],
        n: int,
        num_classes: int = 10,
        in_channels: int = 3,
    ) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, 16, kernel_size=3, padding=1, bias=False)

        channels = 16
        layer1: list[PreBasic | PreBottleneck] = []
        for _ in range(n):
            layer1.append(unit(channels, 16))
            channels = layer1[-1].out_channels
        self.layer1 = nn.Sequential(*layer1)

        layer2 = [unit(channels, 32, stride=2)]
        channels = layer2[-1].out_channels
        layer2 += [unit(channels, 32) for _ in range(n - 1)]
        self.layer2 = nn.Sequential(*layer2)

        layer3 = [unit(channels, 64, stride=2)]
        channels = layer3[-1].out_channels
        layer3 += [unit(channels, 64) for _ in range(n - 1)]
        self.layer3 = nn.Sequential(*layer3)

        self.norm = nn.BatchNorm2d(channels)
        self.relu = nn.ReLU(inplace=True)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(channels, num_classes)

        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out")

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv1(x)
        x = self.layer1(x)
        x = self.layer2(x)
        x = self.layer3(x)
        x = self.fc(torch.flatten(self.avgpool(self.relu(self.norm(x))), 1))
        return x


def preresnet18(**kwargs: Any) -> PreResNet:
    """11,687,848 parameters, 1.81 G multiply-adds at 3x224x224."""
    return PreResNet(PreBasic, (2, 2, 2, 2), **kwargs)


def preresnet34(**kwargs: Any) -> PreResNet:
    """21,796,008 parameters, 3.66 G multiply-adds at 3x224x224."""
    return PreResNet(PreBasic, (3, 4, 6, 3), **kwargs)


def preresnet50(**kwargs: Any) -> PreResNet:
    """25,549,480 parameters, 3.86 G multiply-adds at 3x224x224."""
    return PreResNet(PreBottleneckV1, (3, 4, 6, 3), **kwargs)


def preresnet101(**kwargs: Any) -> PreResNet:
    """44,541,608 parameters, 7.57 G multiply-adds at 3x224x224."""
    return PreResNet(PreBottleneckV1, (3, 4, 23, 3), **kwargs)


def preresnet152(**kwargs: Any) -> PreResNet:
    """60,185,256 parameters, 11.28 G multiply-adds at 3x224x224."""
    return PreResNet(PreBottleneckV1, (3, 8, 36, 3), **kwargs)


def preresnet200(**kwargs: Any) -> PreResNet:
    """64,666,280 parameters, 14.78 G multiply-adds at 3x224x224."""
    return PreResNet(PreBottleneckV1, (3, 24, 36, 3), **kwargs)


def resnetv2_18(**kwargs: Any) -> ResNetV2:
    """11,687,720 parameters, 1.81 G multiply-adds at 3x224x224."""
    return ResNetV2(PreBasic, (2, 2, 2, 2), **kwargs)


def resnetv2_34(**kwargs: Any) -> ResNetV2:
    """21,795,880 parameters, 3.66 G multiply-adds at 3x224x224."""
    return ResNetV2(PreBasic, (3, 4, 6, 3), **kwargs)


def resnetv2_50(**kwargs: Any) -> ResNetV2:
    """25,549,352 parameters, 4.09 G multiply-adds at 3x224x224."""
    return ResNetV2(PreBottleneck, (3, 4, 6, 3), **kwargs)


def resnetv2_101(**kwargs: Any) -> ResNetV2:
    """44,541,480 parameters, 7.80 G multiply-adds at 3x224x224."""
    return ResNetV2(PreBottleneck, (3, 4, 23, 3), **kwargs)


def resnetv2_152(**kwargs: Any) -> ResNetV2:
    """60,185,128 parameters, 11.51 G multiply-adds at 3x224x224."""
    return ResNetV2(PreBottleneck, (3, 8, 36, 3), **kwargs)


def preresnet20_cifar10(**kwargs: Any) -> PreResNetCifar:
    """272,282 parameters, 41 M multiply-adds at 3x32x32."""
    return PreResNetCifar(PreBasic, 3, **kwargs)


def preresnet56_cifar10(**kwargs: Any) -> PreResNetCifar:
    """855,578 parameters, 126 M multiply-adds at 3x32x32."""
    return PreResNetCifar(PreBasic, 9, **kwargs)


def preresnet110_cifar10(**kwargs: Any) -> PreResNetCifar:
    """1,730,522 parameters, 253 M multiply-adds at 3x32x32."""
    return PreResNetCifar(PreBasic, 18, **kwargs)


def preresnet164bn_cifar10(**kwargs: Any) -> PreResNetCifar:
    """1,703,258 parameters, 248 M multiply-adds at 3x32x32."""
    return PreResNetCifar(PreBottleneck, 18, **kwargs)

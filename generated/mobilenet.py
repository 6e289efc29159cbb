"""MobileNet v1 (Howard et al., 2017), with timm's keys.

The paper says ReLU. timm's networks, as the authors' code, have ReLU that ends at 6.

MobileNets: Efficient Convolutional Neural Networks for Mobile Vision Applications,
2017.
https://arxiv.org/abs/1704.04861

Generated from specs/mobilenet.arch by archdsl; edit the spec, not this file.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn


class Separable(nn.Module):
    """A depthwise 3x3 and a 1x1, each with norm and activation (Fig. 3, right).

    Shape: (N, in_channels, H, W) -> (N, width, ceil(H / stride), ceil(W / stride))
    """

    def __init__(
        self,
        in_channels: int,
        width: int,
        stride: int = 1,
        act: Callable[..., nn.Module] = nn.ReLU,
    ) -> None:
        super().__init__()
        self.conv_dw = nn.Conv2d(
            in_channels,
            in_channels,
            kernel_size=3,
            stride=stride,
            padding=1,
            groups=in_channels,
            bias=False,
        )
        self.bn1 = nn.BatchNorm2d(in_channels)
        self.act1 = act(inplace=True)
        self.conv_pw = nn.Conv2d(in_channels, width, kernel_size=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.act2 = act(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        x = self.act1(self.bn1(self.conv_dw(x)))
        x = self.act2(self.bn2(self.conv_pw(x)))
        return x


class Full(nn.Module):
    """The one convolution that `Separable` stands for (Fig. 3, left).

    Shape: (N, in_channels, H, W) -> (N, width, ceil(H / stride), ceil(W / stride))
    """

    def __init__(
        self,
        in_channels: int,
        width: int,
        stride: int = 1,
        act: Callable[..., nn.Module] = nn.ReLU,
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(
            in_channels, width, kernel_size=3, stride=stride, padding=1, bias=False
        )
        self.bn = nn.BatchNorm2d(width)
        self.act = act(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        x = self.act(self.bn(self.conv(x)))
        return x


class MobileNet(nn.Module):
    """Table 1, its widths times `alpha`; `repeats` units follow at 14x14.

    The table has stride 2 in the last depthwise convolution, too; its map stays 7x7.

    Shape: (N, in_channels, H, W) -> (N, num_classes)
    """

    def __init__(
        self,
        alpha: float = 1.0,
        unit: Callable[..., Separable | Full] = Separable,
        repeats: int = 5,
        act: Callable[..., nn.Module] = nn.ReLU,
        num_classes: int = 1000,
        in_channels: int = 3,
    ) -> None:
        super().__init__()
        first = int(32 * alpha)

        self.conv_stem = nn.Conv2d(
            in_channels, first, kernel_size=3, stride=2, padding=1, bias=False
        )
        self.bn1 = nn.BatchNorm2d(first)
        self.act = act(inplace=True)

        blocks: list[nn.Module] = [nn.Sequential(unit(first, int(64 * alpha), act=act))]
        channels = int(64 * alpha)
        for full, n in ((128, 1), (256, 1), (512, repeats), (1024, 1)):
            width = int(full * alpha)
            blocks.append(
                nn.Sequential(
                    unit(channels, width, stride=2, act=act),
                    *[unit(width, width, act=act) for _ in range(n)],
                )
            )
            channels = width
        self.blocks = nn.Sequential(*blocks)

        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Linear(channels, num_classes)

        for module in self.modules():
            if isinstance(module, (nn.Conv2d, nn.Linear)):
                nn.init.trunc_normal_(module.weight, std=0.09, a=-0.18, b=0.18)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)

    def forward(self, x: Tensor) -> Tensor:
        x = self.act(self.bn1(self.conv_stem(x)))
        x = self.blocks(x)
        x = self.classifier(torch.flatten(self.avgpool(x), 1))
        return x


def mobilenet_100_224(**kwargs: Any) -> MobileNet:
    """4,231,976 parameters, 569 M multiply-adds at 3x224x224."""
    return MobileNet(alpha=1.0, **kwargs)


def mobilenet_100_192(**kwargs: Any) -> MobileNet:
    """4,231,976 parameters, 418 M multiply-adds at 3x192x192."""
    return MobileNet(alpha=1.0, **kwargs)


def mobilenet_100_160(**kwargs: Any) -> MobileNet:
    """4,231,976 parameters, 291 M multiply-adds at 3x160x160."""
    return MobileNet(alpha=1.0, **kwargs)


def mobilenet_100_128(**kwargs: Any) -> MobileNet:
    """4,231,976 parameters, 186 M multiply-adds at 3x128x128."""
    return MobileNet(alpha=1.0, **kwargs)


def mobilenet_075_224(**kwargs: Any) -> MobileNet:
    """2,585,560 parameters, 325 M multiply-adds at 3x224x224."""
    return MobileNet(alpha=0.75, **kwargs)


def mobilenet_075_192(**kwargs: Any) -> MobileNet:
    """2,585,560 parameters, 239 M multiply-adds at 3x192x192."""
    return MobileNet(alpha=0.75, **kwargs)


def mobilenet_075_160(**kwargs: Any) -> MobileNet:
    """2,585,560 parameters, 166 M multiply-adds at 3x160x160."""
    return MobileNet(alpha=0.75, **kwargs)


def mobilenet_075_128(**kwargs: Any) -> MobileNet:
    """2,585,560 parameters, 107 M multiply-adds at 3x128x128."""
    return MobileNet(alpha=0.75, **kwargs)


def mobilenet_050_224(**kwargs: Any) -> MobileNet:
    """1,331,592 parameters, 149 M multiply-adds at 3x224x224."""
    return MobileNet(alpha=0.5, **kwargs)


def mobilenet_050_192(**kwargs: Any) -> MobileNet:
    """1,331,592 parameters, 110 M multiply-adds at 3x192x192."""
    return MobileNet(alpha=0.5, **kwargs)


def mobilenet_050_160(**kwargs: Any) -> MobileNet:
    """1,331,592 parameters, 77 M multiply-adds at 3x160x160."""
    return MobileNet(alpha=0.5, **kwargs)


def mobilenet_050_128(**kwargs: Any) -> MobileNet:
    """1,331,592 parameters, 49 M multiply-adds at 3x128x128."""
    return MobileNet(alpha=0.5, **kwargs)


def mobilenet_025_224(**kwargs: Any) -> MobileNet:
    """470,072 parameters, 41 M multiply-adds at 3x224x224."""
    return MobileNet(alpha=0.25, **kwargs)


def mobilenet_025_192(**kwargs: Any) -> MobileNet:
    """470,072 parameters, 30 M multiply-adds at 3x192x192."""
    return MobileNet(alpha=0.25, **kwargs)


def mobilenet_025_160(**kwargs: Any) -> MobileNet:
    """470,072 parameters, 21 M multiply-adds at 3x160x160."""
    return MobileNet(alpha=0.25, **kwargs)


def mobilenet_025_128(**kwargs: Any) -> MobileNet:
    """470,072 parameters, 14 M multiply-adds at 3x128x128."""
    return MobileNet(alpha=0.25, **kwargs)


def mobilenet_full(**kwargs: Any) -> MobileNet:
    """29,294,088 parameters, 4.87 G multiply-adds at 3x224x224."""
    return MobileNet(unit=Full, **kwargs)


def mobilenet_shallow(**kwargs: Any) -> MobileNet:
    """2,887,976 parameters, 307 M multiply-adds at 3x224x224."""
    return MobileNet(repeats=0, **kwargs)


def mobilenetv1_100(**kwargs: Any) -> MobileNet:
    """4,231,976 parameters, 569 M multiply-adds at 3x224x224."""
    return MobileNet(act=nn.ReLU6, **kwargs)


def mobilenetv1_125(**kwargs: Any) -> MobileNet:
    """6,270,840 parameters, 880 M multiply-adds at 3x224x224."""
    return MobileNet(alpha=1.25, act=nn.ReLU6, **kwargs)

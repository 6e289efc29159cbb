"""Inception-v4 (Szegedy et al., 2016), with timm's keys.

In the released network, some 1x7 and 7x1 stand the other way round than the paper draws
them, and so do the 1x3 and 3x1 of its last modules; `inception_v4_paper` is as drawn,
and has the dropout of Fig. 9.

Inception-v4, Inception-ResNet and the Impact of Residual Connections on Learning, 2016.
https://arxiv.org/abs/1602.07261

Generated from specs/inception_v4.arch by archdsl; edit the spec, not this file.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn


class ConvNormAct(nn.Module):
    """Convolution, batch norm, ReLU; `pad=0` is the V of the figures.

    Shape: (N, in_channels, H, W) -> (N, width,
        (H + 2 * pad - kernel[0] + stride) // stride,
        (W + 2 * pad - kernel[1] + stride) // stride)
    """

    def __init__(
        self,
        in_channels: int,
        width: int,
        kernel: tuple[int, int],
        stride: int = 1,
        pad: int | tuple[int, int] | None = None,
    ) -> None:
        super().__init__()
        if pad is None:
            pad = (kernel[0] // 2, kernel[1] // 2)
        self.conv = nn.Conv2d(
            in_channels,
            width,
            kernel_size=kernel,
            stride=stride,
            padding=pad,
            bias=False,
        )
        self.bn = nn.BatchNorm2d(width, eps=1e-3)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        x = self.relu(self.bn(self.conv(x)))
        return x


class Mixed3a(nn.Module):
    """147x147 to 73x73: a pool and a convolution (Fig. 3).

    Shape: (N, in_channels, H, W) -> (N, in_channels + 96, (H - 1) // 2, (W - 1) // 2)
    """

    def __init__(self, in_channels: int) -> None:
        super().__init__()
        self.maxpool = nn.MaxPool2d(kernel_size=3, stride=2)
        self.conv = ConvNormAct(in_channels, 96, (3, 3), stride=2, pad=0)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat((self.maxpool(x), self.conv(x)), dim=1)


class Mixed4a(nn.Module):
    """73x73 to 71x71, one branch by way of a 7x7 in two parts (Fig. 3).

    Shape: (N, in_channels, H, W) -> (N, 192, H - 2, W - 2)
    """

    def __init__(
        self,
        in_channels: int,
        first: tuple[int, int] = (1, 7),
        second: tuple[int, int] = (7, 1),
    ) -> None:
        super().__init__()
        self.branch0 = nn.Sequential(
            ConvNormAct(in_channels, 64, (1, 1)), ConvNormAct(64, 96, (3, 3), pad=0)
        )
        self.branch1 = nn.Sequential(
            ConvNormAct(in_channels, 64, (1, 1)),
            ConvNormAct(64, 64, first),
            ConvNormAct(64, 64, second),
            ConvNormAct(64, 96, (3, 3), pad=0),
        )

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat((self.branch0(x), self.branch1(x)), dim=1)


class Mixed5a(nn.Module):
    """71x71 to 35x35: a convolution and a pool (Fig. 3).

    Shape: (N, in_channels, H, W) -> (N, 192 + in_channels, (H - 1) // 2, (W - 1) // 2)
    """

    def __init__(self, in_channels: int) -> None:
        super().__init__()
        self.conv = ConvNormAct(in_channels, 192, (3, 3), stride=2, pad=0)
        self.maxpool = nn.MaxPool2d(kernel_size=3, stride=2)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat((self.conv(x), self.maxpool(x)), dim=1)


class InceptionA(nn.Module):
    """35x35: 1x1, 3x3, two 3x3, pool (Fig. 4).

    Shape: (N, in_channels, H, W) -> (N, 384, H, W)
    """

    def __init__(self, in_channels: int) -> None:
        super().__init__()
        self.branch0 = ConvNormAct(in_channels, 96, (1, 1))
        self.branch1 = nn.Sequential(
            ConvNormAct(in_channels, 64, (1, 1)), ConvNormAct(64, 96, (3, 3))
        )
        self.branch2 = nn.Sequential(
            ConvNormAct(in_channels, 64, (1, 1)),
            ConvNormAct(64, 96, (3, 3)),
            ConvNormAct(96, 96, (3, 3)),
        )
        self.branch3 = nn.Sequential(
            nn.AvgPool2d(kernel_size=3, stride=1, padding=1, count_include_pad=False),
            ConvNormAct(in_channels, 96, (1, 1)),
        )

    def forward(self, x: Tensor) -> Tensor:
        branch0 = self.branch0(x)
        branch1 = self.branch1(x)
        branch2 = self.branch2(x)
        branch3 = self.branch3(x)
        return torch.cat((branch0, branch1, branch2, branch3), dim=1)


class ReductionA(nn.Module):
    """35x35 to 17x17 (Fig. 7); Table 1 calls the widths k, l, m and n.

    Shape: (N, in_channels, H, W) -> (N, wide + deep + in_channels, (H - 1) // 2,
        (W - 1) // 2)
    """

    def __init__(
        self, in_channels: int, reduced: int, middle: int, deep: int, wide: int
    ) -> None:
        super().__init__()
        self.branch0 = ConvNormAct(in_channels, wide, (3, 3), stride=2, pad=0)
        self.branch1 = nn.Sequential(
            ConvNormAct(in_channels, reduced, (1, 1)),
            ConvNormAct(reduced, middle, (3, 3)),
            ConvNormAct(middle, deep, (3, 3), stride=2, pad=0),
        )
        self.branch2 = nn.MaxPool2d(kernel_size=3, stride=2)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat((self.branch0(x), self.branch1(x), self.branch2(x)), dim=1)


class InceptionB(nn.Module):
    """17x17: 1x1, one 7x7 and two, each in two parts, pool (Fig. 5).

    Shape: (N, in_channels, H, W) -> (N, 1024, H, W)
    """

    def __init__(
        self,
        in_channels: int,
        first: tuple[int, int] = (7, 1),
        second: tuple[int, int] = (1, 7),
    ) -> None:
        super().__init__()
        self.branch0 = ConvNormAct(in_channels, 384, (1, 1))
        self.branch1 = nn.Sequential(
            ConvNormAct(in_channels, 192, (1, 1)),
            ConvNormAct(192, 224, (1, 7)),
            ConvNormAct(224, 256, (7, 1)),
        )
        self.branch2 = nn.Sequential(
            ConvNormAct(in_channels, 192, (1, 1)),
            ConvNormAct(192, 192, first),
            ConvNormAct(192, 224, second),
            ConvNormAct(224, 224, first),
            ConvNormAct(224, 256, second),
        )
        self.branch3 = nn.Sequential(
            nn.AvgPool2d(kernel_size=3, stride=1, padding=1, count_include_pad=False),
            ConvNormAct(in_channels, 128, (1, 1)),
        )

    def forward(self, x: Tensor) -> Tensor:
        branch0 = self.branch0(x)
        branch1 = self.branch1(x)
        branch2 = self.branch2(x)
        branch3 = self.branch3(x)
        return torch.cat((branch0, branch1, branch2, branch3), dim=1)


class ReductionB(nn.Module):
    """17x17 to 8x8 (Fig. 8).

    Shape: (N, in_channels, H, W) -> (N, 512 + in_channels, (H - 1) // 2, (W - 1) // 2)
    """

    def __init__(self, in_channels: int) -> None:
        super().__init__()
        self.branch0 = nn.Sequential(
            ConvNormAct(in_channels, 192, (1, 1)),
            ConvNormAct(192, 192, (3, 3), stride=2, pad=0),
        )
        self.branch1 = nn.Sequential(
            ConvNormAct(in_channels, 256, (1, 1)),
            ConvNormAct(256, 256, (1, 7)),
            ConvNormAct(256, 320, (7, 1)),
            ConvNormAct(320, 320, (3, 3), stride=2, pad=0),
        )
        self.branch2 = nn.MaxPool2d(kernel_size=3, stride=2)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat((self.branch0(x), self.branch1(x), self.branch2(x)), dim=1)


class InceptionC(nn.Module):
    """8x8: the ends of two branches spread into 1x3 and 3x1 side by side (Fig. 6).

    Shape: (N, in_channels, H, W) -> (N, 1536, H, W)
    """

    def __init__(
        self,
        in_channels: int,
        first: tuple[int, int] = (3, 1),
        second: tuple[int, int] = (1, 3),
    ) -> None:
        super().__init__()
        self.branch0 = ConvNormAct(in_channels, 256, (1, 1))
        self.branch1_0 = ConvNormAct(in_channels, 384, (1, 1))
        self.branch1_1a = ConvNormAct(384, 256, (1, 3))
        self.branch1_1b = ConvNormAct(384, 256, (3, 1))
        self.branch2_0 = ConvNormAct(in_channels, 384, (1, 1))
        self.branch2_1 = ConvNormAct(384, 448, first)
        self.branch2_2 = ConvNormAct(448, 512, second)
        self.branch2_3a = ConvNormAct(512, 256, (1, 3))
        self.branch2_3b = ConvNormAct(512, 256, (3, 1))
        self.branch3 = nn.Sequential(
            nn.AvgPool2d(kernel_size=3, stride=1, padding=1, count_include_pad=False),
            ConvNormAct(in_channels, 256, (1, 1)),
        )

    def forward(self, x: Tensor) -> Tensor:
        branch0 = self.branch0(x)
        branch1 = self.branch1_0(x)
        branch1 = torch.cat((self.branch1_1a(branch1), self.branch1_1b(branch1)), dim=1)
        branch2 = self.branch2_2(self.branch2_1(self.branch2_0(x)))
        branch2 = torch.cat((self.branch2_3a(branch2), self.branch2_3b(branch2)), dim=1)
        branch3 = self.branch3(x)
        return torch.cat((branch0, branch1, branch2, branch3), dim=1)


class InceptionV4(nn.Module):
    """A stem and three groups of modules with a reduction between each two (Fig. 9).

    Shape: (N, in_channels, 299, 299) -> (N, num_classes)
    """

    def __init__(
        self,
        num_classes: int = 1000,
        dropout: float = 0.0,
        mixed: Callable[..., Mixed4a] = Mixed4a,
        b: Callable[..., InceptionB] = InceptionB,
        c: Callable[..., InceptionC] = InceptionC,
        in_channels: int = 3,
    ) -> None:
        super().__init__()
        self.features = nn.Sequential(
            ConvNormAct(in_channels, 32, (3, 3), stride=2, pad=0),
            ConvNormAct(32, 32, (3, 3), pad=0),
            ConvNormAct(32, 64, (3, 3)),
            Mixed3a(64),
            mixed(160),
            Mixed5a(192),
            *[InceptionA(384) for _ in range(4)],
            ReductionA(384, 192, 224, 256, 384),
            *[b(1024) for _ in range(7)],
            ReductionB(1024),
            *[c(1536) for _ in range(3)],
        )

        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.dropout = nn.Dropout(dropout)
        self.last_linear = nn.Linear(1536, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.features(x)
        x = self.last_linear(self.dropout(torch.flatten(self.avgpool(x), 1)))
        return x


def inception_v4(**kwargs: Any) -> InceptionV4:
    """42,679,816 parameters, 12.25 G multiply-adds at 3x299x299."""
    return InceptionV4(**kwargs)


def inception_v4_paper(**kwargs: Any) -> InceptionV4:
    """42,679,816 parameters, 12.25 G multiply-adds at 3x299x299."""
    return InceptionV4(
        dropout=0.2,
        mixed=partial(Mixed4a, first=(7, 1), second=(1, 7)),
        b=partial(InceptionB, first=(1, 7), second=(7, 1)),
        c=partial(InceptionC, first=(1, 3), second=(3, 1)),
        **kwargs,
    )

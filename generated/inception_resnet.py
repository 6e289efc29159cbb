"""Inception-ResNet (Szegedy et al., 2016): v1 and v2 of the paper, and v2 as released.

The release has timm's keys, and is not what the paper draws: its stem is that of
Inception v3, a module without shortcut comes first and a 1x1 convolution last, and its
groups have 10, 20 and 10 modules, not 5, 10 and 5. Residuals are scaled as in the
release; the paper only says that 0.1 to 0.3 are stable.

Inception-v4, Inception-ResNet and the Impact of Residual Connections on Learning, 2016.
https://arxiv.org/abs/1602.07261

Generated from specs/inception_resnet.arch by archdsl; edit the spec, not this file.
"""

from collections.abc import Callable
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


class Block35(nn.Module):
    """35x35: 1x1, 3x3, two 3x3; what joins them has no norm (Fig. 10, 16).

    Shape: (N, in_channels, H, W) -> (N, in_channels, H, W)
    """

    def __init__(
        self, in_channels: int, b1: int, b2: int, b3: int, scale: float = 0.17
    ) -> None:
        super().__init__()
        self.branch0 = ConvNormAct(in_channels, 32, (1, 1))
        self.branch1 = nn.Sequential(
            ConvNormAct(in_channels, 32, (1, 1)), ConvNormAct(32, b1, (3, 3))
        )
        self.branch2 = nn.Sequential(
            ConvNormAct(in_channels, 32, (1, 1)),
            ConvNormAct(32, b2, (3, 3)),
            ConvNormAct(b2, b3, (3, 3)),
        )
        self.conv2d = nn.Conv2d(32 + b1 + b3, in_channels, kernel_size=1)
        self.relu = nn.ReLU(inplace=True)
        self.scale = scale

    def forward(self, x: Tensor) -> Tensor:
        out = torch.cat((self.branch0(x), self.branch1(x), self.branch2(x)), dim=1)
        x = self.relu(self.conv2d(out) * self.scale + x)
        return x


class Block17(nn.Module):
    """17x17: 1x1, and a 7x7 in two parts (Fig. 11, 17).

    Shape: (N, in_channels, H, W) -> (N, in_channels, H, W)
    """

    def __init__(
        self, in_channels: int, b0: int, b1: int, b2: int, b3: int, scale: float = 0.1
    ) -> None:
        super().__init__()
        self.branch0 = ConvNormAct(in_channels, b0, (1, 1))
        self.branch1 = nn.Sequential(
            ConvNormAct(in_channels, b1, (1, 1)),
            ConvNormAct(b1, b2, (1, 7)),
            ConvNormAct(b2, b3, (7, 1)),
        )
        self.conv2d = nn.Conv2d(b0 + b3, in_channels, kernel_size=1)
        self.relu = nn.ReLU(inplace=True)
        self.scale = scale

    def forward(self, x: Tensor) -> Tensor:
        out = self.conv2d(torch.cat((self.branch0(x), self.branch1(x)), dim=1))
        x = self.relu(out * self.scale + x)
        return x


class Block8(nn.Module):
    """8x8: 1x1, and a 3x3 in two parts (Fig. 13, 19).

    Shape: (N, in_channels, H, W) -> (N, in_channels, H, W)
    """

    def __init__(
        self,
        in_channels: int,
        b2: int,
        b3: int,
        scale: float = 0.2,
        act: Callable[..., nn.Module] | None = nn.ReLU,
    ) -> None:
        super().__init__()
        self.branch0 = ConvNormAct(in_channels, 192, (1, 1))
        self.branch1 = nn.Sequential(
            ConvNormAct(in_channels, 192, (1, 1)),
            ConvNormAct(192, b2, (1, 3)),
            ConvNormAct(b2, b3, (3, 1)),
        )
        self.conv2d = nn.Conv2d(192 + b3, in_channels, kernel_size=1)
        self.act = act(inplace=True) if act is not None else None
        self.scale = scale

    def forward(self, x: Tensor) -> Tensor:
        out = self.conv2d(torch.cat((self.branch0(x), self.branch1(x)), dim=1))
        x = out * self.scale + x
        if self.act is not None:
            x = self.act(x)
        return x


class ReductionB(nn.Module):
    """17x17 to 8x8 (Fig. 12, 18).

    Shape: (N, in_channels, H, W) -> (N, 384 + b1 + b3 + in_channels, (H - 1) // 2,
        (W - 1) // 2)
    """

    def __init__(self, in_channels: int, b1: int, b2: int, b3: int) -> None:
        super().__init__()
        self.branch0 = nn.Sequential(
            ConvNormAct(in_channels, 256, (1, 1)),
            ConvNormAct(256, 384, (3, 3), stride=2, pad=0),
        )
        self.branch1 = nn.Sequential(
            ConvNormAct(in_channels, 256, (1, 1)),
            ConvNormAct(256, b1, (3, 3), stride=2, pad=0),
        )
        self.branch2 = nn.Sequential(
            ConvNormAct(in_channels, 256, (1, 1)),
            ConvNormAct(256, b2, (3, 3)),
            ConvNormAct(b2, b3, (3, 3), stride=2, pad=0),
        )
        self.branch3 = nn.MaxPool2d(kernel_size=3, stride=2)

    def forward(self, x: Tensor) -> Tensor:
        branch0 = self.branch0(x)
        branch1 = self.branch1(x)
        branch2 = self.branch2(x)
        branch3 = self.branch3(x)
        return torch.cat((branch0, branch1, branch2, branch3), dim=1)


class Mixed5b(nn.Module):
    """35x35, without a shortcut, in the release only: 1x1, 5x5, two 3x3, pool.

    Shape: (N, in_channels, H, W) -> (N, 320, H, W)
    """

    def __init__(self, in_channels: int) -> None:
        super().__init__()
        self.branch0 = ConvNormAct(in_channels, 96, (1, 1))
        self.branch1 = nn.Sequential(
            ConvNormAct(in_channels, 48, (1, 1)), ConvNormAct(48, 64, (5, 5))
        )
        self.branch2 = nn.Sequential(
            ConvNormAct(in_channels, 64, (1, 1)),
            ConvNormAct(64, 96, (3, 3)),
            ConvNormAct(96, 96, (3, 3)),
        )
        self.branch3 = nn.Sequential(
            nn.AvgPool2d(kernel_size=3, stride=1, padding=1, count_include_pad=False),
            ConvNormAct(in_channels, 64, (1, 1)),
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


class InceptionResNetV1(nn.Module):
    """Fig. 15, with the stem of Fig. 14.

    With an `embedding`, as implementations of FaceNet have it: one more module,
    without ReLU, and a layer of that width before the classifier.

    Shape: (N, in_channels, 299, 299) -> (N, num_classes)
    """

    def __init__(
        self,
        num_classes: int = 1000,
        dropout: float = 0.2,
        embedding: int = 0,
        in_channels: int = 3,
    ) -> None:
        super().__init__()
        self.conv2d_1a = ConvNormAct(in_channels, 32, (3, 3), stride=2, pad=0)
        self.conv2d_2a = ConvNormAct(32, 32, (3, 3), pad=0)
        self.conv2d_2b = ConvNormAct(32, 64, (3, 3))
        self.maxpool = nn.MaxPool2d(kernel_size=3, stride=2)
        self.conv2d_3b = ConvNormAct(64, 80, (1, 1))
        self.conv2d_4a = ConvNormAct(80, 192, (3, 3), pad=0)
        self.conv2d_4b = ConvNormAct(192, 256, (3, 3), stride=2, pad=0)

        self.repeat = nn.Sequential(*[Block35(256, 32, 32, 32) for _ in range(5)])

        self.mixed_6a = ReductionA(256, 192, 192, 256, 384)
        self.repeat_1 = nn.Sequential(
            *[Block17(896, 128, 128, 128, 128) for _ in range(10)]
        )

        self.mixed_7a = ReductionB(896, 256, 256, 256)
        self.repeat_2 = nn.Sequential(*[Block8(1792, 192, 192) for _ in range(5)])
        self.block8: Block8 | None = None
        if embedding > 0:
            self.block8 = Block8(1792, 192, 192, scale=1.0, act=None)

        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.dropout = nn.Dropout(dropout)
        self.embed: nn.Linear | None = None
        self.bn: nn.BatchNorm1d | None = None
        if embedding > 0:
            self.embed = nn.Linear(1792, embedding, bias=False)
            self.bn = nn.BatchNorm1d(embedding, eps=1e-3)
        self.classif = nn.Linear(embedding if embedding > 0 else 1792, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv2d_1a(x)
        x = self.conv2d_2a(x)
        x = self.maxpool(self.conv2d_2b(x))
        x = self.conv2d_3b(x)
        x = self.conv2d_4a(x)
        x = self.conv2d_4b(x)

        x = self.repeat(x)

        x = self.mixed_6a(x)
        x = self.repeat_1(x)

        x = self.mixed_7a(x)
        x = self.repeat_2(x)
        if self.block8 is not None:
            x = self.block8(x)

        x = self.dropout(torch.flatten(self.avgpool(x), 1))
        if self.embed is not None and self.bn is not None:
            x = self.bn(self.embed(x))
        x = self.classif(x)
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


class InceptionResNetV2Paper(nn.Module):
    """Fig. 15, with the stem of Fig. 3.

    The figures print 1154 and 2048 for the widths that are added to 1152 and 2144.

    Shape: (N, in_channels, 299, 299) -> (N, num_classes)
    """

    def __init__(
        self, num_classes: int = 1000, dropout: float = 0.2, in_channels: int = 3
    ) -> None:
        super().__init__()
        self.conv2d_1a = ConvNormAct(in_channels, 32, (3, 3), stride=2, pad=0)
        self.conv2d_2a = ConvNormAct(32, 32, (3, 3), pad=0)
        self.conv2d_2b = ConvNormAct(32, 64, (3, 3))
        self.mixed_3a = Mixed3a(64)
        self.mixed_4a = Mixed4a(160, first=(7, 1), second=(1, 7))
        self.mixed_5a = Mixed5a(192)

        self.repeat = nn.Sequential(*[Block35(384, 32, 48, 64) for _ in range(5)])

        self.mixed_6a = ReductionA(384, 256, 256, 384, 384)
        self.repeat_1 = nn.Sequential(
            *[Block17(1152, 192, 128, 160, 192) for _ in range(10)]
        )

        self.mixed_7a = ReductionB(1152, 288, 288, 320)
        self.repeat_2 = nn.Sequential(*[Block8(2144, 224, 256) for _ in range(5)])

        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.dropout = nn.Dropout(dropout)
        self.classif = nn.Linear(2144, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv2d_1a(x)
        x = self.conv2d_2a(x)
        x = self.conv2d_2b(x)
        x = self.mixed_3a(x)
        x = self.mixed_4a(x)
        x = self.mixed_5a(x)

        x = self.repeat(x)

        x = self.mixed_6a(x)
        x = self.repeat_1(x)

        x = self.mixed_7a(x)
        x = self.repeat_2(x)

        x = self.classif(self.dropout(torch.flatten(self.avgpool(x), 1)))
        return x


class InceptionResNetV2(nn.Module):
    """The released network.

    Shape: (N, in_channels, 299, 299) -> (N, num_classes)
    """

    def __init__(
        self, num_classes: int = 1000, dropout: float = 0.0, in_channels: int = 3
    ) -> None:
        super().__init__()
        self.conv2d_1a = ConvNormAct(in_channels, 32, (3, 3), stride=2, pad=0)
        self.conv2d_2a = ConvNormAct(32, 32, (3, 3), pad=0)
        self.conv2d_2b = ConvNormAct(32, 64, (3, 3))
        self.maxpool1 = nn.MaxPool2d(kernel_size=3, stride=2)
        self.conv2d_3b = ConvNormAct(64, 80, (1, 1))
        self.conv2d_4a = ConvNormAct(80, 192, (3, 3), pad=0)
        self.maxpool2 = nn.MaxPool2d(kernel_size=3, stride=2)

        self.mixed_5b = Mixed5b(192)
        self.repeat = nn.Sequential(*[Block35(320, 32, 48, 64) for _ in range(10)])

        self.mixed_6a = ReductionA(320, 256, 256, 384, 384)
        self.repeat_1 = nn.Sequential(
            *[Block17(1088, 192, 128, 160, 192) for _ in range(20)]
        )

        self.mixed_7a = ReductionB(1088, 288, 288, 320)
        self.repeat_2 = nn.Sequential(*[Block8(2080, 224, 256) for _ in range(9)])
        self.block8 = Block8(2080, 224, 256, scale=1.0, act=None)
        self.conv2d_7b = ConvNormAct(2080, 1536, (1, 1))

        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.dropout = nn.Dropout(dropout)
        self.classif = nn.Linear(1536, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv2d_1a(x)
        x = self.conv2d_2a(x)
        x = self.maxpool1(self.conv2d_2b(x))
        x = self.conv2d_3b(x)
        x = self.maxpool2(self.conv2d_4a(x))

        x = self.mixed_5b(x)
        x = self.repeat(x)

        x = self.mixed_6a(x)
        x = self.repeat_1(x)

        x = self.mixed_7a(x)
        x = self.repeat_2(x)
        x = self.block8(x)
        x = self.conv2d_7b(x)

        x = self.classif(self.dropout(torch.flatten(self.avgpool(x), 1)))
        return x


def inception_resnet_v1(**kwargs: Any) -> InceptionResNetV1:
    """22,756,328 parameters, 6.21 G multiply-adds at 3x299x299."""
    return InceptionResNetV1(**kwargs)


def inception_resnet_v1_facenet(**kwargs: Any) -> InceptionResNetV1:
    """23,995,624 parameters, 6.31 G multiply-adds at 3x299x299."""
    return InceptionResNetV1(dropout=0.6, embedding=512, **kwargs)


def inception_resnet_v2(**kwargs: Any) -> InceptionResNetV2:
    """55,843,464 parameters, 13.16 G multiply-adds at 3x299x299."""
    return InceptionResNetV2(**kwargs)


def inception_resnet_v2_paper(**kwargs: Any) -> InceptionResNetV2Paper:
    """32,433,928 parameters, 9.26 G multiply-adds at 3x299x299."""
    return InceptionResNetV2Paper(**kwargs)

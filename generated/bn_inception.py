"""BN-Inception (Ioffe and Szegedy, 2015): the Inception that came with batch norm.

Two 3x3 take the place of each 5x5, a third module stands at 28x28, and all pools inside
of modules but the last are averages. The paper's table gives 128 channels to the pools
of 4c and 4d but 576 to the modules, which would have 608. `bninception_paper` has the
576, as have most implementations, and the separable first layer of the appendix;
`bninception` has the 608, and a bias beside each norm, as pytorchcv's.

Batch Normalization: Accelerating Deep Network Training by Reducing Internal Covariate
Shift, 2015.
https://arxiv.org/abs/1502.03167

Generated from specs/bn_inception.arch by archdsl; edit the spec, not this file.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn


class ConvBN(nn.Module):
    """Convolution, batch norm, ReLU.

    Shape: (N, in_channels, H, W) -> (N, width, ceil(H / stride), ceil(W / stride))
    """

    def __init__(
        self,
        in_channels: int,
        width: int,
        kernel: int,
        stride: int = 1,
        bias: bool = False,
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(
            in_channels,
            width,
            kernel_size=kernel,
            stride=stride,
            padding=kernel // 2,
            bias=bias,
        )
        self.bn = nn.BatchNorm2d(width)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        x = self.relu(self.bn(self.conv(x)))
        return x


class SeparableConvBN(nn.Module):
    """Filters on each colour by itself, then a 1x1, batch norm, ReLU (appendix).

    Shape: (N, in_channels, H, W) -> (N, width, ceil(H / stride), ceil(W / stride))
    """

    def __init__(
        self,
        in_channels: int,
        width: int,
        kernel: int,
        stride: int = 1,
        bias: bool = False,
        multiplier: int = 8,
    ) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(
            in_channels,
            in_channels * multiplier,
            kernel_size=kernel,
            stride=stride,
            padding=kernel // 2,
            groups=in_channels,
            bias=False,
        )
        self.pointwise = nn.Conv2d(
            in_channels * multiplier, width, kernel_size=1, bias=bias
        )
        self.bn = nn.BatchNorm2d(width)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        x = self.relu(self.bn(self.pointwise(self.depthwise(x))))
        return x


class Inception(nn.Module):
    """1x1, 3x3, two 3x3 and a pool side by side.

    Shape: (N, in_channels, H, W) -> (N, b1 + b3 + bd + width, H, W)
    """

    def __init__(
        self,
        in_channels: int,
        b1: int,
        r3: int,
        b3: int,
        rd: int,
        bd: int,
        width: int,
        pool: Callable[..., nn.Module] = nn.AvgPool2d,
        bias: bool = False,
    ) -> None:
        super().__init__()
        self.branch1 = ConvBN(in_channels, b1, 1, bias=bias)
        self.branch2 = nn.Sequential(
            ConvBN(in_channels, r3, 1, bias=bias), ConvBN(r3, b3, 3, bias=bias)
        )
        self.branch3 = nn.Sequential(
            ConvBN(in_channels, rd, 1, bias=bias),
            ConvBN(rd, bd, 3, bias=bias),
            ConvBN(bd, bd, 3, bias=bias),
        )
        self.branch4 = nn.Sequential(
            pool(kernel_size=3, stride=1, padding=1),
            ConvBN(in_channels, width, 1, bias=bias),
        )

    def forward(self, x: Tensor) -> Tensor:
        branch1 = self.branch1(x)
        branch2 = self.branch2(x)
        branch3 = self.branch3(x)
        branch4 = self.branch4(x)
        return torch.cat((branch1, branch2, branch3, branch4), dim=1)


class Reduction(nn.Module):
    """A module that halves maps of even size: no 1x1, and the pool passes its input on.

    Shape: (N, in_channels, H, W) -> (N, b3 + bd + in_channels, ceil(H / 2),
        ceil(W / 2))
    """

    def __init__(
        self, in_channels: int, r3: int, b3: int, rd: int, bd: int, bias: bool = False
    ) -> None:
        super().__init__()
        self.branch1 = nn.Sequential(
            ConvBN(in_channels, r3, 1, bias=bias),
            ConvBN(r3, b3, 3, stride=2, bias=bias),
        )
        self.branch2 = nn.Sequential(
            ConvBN(in_channels, rd, 1, bias=bias),
            ConvBN(rd, bd, 3, bias=bias),
            ConvBN(bd, bd, 3, stride=2, bias=bias),
        )
        self.branch3 = nn.MaxPool2d(kernel_size=3, stride=2, ceil_mode=True)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat((self.branch1(x), self.branch2(x), self.branch3(x)), dim=1)


class BNInception(nn.Module):
    """Ten modules (Fig. 5); `pool4` is the width of the pools in 4c and 4d.

    Shape: (N, in_channels, 224, 224) -> (N, num_classes)
    """

    def __init__(
        self,
        num_classes: int = 1000,
        first: Callable[..., ConvBN | SeparableConvBN] = ConvBN,
        pool4: int = 128,
        bias: bool = True,
        in_channels: int = 3,
    ) -> None:
        super().__init__()
        self.conv1 = first(in_channels, 64, 7, stride=2, bias=bias)
        self.maxpool1 = nn.MaxPool2d(kernel_size=3, stride=2, ceil_mode=True)
        self.conv2 = ConvBN(64, 64, 1, bias=bias)
        self.conv3 = ConvBN(64, 192, 3, bias=bias)
        self.maxpool2 = nn.MaxPool2d(kernel_size=3, stride=2, ceil_mode=True)

        self.inception3a = Inception(192, 64, 64, 64, 64, 96, 32, bias=bias)
        self.inception3b = Inception(256, 64, 64, 96, 64, 96, 64, bias=bias)
        self.inception3c = Reduction(320, 128, 160, 64, 96, bias=bias)

        self.inception4a = Inception(576, 224, 64, 96, 96, 128, 128, bias=bias)
        self.inception4b = Inception(576, 192, 96, 128, 96, 128, 128, bias=bias)
        self.inception4c = Inception(576, 160, 128, 160, 128, 160, pool4, bias=bias)
        self.inception4d = Inception(
            480 + pool4, 96, 128, 192, 160, 192, pool4, bias=bias
        )
        self.inception4e = Reduction(480 + pool4, 128, 192, 192, 256, bias=bias)

        self.inception5a = Inception(
            pool4 + 928, 352, 192, 320, 160, 224, 128, bias=bias
        )
        self.inception5b = Inception(
            1024, 352, 192, 320, 192, 224, 128, pool=nn.MaxPool2d, bias=bias
        )

        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(1024, num_classes)

        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_uniform_(module.weight)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)

    def forward(self, x: Tensor) -> Tensor:
        x = self.maxpool1(self.conv1(x))
        x = self.conv2(x)
        x = self.maxpool2(self.conv3(x))

        x = self.inception3a(x)
        x = self.inception3b(x)
        x = self.inception3c(x)

        x = self.inception4a(x)
        x = self.inception4b(x)
        x = self.inception4c(x)
        x = self.inception4d(x)
        x = self.inception4e(x)

        x = self.inception5a(x)
        x = self.inception5b(x)

        x = self.fc(torch.flatten(self.avgpool(x), 1))
        return x


def bninception(**kwargs: Any) -> BNInception:
    """11,295,240 parameters, 2.03 G multiply-adds at 3x224x224."""
    return BNInception(**kwargs)


def bninception_paper(**kwargs: Any) -> BNInception:
    """11,188,288 parameters, 1.93 G multiply-adds at 3x224x224."""
    return BNInception(first=SeparableConvBN, pool4=96, bias=False, **kwargs)


def bninception_paper_dense(**kwargs: Any) -> BNInception:
    """11,194,984 parameters, 2.02 G multiply-adds at 3x224x224."""
    return BNInception(pool4=96, bias=False, **kwargs)

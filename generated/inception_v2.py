"""Inception-v2 (Szegedy et al., 2015): the steps towards Inception v3, by the paper.

The widths inside the modules stood in a supplement that is lost, and nothing public has
them. Assumed are those of the released v3 (inception_v3.arch), with 3x3 for 5x5 as in
Fig. 5; a reduction as in Fig. 10 before each change of size, not counted among the 3, 5
and 2 modules of Table 1; padding in the last convolution of the stem, without which no
35x35 is left; one side head, as released; and no dropout.

Rethinking the Inception Architecture for Computer Vision, 2015.
https://arxiv.org/abs/1512.00567

Generated from specs/inception_v2.arch by archdsl; edit the spec, not this file.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn


class ConvBN(nn.Module):
    """Convolution, batch norm, ReLU.

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


class InceptionA(nn.Module):
    """35x35: 1x1, 3x3, two 3x3, pool (Fig. 5).

    Shape: (N, in_channels, H, W) -> (N, 224 + pool, H, W)
    """

    def __init__(self, in_channels: int, pool: int) -> None:
        super().__init__()
        self.branch1x1 = ConvBN(in_channels, 64, (1, 1))
        self.branch3x3_1 = ConvBN(in_channels, 48, (1, 1))
        self.branch3x3_2 = ConvBN(48, 64, (3, 3))
        self.branch3x3dbl_1 = ConvBN(in_channels, 64, (1, 1))
        self.branch3x3dbl_2 = ConvBN(64, 96, (3, 3))
        self.branch3x3dbl_3 = ConvBN(96, 96, (3, 3))
        self.avgpool = nn.AvgPool2d(kernel_size=3, stride=1, padding=1)
        self.branch_pool = ConvBN(in_channels, pool, (1, 1))

    def forward(self, x: Tensor) -> Tensor:
        branch1x1 = self.branch1x1(x)
        branch3x3 = self.branch3x3_2(self.branch3x3_1(x))
        branch3x3dbl = self.branch3x3dbl_3(self.branch3x3dbl_2(self.branch3x3dbl_1(x)))
        branch_pool = self.branch_pool(self.avgpool(x))
        return torch.cat((branch1x1, branch3x3, branch3x3dbl, branch_pool), dim=1)


class Conv7x7(nn.Sequential):
    """A first layer as GoogLeNet's.

    Shape: (N, in_channels, H, W) -> (N, 64, (H - 5) // 2, (W - 5) // 2)
    """

    def __init__(self, in_channels: int) -> None:
        super().__init__(ConvBN(in_channels, 64, (7, 7), stride=2, pad=0))


class Factorized7x7(nn.Sequential):
    """Three 3x3 in its place (Table 1).

    Shape: (N, in_channels, H, W) -> (N, 64, (H - 5) // 2, (W - 5) // 2)
    """

    def __init__(self, in_channels: int) -> None:
        super().__init__(
            ConvBN(in_channels, 32, (3, 3), stride=2, pad=0),
            ConvBN(32, 32, (3, 3), pad=0),
            ConvBN(32, 64, (3, 3)),
        )


class InceptionAux(nn.Module):
    """A side classifier (Fig. 8), with or without batch norm after its hidden layer.

    Shape: (N, in_channels, H, W) -> (N, num_classes)
    """

    def __init__(self, in_channels: int, num_classes: int, norm: bool) -> None:
        super().__init__()
        self.avgpool = nn.AvgPool2d(kernel_size=5, stride=3)
        self.conv = ConvBN(in_channels, 128, (1, 1))
        self.fc1 = nn.Linear(128 * 5 * 5, 768, bias=not norm)
        self.bn = nn.BatchNorm1d(768, eps=1e-3) if norm else None
        self.relu = nn.ReLU(inplace=True)
        self.fc2 = nn.Linear(768, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.flatten(self.conv(self.avgpool(x)), 1)
        x = self.fc1(x)
        if self.bn is not None:
            x = self.bn(x)
        x = self.fc2(self.relu(x))
        return x


class InceptionB(nn.Module):
    """35x35 to 17x17: two strided branches and a pool (Fig. 10).

    Shape: (N, in_channels, H, W) -> (N, 480 + in_channels, (H - 1) // 2, (W - 1) // 2)
    """

    def __init__(self, in_channels: int) -> None:
        super().__init__()
        self.branch3x3 = ConvBN(in_channels, 384, (3, 3), stride=2, pad=0)
        self.branch3x3dbl_1 = ConvBN(in_channels, 64, (1, 1))
        self.branch3x3dbl_2 = ConvBN(64, 96, (3, 3))
        self.branch3x3dbl_3 = ConvBN(96, 96, (3, 3), stride=2, pad=0)
        self.maxpool = nn.MaxPool2d(kernel_size=3, stride=2)

    def forward(self, x: Tensor) -> Tensor:
        branch3x3 = self.branch3x3(x)
        branch3x3dbl = self.branch3x3dbl_3(self.branch3x3dbl_2(self.branch3x3dbl_1(x)))
        branch_pool = self.maxpool(x)
        return torch.cat((branch3x3, branch3x3dbl, branch_pool), dim=1)


class InceptionC(nn.Module):
    """17x17: each 7x7 factorised into 1x7 and 7x1 (Fig. 6).

    Shape: (N, in_channels, H, W) -> (N, 768, H, W)
    """

    def __init__(self, in_channels: int, c7: int) -> None:
        super().__init__()
        self.branch1x1 = ConvBN(in_channels, 192, (1, 1))
        self.branch7x7_1 = ConvBN(in_channels, c7, (1, 1))
        self.branch7x7_2 = ConvBN(c7, c7, (1, 7))
        self.branch7x7_3 = ConvBN(c7, 192, (7, 1))
        self.branch7x7dbl_1 = ConvBN(in_channels, c7, (1, 1))
        self.branch7x7dbl_2 = ConvBN(c7, c7, (7, 1))
        self.branch7x7dbl_3 = ConvBN(c7, c7, (1, 7))
        self.branch7x7dbl_4 = ConvBN(c7, c7, (7, 1))
        self.branch7x7dbl_5 = ConvBN(c7, 192, (1, 7))
        self.avgpool = nn.AvgPool2d(kernel_size=3, stride=1, padding=1)
        self.branch_pool = ConvBN(in_channels, 192, (1, 1))

    def forward(self, x: Tensor) -> Tensor:
        branch1x1 = self.branch1x1(x)
        branch7x7 = self.branch7x7_3(self.branch7x7_2(self.branch7x7_1(x)))
        branch7x7dbl = self.branch7x7dbl_3(self.branch7x7dbl_2(self.branch7x7dbl_1(x)))
        branch7x7dbl = self.branch7x7dbl_5(self.branch7x7dbl_4(branch7x7dbl))
        branch_pool = self.branch_pool(self.avgpool(x))
        return torch.cat((branch1x1, branch7x7, branch7x7dbl, branch_pool), dim=1)


class InceptionD(nn.Module):
    """17x17 to 8x8.

    Shape: (N, in_channels, H, W) -> (N, 512 + in_channels, (H - 1) // 2, (W - 1) // 2)
    """

    def __init__(self, in_channels: int) -> None:
        super().__init__()
        self.branch3x3_1 = ConvBN(in_channels, 192, (1, 1))
        self.branch3x3_2 = ConvBN(192, 320, (3, 3), stride=2, pad=0)
        self.branch7x7x3_1 = ConvBN(in_channels, 192, (1, 1))
        self.branch7x7x3_2 = ConvBN(192, 192, (1, 7))
        self.branch7x7x3_3 = ConvBN(192, 192, (7, 1))
        self.branch7x7x3_4 = ConvBN(192, 192, (3, 3), stride=2, pad=0)
        self.maxpool = nn.MaxPool2d(kernel_size=3, stride=2)

    def forward(self, x: Tensor) -> Tensor:
        branch3x3 = self.branch3x3_2(self.branch3x3_1(x))
        branch7x7x3 = self.branch7x7x3_3(self.branch7x7x3_2(self.branch7x7x3_1(x)))
        branch7x7x3 = self.branch7x7x3_4(branch7x7x3)
        branch_pool = self.maxpool(x)
        return torch.cat((branch3x3, branch7x7x3, branch_pool), dim=1)


class InceptionE(nn.Module):
    """8x8: the 3x3 spread into 1x3 and 3x1 side by side (Fig. 7).

    Shape: (N, in_channels, H, W) -> (N, 2048, H, W)
    """

    def __init__(self, in_channels: int) -> None:
        super().__init__()
        self.branch1x1 = ConvBN(in_channels, 320, (1, 1))
        self.branch3x3_1 = ConvBN(in_channels, 384, (1, 1))
        self.branch3x3_2a = ConvBN(384, 384, (1, 3))
        self.branch3x3_2b = ConvBN(384, 384, (3, 1))
        self.branch3x3dbl_1 = ConvBN(in_channels, 448, (1, 1))
        self.branch3x3dbl_2 = ConvBN(448, 384, (3, 3))
        self.branch3x3dbl_3a = ConvBN(384, 384, (1, 3))
        self.branch3x3dbl_3b = ConvBN(384, 384, (3, 1))
        self.avgpool = nn.AvgPool2d(kernel_size=3, stride=1, padding=1)
        self.branch_pool = ConvBN(in_channels, 192, (1, 1))

    def forward(self, x: Tensor) -> Tensor:
        branch1x1 = self.branch1x1(x)
        branch3x3 = self.branch3x3_1(x)
        branch3x3_2a = self.branch3x3_2a(branch3x3)
        branch3x3_2b = self.branch3x3_2b(branch3x3)
        branch3x3 = torch.cat((branch3x3_2a, branch3x3_2b), dim=1)
        branch3x3dbl = self.branch3x3dbl_2(self.branch3x3dbl_1(x))
        branch3x3dbl_3a = self.branch3x3dbl_3a(branch3x3dbl)
        branch3x3dbl_3b = self.branch3x3dbl_3b(branch3x3dbl)
        branch3x3dbl = torch.cat((branch3x3dbl_3a, branch3x3dbl_3b), dim=1)
        branch_pool = self.branch_pool(self.avgpool(x))
        return torch.cat((branch1x1, branch3x3, branch3x3dbl, branch_pool), dim=1)


class InceptionV2Output(NamedTuple):
    """What training returns: the logits, then the side heads.

    Weights in the loss: 0.4 for aux.
    """

    logits: Tensor
    aux: Tensor


class InceptionV2(nn.Module):
    """Table 1, with the reductions of Fig. 10 between its groups of modules.

    Shape: (N, in_channels, 299, 299) -> (N, num_classes)
    """

    def __init__(
        self,
        num_classes: int = 1000,
        first: Callable[..., Conv7x7 | Factorized7x7] = Conv7x7,
        norm_aux: bool = False,
        in_channels: int = 3,
    ) -> None:
        super().__init__()
        self.conv1 = first(in_channels)
        self.maxpool = nn.MaxPool2d(kernel_size=3, stride=2)
        self.conv2 = ConvBN(64, 80, (3, 3), pad=0)
        self.conv3 = ConvBN(80, 192, (3, 3), stride=2, pad=0)
        self.conv4 = ConvBN(192, 288, (3, 3))

        self.mixed5 = nn.Sequential(*[InceptionA(288, 64) for _ in range(3)])

        self.mixed6a = InceptionB(288)
        self.mixed6b = InceptionC(768, 128)
        self.mixed6c = InceptionC(768, 160)
        self.mixed6d = InceptionC(768, 160)
        self.mixed6e = InceptionC(768, 192)
        self.mixed6f = InceptionC(768, 192)

        self.aux = InceptionAux(768, num_classes, norm_aux)

        self.mixed7a = InceptionD(768)
        self.mixed7b = InceptionE(1280)
        self.mixed7c = InceptionE(2048)

        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(2048, num_classes)

        for name, module in self.named_modules():
            if isinstance(module, nn.Linear) and name == "aux.fc1":
                nn.init.trunc_normal_(module.weight, std=0.01)
            elif isinstance(module, nn.Linear) and name == "aux.fc2":
                nn.init.trunc_normal_(module.weight, std=1e-3)
            elif isinstance(module, (nn.Conv2d, nn.Linear)):
                nn.init.trunc_normal_(module.weight, std=0.1)

    def forward(self, x: Tensor) -> Tensor | InceptionV2Output:
        x = self.maxpool(self.conv1(x))
        x = self.conv2(x)
        x = self.conv4(self.conv3(x))

        x = self.mixed5(x)

        x = self.mixed6a(x)
        x = self.mixed6b(x)
        x = self.mixed6c(x)
        x = self.mixed6d(x)
        x = self.mixed6e(x)
        x = self.mixed6f(x)

        aux = self.aux(x) if self.training else None

        x = self.mixed7a(x)
        x = self.mixed7b(x)
        x = self.mixed7c(x)

        x = self.fc(torch.flatten(self.avgpool(x), 1))
        if aux is None:
            return x
        return InceptionV2Output(x, aux)


def inception_v2(**kwargs: Any) -> InceptionV2:
    """29,711,888 parameters, 26,385,960 without side heads; 6.07 G multiply-adds at
    3x299x299.
    """
    return InceptionV2(**kwargs)


def inception_v2_factorized_7x7(**kwargs: Any) -> InceptionV2:
    """29,731,120 parameters, 26,405,192 without side heads; 6.48 G multiply-adds at
    3x299x299.
    """
    return InceptionV2(first=Factorized7x7, **kwargs)


def inception_v2_bn_auxiliary(**kwargs: Any) -> InceptionV2:
    """29,731,888 parameters, 26,405,192 without side heads; 6.48 G multiply-adds at
    3x299x299.
    """
    return InceptionV2(first=Factorized7x7, norm_aux=True, **kwargs)

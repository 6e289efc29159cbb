"""Inception v3 (Szegedy et al., 2015), with torchvision's keys.

The input is normalised as for torchvision's other models. What its pretrained weights
need beyond that, `transform_input`, is no part of the network.

Rethinking the Inception Architecture for Computer Vision, 2015.
https://arxiv.org/abs/1512.00567

Generated from specs/inception_v3.arch by archdsl; edit the spec, not this file.
"""

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
    """35x35: 1x1, 5x5, two 3x3, pool (Fig. 5, with the 5x5 kept).

    Shape: (N, in_channels, H, W) -> (N, 224 + pool, H, W)
    """

    def __init__(self, in_channels: int, pool: int) -> None:
        super().__init__()
        self.branch1x1 = ConvBN(in_channels, 64, (1, 1))
        self.branch5x5_1 = ConvBN(in_channels, 48, (1, 1))
        self.branch5x5_2 = ConvBN(48, 64, (5, 5))
        self.branch3x3dbl_1 = ConvBN(in_channels, 64, (1, 1))
        self.branch3x3dbl_2 = ConvBN(64, 96, (3, 3))
        self.branch3x3dbl_3 = ConvBN(96, 96, (3, 3))
        self.avgpool = nn.AvgPool2d(kernel_size=3, stride=1, padding=1)
        self.branch_pool = ConvBN(in_channels, pool, (1, 1))

    def forward(self, x: Tensor) -> Tensor:
        branch1x1 = self.branch1x1(x)
        branch5x5 = self.branch5x5_2(self.branch5x5_1(x))
        branch3x3dbl = self.branch3x3dbl_3(self.branch3x3dbl_2(self.branch3x3dbl_1(x)))
        branch_pool = self.branch_pool(self.avgpool(x))
        return torch.cat((branch1x1, branch5x5, branch3x3dbl, branch_pool), dim=1)


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


class InceptionAux(nn.Module):
    """A side classifier with batch norm (Fig. 8).

    Shape: (N, in_channels, H, W) -> (N, num_classes)
    """

    def __init__(self, in_channels: int, num_classes: int) -> None:
        super().__init__()
        self.avgpool1 = nn.AvgPool2d(kernel_size=5, stride=3)
        self.conv0 = ConvBN(in_channels, 128, (1, 1))
        self.conv1 = ConvBN(128, 768, (5, 5), pad=0)
        self.avgpool2 = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(768, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv1(self.conv0(self.avgpool1(x)))
        x = self.fc(torch.flatten(self.avgpool2(x), 1))
        return x


class InceptionV3Output(NamedTuple):
    """What training returns: the logits, then the side heads.

    Weights in the loss: 0.4 for AuxLogits.
    """

    logits: Tensor
    AuxLogits: Tensor


class InceptionV3(nn.Module):
    """The released network; Table 1 of the paper shows an earlier stem.

    Shape: (N, in_channels, 299, 299) -> (N, num_classes)
    """

    def __init__(
        self,
        num_classes: int = 1000,
        aux_logits: bool = True,
        dropout: float = 0.5,
        in_channels: int = 3,
    ) -> None:
        super().__init__()
        self.Conv2d_1a_3x3 = ConvBN(in_channels, 32, (3, 3), stride=2, pad=0)
        self.Conv2d_2a_3x3 = ConvBN(32, 32, (3, 3), pad=0)
        self.Conv2d_2b_3x3 = ConvBN(32, 64, (3, 3))
        self.maxpool1 = nn.MaxPool2d(kernel_size=3, stride=2)
        self.Conv2d_3b_1x1 = ConvBN(64, 80, (1, 1))
        self.Conv2d_4a_3x3 = ConvBN(80, 192, (3, 3), pad=0)
        self.maxpool2 = nn.MaxPool2d(kernel_size=3, stride=2)

        self.Mixed_5b = InceptionA(192, 32)
        self.Mixed_5c = InceptionA(256, 64)
        self.Mixed_5d = InceptionA(288, 64)

        self.Mixed_6a = InceptionB(288)
        self.Mixed_6b = InceptionC(768, 128)
        self.Mixed_6c = InceptionC(768, 160)
        self.Mixed_6d = InceptionC(768, 160)
        self.Mixed_6e = InceptionC(768, 192)

        self.AuxLogits = InceptionAux(768, num_classes) if aux_logits else None

        self.Mixed_7a = InceptionD(768)
        self.Mixed_7b = InceptionE(1280)
        self.Mixed_7c = InceptionE(2048)

        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.dropout = nn.Dropout(dropout)
        self.fc = nn.Linear(2048, num_classes)

        for name, module in self.named_modules():
            if isinstance(module, nn.Conv2d) and name.startswith("AuxLogits.conv1."):
                nn.init.trunc_normal_(module.weight, std=0.01)
            elif isinstance(module, nn.Linear) and name == "AuxLogits.fc":
                nn.init.trunc_normal_(module.weight, std=1e-3)
            elif isinstance(module, (nn.Conv2d, nn.Linear)):
                nn.init.trunc_normal_(module.weight, std=0.1)

    def forward(self, x: Tensor) -> Tensor | InceptionV3Output:
        x = self.Conv2d_1a_3x3(x)
        x = self.Conv2d_2a_3x3(x)
        x = self.maxpool1(self.Conv2d_2b_3x3(x))
        x = self.Conv2d_3b_1x1(x)
        x = self.maxpool2(self.Conv2d_4a_3x3(x))

        x = self.Mixed_5b(x)
        x = self.Mixed_5c(x)
        x = self.Mixed_5d(x)

        x = self.Mixed_6a(x)
        x = self.Mixed_6b(x)
        x = self.Mixed_6c(x)
        x = self.Mixed_6d(x)
        x = self.Mixed_6e(x)

        AuxLogits = (
            self.AuxLogits(x) if self.training and self.AuxLogits is not None else None
        )

        x = self.Mixed_7a(x)
        x = self.Mixed_7b(x)
        x = self.Mixed_7c(x)

        x = self.fc(torch.flatten(self.dropout(self.avgpool(x)), 1))
        if AuxLogits is None:
            return x
        return InceptionV3Output(x, AuxLogits)


def inception_v3(**kwargs: Any) -> InceptionV3:
    """27,161,264 parameters, 23,834,568 without side heads; 5.71 G multiply-adds at
    3x299x299.
    """
    return InceptionV3(**kwargs)


def inception_v3_noaux(**kwargs: Any) -> InceptionV3:
    """23,834,568 parameters, 5.71 G multiply-adds at 3x299x299."""
    return InceptionV3(aux_logits=False, **kwargs)

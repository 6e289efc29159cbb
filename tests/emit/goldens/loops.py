"""loops

Generated from specs/loops.arch by archdsl; edit the spec, not this file.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

ROWS = ((3, 4, 1, nn.ReLU), (5, 8, 2, nn.ReLU), (5, 12, 3, nn.Hardswish))


class ConvAct(nn.Module):
    """Shape: (N, in_channels, H, W) -> (N, width, ceil(H / stride),
    ceil(W / stride))
    """

    def __init__(
        self,
        in_channels: int,
        width: int,
        kernel: int,
        stride: int = 1,
        act: Callable[..., nn.Module] | None = None,
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(
            in_channels,
            width,
            kernel_size=kernel,
            stride=stride,
            padding=kernel // 2,
            bias=False,
        )
        self.bn = nn.BatchNorm2d(width)
        self.act = act(inplace=True) if act is not None else None

    def forward(self, x: Tensor) -> Tensor:
        x = self.bn(self.conv(x))
        if self.act is not None:
            x = self.act(x)
        return x


class Deep(nn.Module):
    """Shape: (N, in_channels, H, W) -> (N, 8, H, W)"""

    def __init__(self, in_channels: int, n: int, width: int) -> None:
        super().__init__()
        channels = in_channels
        self.relu = nn.ReLU(inplace=True)
        self.conv = nn.ModuleList()
        self.bn = nn.ModuleList()
        for _ in range(n):
            self.conv.append(
                nn.Conv2d(channels, width, kernel_size=3, padding=1, bias=False)
            )
            self.bn.append(nn.BatchNorm2d(width))
            channels = width
        self.odd = nn.ModuleList()
        for i in range(n):
            self.odd.append(nn.Conv2d(channels, width + i, kernel_size=1))
            channels = width + i
        self.conv_act = nn.ModuleList()
        for out, times in ((4, 1), (8, 2)):

            conv_act: list[nn.Module] = []
            for _ in range(times):
                conv_act.append(ConvAct(channels, out, 3))
                channels = out
            self.conv_act.append(nn.Sequential(*conv_act))

    def forward(self, x: Tensor) -> Tensor:
        for conv, bn in zip(self.conv, self.bn, strict=True):
            x = self.relu(bn(conv(x)))
        for odd in self.odd:
            x = self.relu(odd(x))
        for conv_act in self.conv_act:
            x = conv_act(x)
        return x


class Named(nn.Module):
    """A loop whose result has a name works on a variable of that name.

    Shape: (N, in_channels, H, W) -> (N, width, H, W)
    """

    def __init__(self, in_channels: int, width: int, n: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, width, kernel_size=3, padding=1)
        self.relu = nn.ReLU(inplace=True)
        self.bn = nn.ModuleList()
        self.conv2 = nn.ModuleList()
        for _ in range(n):
            self.bn.append(nn.BatchNorm2d(width))
            self.conv2.append(nn.Conv2d(width, width, kernel_size=3, padding=1))

    def forward(self, x: Tensor) -> Tensor:
        first = self.conv1(x)
        refined = first
        for bn, conv2 in zip(self.bn, self.conv2, strict=True):
            refined = self.relu(conv2(bn(refined)))
        x = refined + first
        return x


class Loops(nn.Module):
    """Shape: (N, in_channels, 32, 32) -> (N, 10)"""

    def __init__(
        self, wide: bool = False, norm: bool = True, in_channels: int = 3
    ) -> None:
        super().__init__()
        channels = in_channels
        self.conv_act1 = nn.ModuleList()
        self.conv_act2 = nn.ModuleList()
        for kernel, width, n, act in ROWS:
            self.conv_act1.append(
                ConvAct(
                    channels, width * 2 if wide else width, kernel, stride=2, act=act
                )
            )
            self.conv_act2.append(
                nn.Sequential(
                    *[
                        ConvAct(
                            width * 2 if wide else width,
                            width * 2 if wide else width,
                            kernel,
                            act=act,
                        )
                        for _ in range(n - 1)
                    ]
                )
            )
            channels = width * 2 if wide else width
        self.last: nn.BatchNorm2d | nn.Dropout
        if norm:
            self.last = nn.BatchNorm2d(channels)
        else:
            self.last = nn.Dropout(0.1)
        self.deep1 = Deep(channels, 2, 8)
        self.deep2 = Deep(8, 3, 4)
        self.named1 = Named(8, 4, 2)
        self.named2 = Named(4, 4, 1)
        self.conv = nn.Conv2d(4, 16, kernel_size=1)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(16, 10)

    def forward(self, x: Tensor) -> Tensor:
        for conv_act1, conv_act2 in zip(self.conv_act1, self.conv_act2, strict=True):
            x = conv_act1(x)
            x = conv_act2(x)
        x = self.last(x)
        x = self.named2(self.named1(self.deep2(self.deep1(x))))
        x = self.fc(torch.flatten(self.avgpool(self.conv(x)), 1))
        return x


def loops(**kwargs: Any) -> Loops:
    """18,056 parameters, 421,632 multiply-adds at 3x32x32."""
    return Loops(**kwargs)


def loops_wide(**kwargs: Any) -> Loops:
    """55,116 parameters, 1.4 M multiply-adds at 3x32x32."""
    return Loops(wide=True, norm=False, **kwargs)

"""Activations as in in_place, each with a module of its own: each is decided apart.

Generated from specs/in_place_apart.arch by archdsl; edit the spec, not this file.
"""

from collections import OrderedDict
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn


class StochasticDepth(nn.Module):
    """Drops a branch with probability p while training.

    In mode "row" for each sample apart, in mode "batch" for all alike.
    """

    def __init__(self, p: float, mode: str = "row") -> None:
        super().__init__()
        self.p = p
        self.mode = mode

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or self.p == 0.0:
            return x
        keep = 1.0 - self.p
        samples = x.shape[0] if self.mode == "row" else 1
        mask = x.new_empty((samples,) + (1,) * (x.ndim - 1)).bernoulli_(keep)
        if keep > 0.0:
            mask.div_(keep)
        return x * mask


class Starts(nn.Module):
    """Shape: (N, in_channels, H, W) -> (N, 8, H, W)"""

    def __init__(self, in_channels: int) -> None:
        super().__init__()
        self.r1 = nn.ReLU()
        self.conv = nn.Conv2d(in_channels, 8, kernel_size=3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(self.r1(x))
        return x


class Passes(nn.Module):
    """Shape: (N, C, H, W) -> (N, C, H, W)"""

    def __init__(self, p: float) -> None:
        super().__init__()
        self.dropout = nn.Dropout(p)

    def forward(self, x: Tensor) -> Tensor:
        x = self.dropout(x)
        return x


class Views(nn.Module):
    """Shape: (N, in_channels, H, W) -> (N, 8, H, W)"""

    def __init__(self, in_channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, 8, kernel_size=3, padding=1)
        self.r2 = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        height, width = x.shape[-2:]
        y = self.conv(x)
        z = self.r2(y.reshape(y.shape[0], 4, 2 * height, width))
        z2 = z.reshape(z.shape[0], 8, height, width)
        x = y + z2
        return x


class Parts(nn.Module):
    """Shape: (N, in_channels, H, W) -> (N, 8, H, W)"""

    def __init__(self, in_channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, 8, kernel_size=3, padding=1)
        self.r3 = nn.ReLU()
        self.r4 = nn.ReLU6()
        self.conv2 = nn.Conv2d(16, 8, kernel_size=1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv1(x)
        a, b = torch.chunk(x, 2, dim=1)
        c = self.r3(a)
        d = self.r4(b)
        x = self.conv2(torch.cat((a, c, b, d), dim=1))
        return x


class Saved(nn.Module):
    """Shape: (N, in_channels, H, W) -> (N, 8, H, W)"""

    def __init__(self, in_channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, 8, kernel_size=3, padding=1)
        self.sigmoid = nn.Sigmoid()
        self.r5 = nn.ReLU()
        self.tanh = nn.Tanh()
        self.r6 = nn.ReLU()
        self.r7 = nn.ELU()
        self.r8 = nn.ReLU()
        self.r9 = nn.SiLU()
        self.r10 = nn.Hardswish()
        self.r11 = nn.ReLU()
        self.softmax = nn.Softmax(dim=1)
        self.r12 = nn.ReLU()
        self.gelu = nn.GELU()
        self.r13 = nn.LeakyReLU(negative_slope=0.1)
        self.softplus = nn.Softplus()
        self.r14 = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        x = self.r8(self.r7(self.r6(self.tanh(self.r5(self.sigmoid(self.conv(x)))))))
        x = self.r11(self.r10(self.r9(x)))
        x = self.r14(self.softplus(self.r13(self.gelu(self.r12(self.softmax(x))))))
        return x


class Dropped(nn.Module):
    """Shape: (N, in_channels, H, W) -> (N, 8, H, W)"""

    def __init__(self, in_channels: int, p: float) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, 8, kernel_size=3, padding=1)
        self.dropout = nn.Dropout(p)
        self.r15 = nn.ReLU()
        self.passes = Passes(p)
        self.r16 = nn.ReLU()
        self.r17 = nn.ReLU()
        self.stochastic_depth = StochasticDepth(p)
        self.r41 = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x)
        y = self.r15(self.dropout(x))
        z = self.r16(self.passes(x))
        w = self.r17(x)
        u = self.r41(self.stochastic_depth(x))
        x = x + y + z + w + u
        return x


class Branches(nn.Module):
    """Shape: (N, in_channels, H, W) -> (N, 8, H, W)"""

    def __init__(self, in_channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, 8, kernel_size=3, padding=1)
        self.r18 = nn.ReLU()
        self.conv2 = nn.Conv2d(8, 8, kernel_size=1)
        self.r19 = nn.ReLU()
        self.conv3 = nn.Conv2d(8, 8, kernel_size=1)
        self.starts = Starts(8)
        self.r20 = nn.ReLU()
        self.r21 = nn.ReLU(inplace=True)
        self.conv4 = nn.Conv2d(16, 8, kernel_size=1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv1(x)
        x = x + self.conv2(self.r18(x)) + self.conv3(self.r19(x)) + self.starts(x)
        x = self.conv4(self.r21(torch.cat((self.r20(x), x), dim=1)))
        return x


class Kept(nn.Module):
    """Shape: (N, in_channels, H, W) -> (N, 8, H, W)"""

    def __init__(self, in_channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, 8, kernel_size=3, padding=1, bias=False)
        self.bn = nn.BatchNorm2d(8)
        self.r22 = nn.ReLU()
        self.conv2 = nn.Conv2d(8, 8, kernel_size=3, padding=1)
        self.r23 = nn.ReLU(inplace=True)
        self.r24 = nn.ReLU(inplace=True)
        self.r25 = nn.ReLU(inplace=True)
        self.r26 = nn.ReLU()
        self.r27 = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        n = self.bn(self.conv1(x))
        a = self.r22(n)
        b = self.r23(self.conv2(a))
        m = self.r24(a * b)
        k = self.r25(m - n)
        x = self.r27(self.r26(k))
        return x


class Taken(nn.Module):
    """Shape: (N, C_a, H_a, W_a), (N, C_b, H_b, W_b) -> (N, C_a, H_a, W_a), (N, C_a,
    H_a, W_a)
    """

    def __init__(self) -> None:
        super().__init__()
        self.r28 = nn.ReLU(inplace=True)

    def forward(self, a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
        c = self.r28(a + b)
        return c, a


class Twice(nn.Module):
    """Shape: (N, in_channels, H, W) -> (N, 8, H, W)"""

    def __init__(self, in_channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, 8, kernel_size=3, padding=1)
        self.unit = nn.ReLU()
        self.conv2 = nn.Conv2d(8, 8, kernel_size=3, padding=1)
        self.act = Starts(8)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv1(x)
        y = self.unit(self.conv2(self.unit(x)))
        z = self.act(self.act(x))
        x = self.unit(x + y + z)
        return x


class InPlaceApartOutput(NamedTuple):
    """What training returns: the logits, then the side heads.

    Weights in the loss: 0.1 for side.
    """

    logits: Tensor
    side: Tensor


class InPlaceApart(nn.Module):
    """Shape: (N, in_channels, 8, 8) -> (N, 10)"""

    def __init__(self, p: float = 0.3, in_channels: int = 8) -> None:
        super().__init__()
        self.r29 = nn.ReLU()
        self.starts = Starts(in_channels)
        self.views = Views(8)
        self.parts = Parts(8)
        self.saved = Saved(8)
        self.dropped1 = Dropped(8, p)
        self.dropped2 = Dropped(8, 0.0)
        self.taken = Taken()
        self.r30 = nn.ReLU()
        self.branches = Branches(8)
        self.kept = Kept(8)
        self.twice = Twice(8)
        self.side = nn.Sequential(
            OrderedDict(
                [
                    ("r31", nn.ReLU()),
                    ("1", nn.Flatten()),
                    ("2", nn.Linear(8 * 8 * 8, 10)),
                ]
            )
        )
        self.r32 = nn.ReLU()
        self.conv = nn.Conv2d(8, 8, kernel_size=3, padding=1)
        self.r33 = nn.ReLU()
        self.r34 = nn.ReLU()
        self.maxpool = nn.MaxPool2d(kernel_size=2)
        self.r35 = nn.ReLU(inplace=True)
        self.upsample = nn.Upsample(scale_factor=2)
        self.r36 = nn.ReLU()
        self.r37 = nn.ReLU()
        self.r38 = nn.ReLU(inplace=True)
        self.avgpool = nn.AvgPool2d(kernel_size=1)
        self.r39 = nn.ReLU(inplace=True)
        self.r40 = nn.ReLU()
        self.fc = nn.Linear(16 * 8 * 8, 10)

    def forward(self, x: Tensor) -> Tensor | InPlaceApartOutput:
        x = self.dropped1(self.saved(self.parts(self.views(self.starts(self.r29(x))))))
        v = self.dropped2(x)
        e, f = self.taken(v, v)
        g = self.r30(f)
        h = self.twice(self.kept(self.branches(e + f + g + v)))
        side = self.side(h) if self.training else None
        out = self.conv(self.r32(h))
        x = h + out
        out = self.r34(self.r33(x))
        r = x + out
        u = self.r36(self.upsample(self.r35(self.maxpool(r))))
        q = self.r39(self.avgpool(self.r38(torch.cat((u, self.r37(u)), dim=1))))
        x = self.fc(self.r40(torch.flatten(q, 1)))
        if side is None:
            return x
        return InPlaceApartOutput(x, side)


def in_place_apart(**kwargs: Any) -> InPlaceApart:
    """23,980 parameters, 18,850 without side heads; 587,776 multiply-adds at 8x8x8."""
    return InPlaceApart(**kwargs)

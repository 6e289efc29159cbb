"""Activations where something else reads what they get, or what makes it.

Generated from specs/in_place.arch by archdsl; edit the spec, not this file.
"""

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
        self.relu = nn.ReLU()
        self.conv = nn.Conv2d(in_channels, 8, kernel_size=3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(self.relu(x))
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
        self.relu = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        height, width = x.shape[-2:]
        y = self.conv(x)
        z = self.relu(y.reshape(y.shape[0], 4, 2 * height, width))
        z2 = z.reshape(z.shape[0], 8, height, width)
        x = y + z2
        return x


class Parts(nn.Module):
    """Shape: (N, in_channels, H, W) -> (N, 8, H, W)"""

    def __init__(self, in_channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, 8, kernel_size=3, padding=1)
        self.relu = nn.ReLU()
        self.relu6 = nn.ReLU6()
        self.conv2 = nn.Conv2d(16, 8, kernel_size=1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv1(x)
        a, b = torch.chunk(x, 2, dim=1)
        c = self.relu(a)
        d = self.relu6(b)
        x = self.conv2(torch.cat((a, c, b, d), dim=1))
        return x


class Saved(nn.Module):
    """Shape: (N, in_channels, H, W) -> (N, 8, H, W)"""

    def __init__(self, in_channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, 8, kernel_size=3, padding=1)
        self.sigmoid = nn.Sigmoid()
        self.relu = nn.ReLU()
        self.tanh = nn.Tanh()
        self.elu = nn.ELU()
        self.silu = nn.SiLU()
        self.hardswish = nn.Hardswish()
        self.softmax = nn.Softmax(dim=1)
        self.gelu = nn.GELU()
        self.leaky_relu = nn.LeakyReLU(negative_slope=0.1)
        self.softplus = nn.Softplus()

    def forward(self, x: Tensor) -> Tensor:
        x = self.elu(self.relu(self.tanh(self.relu(self.sigmoid(self.conv(x))))))
        x = self.relu(self.hardswish(self.silu(self.relu(x))))
        x = self.softplus(self.leaky_relu(self.gelu(self.relu(self.softmax(x)))))
        x = self.relu(x)
        return x


class Dropped(nn.Module):
    """Shape: (N, in_channels, H, W) -> (N, 8, H, W)"""

    def __init__(self, in_channels: int, p: float) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, 8, kernel_size=3, padding=1)
        self.dropout = nn.Dropout(p)
        self.relu = nn.ReLU()
        self.passes = Passes(p)
        self.stochastic_depth = StochasticDepth(p)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x)
        y = self.relu(self.dropout(x))
        z = self.relu(self.passes(x))
        w = self.relu(x)
        u = self.relu(self.stochastic_depth(x))
        x = x + y + z + w + u
        return x


class Branches(nn.Module):
    """Shape: (N, in_channels, H, W) -> (N, 8, H, W)"""

    def __init__(self, in_channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, 8, kernel_size=3, padding=1)
        self.relu = nn.ReLU()
        self.conv2 = nn.Conv2d(8, 8, kernel_size=1)
        self.conv3 = nn.Conv2d(8, 8, kernel_size=1)
        self.starts = Starts(8)
        self.conv4 = nn.Conv2d(16, 8, kernel_size=1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv1(x)
        x = x + self.conv2(self.relu(x)) + self.conv3(self.relu(x)) + self.starts(x)
        x = self.conv4(self.relu(torch.cat((self.relu(x), x), dim=1)))
        return x


class Kept(nn.Module):
    """Shape: (N, in_channels, H, W) -> (N, 8, H, W)"""

    def __init__(self, in_channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, 8, kernel_size=3, padding=1, bias=False)
        self.bn = nn.BatchNorm2d(8)
        self.relu = nn.ReLU()
        self.conv2 = nn.Conv2d(8, 8, kernel_size=3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        n = self.bn(self.conv1(x))
        a = self.relu(n)
        b = self.relu(self.conv2(a))
        m = self.relu(a * b)
        k = self.relu(m - n)
        x = self.relu(self.relu(k))
        return x


class Taken(nn.Module):
    """Shape: (N, C_a, H_a, W_a), (N, C_b, H_b, W_b) -> (N, C_a, H_a, W_a), (N, C_a,
    H_a, W_a)
    """

    def __init__(self) -> None:
        super().__init__()
        self.relu = nn.ReLU(inplace=True)

    def forward(self, a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
        c = self.relu(a + b)
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


class InPlaceOutput(NamedTuple):
    """What training returns: the logits, then the side heads.

    Weights in the loss: 0.1 for side.
    """

    logits: Tensor
    side: Tensor


class InPlace(nn.Module):
    """Shape: (N, in_channels, 8, 8) -> (N, 10)"""

    def __init__(self, p: float = 0.3, in_channels: int = 8) -> None:
        super().__init__()
        self.relu = nn.ReLU()
        self.starts = Starts(in_channels)
        self.views = Views(8)
        self.parts = Parts(8)
        self.saved = Saved(8)
        self.dropped1 = Dropped(8, p)
        self.dropped2 = Dropped(8, 0.0)
        self.taken = Taken()
        self.branches = Branches(8)
        self.kept = Kept(8)
        self.twice = Twice(8)
        self.side = nn.Sequential(nn.ReLU(), nn.Flatten(), nn.Linear(8 * 8 * 8, 10))
        self.conv = nn.Conv2d(8, 8, kernel_size=3, padding=1)
        self.maxpool = nn.MaxPool2d(kernel_size=2)
        self.upsample = nn.Upsample(scale_factor=2)
        self.avgpool = nn.AvgPool2d(kernel_size=1)
        self.fc = nn.Linear(16 * 8 * 8, 10)

    def forward(self, x: Tensor) -> Tensor | InPlaceOutput:
        x = self.dropped1(self.saved(self.parts(self.views(self.starts(self.relu(x))))))
        v = self.dropped2(x)
        e, f = self.taken(v, v)
        g = self.relu(f)
        h = self.twice(self.kept(self.branches(e + f + g + v)))
        side = self.side(h) if self.training else None
        out = self.conv(self.relu(h))
        x = h + out
        out = self.relu(self.relu(x))
        r = x + out
        u = self.relu(self.upsample(self.relu(self.maxpool(r))))
        q = self.relu(self.avgpool(self.relu(torch.cat((u, self.relu(u)), dim=1))))
        x = self.fc(self.relu(torch.flatten(q, 1)))
        if side is None:
            return x
        return InPlaceOutput(x, side)


def in_place(**kwargs: Any) -> InPlace:
    """23,980 parameters, 18,850 without side heads; 587,776 multiply-adds at 8x8x8."""
    return InPlace(**kwargs)

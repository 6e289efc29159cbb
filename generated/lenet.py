"""LeNet-5 (LeCun et al., 1998): as published, as taught, and as in Caffe.

Gradient-Based Learning Applied to Document Recognition, 1998.
https://doi.org/10.1109/5.726791

Generated from specs/lenet.arch by archdsl; edit the spec, not this file.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

CONNECTIONS = (
    (0, 1, 2),
    (1, 2, 3),
    (2, 3, 4),
    (3, 4, 5),
    (0, 4, 5),
    (0, 1, 5),
    (0, 1, 2, 3),
    (1, 2, 3, 4),
    (2, 3, 4, 5),
    (0, 3, 4, 5),
    (0, 1, 4, 5),
    (0, 1, 2, 5),
    (0, 1, 3, 4),
    (1, 2, 4, 5),
    (0, 2, 3, 5),
    (0, 1, 2, 3, 4, 5),
)


class Squash(nn.Module):
    """The scaled hyperbolic tangent of Appendix A: 1.7159 tanh(2x / 3).

    Shape: (N, in_channels, H, W) -> (N, in_channels, H, W)
    """

    def __init__(self) -> None:
        super().__init__()
        self.tanh = nn.Tanh()

    def forward(self, x: Tensor) -> Tensor:
        x = self.tanh(x * (2 / 3))
        x = x * 1.7159
        return x


class Subsample(nn.Module):
    """The mean of 2x2 pixels, one trainable coefficient and bias a map, squashed.

    Shape: (N, in_channels, H, W) -> (N, in_channels, H // 2, W // 2)
    """

    def __init__(self, in_channels: int) -> None:
        super().__init__()
        self.coefficient = nn.Parameter(torch.ones(in_channels, 1, 1))
        self.bias = nn.Parameter(torch.zeros(in_channels, 1, 1))
        self.avgpool = nn.AvgPool2d(kernel_size=2)
        self.squash = Squash()

    def forward(self, x: Tensor) -> Tensor:
        mean = self.avgpool(x)
        x = self.squash(self.coefficient * mean + self.bias)
        return x


class PartialConv(nn.Module):
    """A convolution whose maps each see only the inputs that their row lists.

    Shape: (N, in_channels, H, W) -> (N, len(table), H - kernel + 1, W - kernel + 1)
    """

    def __init__(self, table: Sequence[Sequence[int]], kernel: int) -> None:
        super().__init__()
        self.convs = nn.ModuleList(
            nn.Conv2d(len(row), 1, kernel_size=kernel) for row in table
        )
        self.table = table

    def forward(self, x: Tensor) -> Tensor:
        branches = [
            conv(x[:, row]) for row, conv in zip(self.table, self.convs, strict=True)
        ]
        return torch.cat(branches, dim=1)


class LeNet5(nn.Module):
    """Fig. 2, with a linear layer for the fixed radial basis functions of the output.

    Shape: (N, in_channels, 32, 32) -> (N, num_classes)
    """

    def __init__(self, num_classes: int = 10, in_channels: int = 1) -> None:
        super().__init__()
        self.c1 = nn.Conv2d(in_channels, 6, kernel_size=5)
        self.squash1 = Squash()
        self.s2 = Subsample(6)

        self.c3 = PartialConv(CONNECTIONS, 5)
        self.squash2 = Squash()
        self.s4 = Subsample(16)

        self.c5 = nn.Conv2d(16, 120, kernel_size=5)
        self.squash3 = Squash()
        self.f6 = nn.Linear(120, 84)
        self.squash4 = Squash()
        self.output = nn.Linear(84, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.s2(self.squash1(self.c1(x)))
        x = self.s4(self.squash2(self.c3(x)))

        x = torch.flatten(self.squash3(self.c5(x)), 1)
        x = self.output(self.squash4(self.f6(x)))
        return x


class LeNetModern(nn.Module):
    """Every map of C3 sees all of S2, and subsampling has nothing to learn.

    Shape: (N, in_channels, 32, 32) -> (N, num_classes)
    """

    def __init__(self, num_classes: int = 10, in_channels: int = 1) -> None:
        super().__init__()
        self.c1 = nn.Conv2d(in_channels, 6, kernel_size=5)
        self.tanh = nn.Tanh()
        self.s2 = nn.AvgPool2d(kernel_size=2)

        self.c3 = nn.Conv2d(6, 16, kernel_size=5)
        self.s4 = nn.AvgPool2d(kernel_size=2)

        self.c5 = nn.Conv2d(16, 120, kernel_size=5)
        self.f6 = nn.Linear(120, 84)
        self.output = nn.Linear(84, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.s2(self.tanh(self.c1(x)))
        x = self.s4(self.tanh(self.c3(x)))

        x = torch.flatten(self.tanh(self.c5(x)), 1)
        x = self.output(self.tanh(self.f6(x)))
        return x


class LeNetCaffe(nn.Module):
    """The MNIST example of Caffe: wider, max pooling, and one ReLU.

    Shape: (N, in_channels, 28, 28) -> (N, num_classes)
    """

    def __init__(self, num_classes: int = 10, in_channels: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, 20, kernel_size=5)
        self.pool1 = nn.MaxPool2d(kernel_size=2)

        self.conv2 = nn.Conv2d(20, 50, kernel_size=5)
        self.pool2 = nn.MaxPool2d(kernel_size=2)

        self.ip1 = nn.Linear(50 * 4 * 4, 500)
        self.relu = nn.ReLU(inplace=True)
        self.ip2 = nn.Linear(500, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.pool1(self.conv1(x))
        x = self.pool2(self.conv2(x))
        x = self.ip2(self.relu(self.ip1(torch.flatten(x, 1))))
        return x


def lenet5(**kwargs: Any) -> LeNet5:
    """60,850 parameters, 326,520 multiply-adds at 1x32x32."""
    return LeNet5(**kwargs)


def lenet5_modern(**kwargs: Any) -> LeNetModern:
    """61,706 parameters, 416,520 multiply-adds at 1x32x32."""
    return LeNetModern(**kwargs)


def lenet_caffe(**kwargs: Any) -> LeNetCaffe:
    """431,080 parameters, 2.3 M multiply-adds at 1x28x28."""
    return LeNetCaffe(**kwargs)

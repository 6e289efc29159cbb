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
DIGITS = (
    (28, 34, 65, 65, 65, 65, 65, 65, 65, 65, 34, 28),
    (8, 24, 40, 8, 8, 8, 8, 8, 8, 8, 8, 62),
    (62, 65, 65, 1, 1, 2, 4, 8, 16, 32, 64, 127),
    (62, 65, 1, 1, 1, 30, 1, 1, 1, 1, 65, 62),
    (6, 10, 10, 18, 18, 34, 34, 127, 2, 2, 2, 2),
    (127, 64, 64, 64, 94, 97, 1, 1, 1, 1, 65, 62),
    (30, 32, 64, 64, 64, 94, 97, 65, 65, 65, 65, 62),
    (127, 1, 1, 2, 2, 4, 4, 8, 8, 16, 16, 16),
    (62, 65, 65, 65, 65, 62, 65, 65, 65, 65, 65, 62),
    (62, 65, 65, 65, 65, 65, 61, 1, 1, 1, 2, 60),
)


class Squash(nn.Module):
    """The scaled hyperbolic tangent of Appendix A: 1.7159 tanh(2x / 3).

    Shape: (N, C, H, W) -> (N, C, H, W)
    """

    def __init__(self) -> None:
        super().__init__()
        self.tanh = nn.Tanh()

    def forward(self, x: Tensor) -> Tensor:
        x = self.tanh(x * (2 / 3))
        return x * 1.7159


class Subsample(nn.Module):
    """The sum of 2x2 pixels, one trainable coefficient and bias a map, squashed.

    Shape: (N, in_channels, H, W) -> (N, in_channels, H // 2, W // 2)
    """

    def __init__(self, in_channels: int) -> None:
        super().__init__()
        self.coefficient = nn.Parameter(torch.full((in_channels, 1, 1), 0.25))
        self.bias = nn.Parameter(torch.zeros(in_channels, 1, 1))
        self.avgpool = nn.AvgPool2d(kernel_size=2)
        self.squash = Squash()

    def forward(self, x: Tensor) -> Tensor:
        x = self.avgpool(x)
        total = x * 4
        x = self.squash(self.coefficient * total + self.bias)
        return x


class PartialConv(nn.Module):
    """A convolution whose maps each see only the inputs that their row lists.

    Shape: (N, C, H, W) -> (N, len(table), H - kernel + 1, W - kernel + 1)
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


class RadialBasis(nn.Module):
    """How far the input is from each class's code, squared: the least is the answer.

    Shape: (N, C) -> (N, classes)
    """

    codes: Tensor

    def __init__(self, classes: int) -> None:
        super().__init__()
        if classes > 10:
            raise ValueError(f"there are no codes for {classes} classes")
        self.register_buffer(
            "codes",
            torch.tensor(
                [
                    [
                        2 * (DIGITS[k][i // 7] // 2 ** (6 - i % 7) % 2) - 1
                        for i in range(84)
                    ]
                    for k in range(classes)
                ],
                dtype=torch.float32,
            ),
        )

    def forward(self, x: Tensor) -> Tensor:
        features = x.reshape(x.shape[0], 1, 84)
        difference = features - self.codes
        x = difference * difference
        x = x.mean(2)
        return x * 84


class LeNet5(nn.Module):
    """Fig. 2; the output is linear, or `radial`, as in the paper: nothing to learn.

    Shape: (N, in_channels, 32, 32) -> (N, num_classes)
    """

    def __init__(
        self, radial: bool = False, num_classes: int = 10, in_channels: int = 1
    ) -> None:
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
        self.output: RadialBasis | nn.Linear
        if radial:
            self.output = RadialBasis(num_classes)
        else:
            self.output = nn.Linear(84, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.s2(self.squash1(self.c1(x)))
        x = self.s4(self.squash2(self.c3(x)))

        x = torch.flatten(self.squash3(self.c5(x)), 1)
        x = self.squash4(self.f6(x))
        x = self.output(x)
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
    """CONV-POOL-CONV-POOL-FC-FC, as in Caffe's MNIST example: wide, and with one ReLU.

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


def lenet5_paper(**kwargs: Any) -> LeNet5:
    """60,000 parameters, 325,680 multiply-adds at 1x32x32."""
    return LeNet5(radial=True, **kwargs)


def lenet5_modern(**kwargs: Any) -> LeNetModern:
    """61,706 parameters, 416,520 multiply-adds at 1x32x32."""
    return LeNetModern(**kwargs)


def lenet_caffe(**kwargs: Any) -> LeNetCaffe:
    """431,080 parameters, 2.3 M multiply-adds at 1x28x28."""
    return LeNetCaffe(**kwargs)

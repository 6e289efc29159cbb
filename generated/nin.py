"""Network in network (Lin et al., 2013).

Network In Network, 2013. https://arxiv.org/abs/1312.4400

Generated from specs/nin.arch by archdsl; edit the spec, not this file.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn


class MLPConv(nn.Module):
    """A convolution and two 1x1: a small network that slides over the maps (Fig. 1).

    Shape: (N, in_channels, H, W) -> (N, widths[2],
        (H + 2 * pad - kernel + stride) // stride,
        (W + 2 * pad - kernel + stride) // stride)
    """

    def __init__(
        self,
        in_channels: int,
        widths: Sequence[int],
        kernel: int,
        stride: int = 1,
        pad: int | None = None,
    ) -> None:
        super().__init__()
        if pad is None:
            pad = kernel // 2
        self.conv1 = nn.Conv2d(
            in_channels, widths[0], kernel_size=kernel, stride=stride, padding=pad
        )
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(widths[0], widths[1], kernel_size=1)
        self.conv3 = nn.Conv2d(widths[1], widths[2], kernel_size=1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.relu(self.conv1(x))
        x = self.relu(self.conv2(x))
        x = self.relu(self.conv3(x))
        return x


class NINCifar(nn.Module):
    """Three modules (Fig. 2); the mean of a class's map scores it (Section 3.2).

    The widths are those of the authors' cuda-convnet files; the paper prints none.

    Shape: (N, in_channels, 32, 32) -> (N, num_classes)
    """

    def __init__(
        self, num_classes: int = 10, dropout: float = 0.5, in_channels: int = 3
    ) -> None:
        super().__init__()
        self.mlpconv1 = MLPConv(in_channels, (192, 160, 96), 5)
        self.maxpool1 = nn.MaxPool2d(kernel_size=3, stride=2, ceil_mode=True)

        self.dropout1 = nn.Dropout(dropout)
        self.mlpconv2 = MLPConv(96, (192, 192, 192), 5)
        self.maxpool2 = nn.MaxPool2d(kernel_size=3, stride=2, ceil_mode=True)

        self.dropout2 = nn.Dropout(dropout)
        self.mlpconv3 = MLPConv(192, (192, 192, num_classes), 3)

        self.avgpool = nn.AdaptiveAvgPool2d(1)

        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.normal_(module.weight, std=0.05)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)

    def forward(self, x: Tensor) -> Tensor:
        x = self.maxpool1(self.mlpconv1(x))
        x = self.maxpool2(self.mlpconv2(self.dropout1(x)))
        x = self.mlpconv3(self.dropout2(x))
        return torch.flatten(self.avgpool(x), 1)


class NINImageNet(nn.Module):
    """Four modules: the authors' network in Caffe's model zoo, which the paper hasn't.

    Shape: (N, in_channels, 224, 224) -> (N, num_classes)
    """

    def __init__(
        self, num_classes: int = 1000, dropout: float = 0.5, in_channels: int = 3
    ) -> None:
        super().__init__()
        self.mlpconv1 = MLPConv(in_channels, (96, 96, 96), 11, stride=4, pad=0)
        self.maxpool1 = nn.MaxPool2d(kernel_size=3, stride=2, ceil_mode=True)

        self.mlpconv2 = MLPConv(96, (256, 256, 256), 5)
        self.maxpool2 = nn.MaxPool2d(kernel_size=3, stride=2, ceil_mode=True)

        self.mlpconv3 = MLPConv(256, (384, 384, 384), 3)
        self.maxpool3 = nn.MaxPool2d(kernel_size=3, stride=2, ceil_mode=True)

        self.dropout = nn.Dropout(dropout)
        self.mlpconv4 = MLPConv(384, (1024, 1024, num_classes), 3)

        self.avgpool = nn.AdaptiveAvgPool2d(1)

        for name, module in self.named_modules():
            if isinstance(module, nn.Conv2d) and name in (
                "mlpconv1.conv1",
                "mlpconv3.conv1",
                "mlpconv4.conv3",
            ):
                nn.init.normal_(module.weight, std=0.01)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
            elif isinstance(module, nn.Conv2d):
                nn.init.normal_(module.weight, std=0.05)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)

    def forward(self, x: Tensor) -> Tensor:
        x = self.maxpool1(self.mlpconv1(x))
        x = self.maxpool2(self.mlpconv2(x))
        x = self.maxpool3(self.mlpconv3(x))
        x = self.mlpconv4(self.dropout(x))
        return torch.flatten(self.avgpool(x), 1)


def nin_cifar10(**kwargs: Any) -> NINCifar:
    """966,986 parameters, 222 M multiply-adds at 3x32x32."""
    return NINCifar(**kwargs)


def nin_cifar100(**kwargs: Any) -> NINCifar:
    """984,356 parameters, 224 M multiply-adds at 3x32x32."""
    return NINCifar(num_classes=100, **kwargs)


def nin_imagenet(**kwargs: Any) -> NINImageNet:
    """7,595,176 parameters, 1.10 G multiply-adds at 3x224x224."""
    return NINImageNet(**kwargs)

"""GoogLeNet as in the paper (Szegedy et al., 2014), and its module by itself.

The public GoogLeNets, of which googlenet.arch is one, have batch norm, and a 3x3 for
each 5x5. Here are true 5x5, biases, local response norm and pools that round up. What
the paper leaves open, padding and the first values of weights, is as in Caffe's model.

Going Deeper with Convolutions, 2014. https://arxiv.org/abs/1409.4842

Generated from specs/googlenet_paper.arch by archdsl; edit the spec, not this file.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn


class ConvReLU(nn.Module):
    """Convolution and ReLU.

    Shape: (N, in_channels, H, W) -> (N, width, ceil(H / stride), ceil(W / stride))
    """

    def __init__(
        self, in_channels: int, width: int, kernel: int, stride: int = 1
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(
            in_channels, width, kernel_size=kernel, stride=stride, padding=kernel // 2
        )
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        x = self.relu(self.conv(x))
        return x


class SeparableConvReLU(nn.Module):
    """Filters on each colour by itself, then a 1x1 and ReLU.

    Shape: (N, in_channels, H, W) -> (N, width, ceil(H / stride), ceil(W / stride))
    """

    def __init__(
        self,
        in_channels: int,
        width: int,
        kernel: int,
        stride: int = 1,
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
        self.pointwise = nn.Conv2d(in_channels * multiplier, width, kernel_size=1)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        x = self.relu(self.pointwise(self.depthwise(x)))
        return x


class NaiveInception(nn.Module):
    """Three sizes of filter and a pool side by side (Fig. 2a).

    Shape: (N, in_channels, H, W) -> (N, b1 + b3 + b5 + in_channels, H, W)
    """

    def __init__(self, in_channels: int, b1: int, b3: int, b5: int) -> None:
        super().__init__()
        self.branch1 = ConvReLU(in_channels, b1, 1)
        self.branch2 = ConvReLU(in_channels, b3, 3)
        self.branch3 = ConvReLU(in_channels, b5, 5)
        self.branch4 = nn.MaxPool2d(kernel_size=3, stride=1, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        branch1 = self.branch1(x)
        branch2 = self.branch2(x)
        branch3 = self.branch3(x)
        branch4 = self.branch4(x)
        return torch.cat((branch1, branch2, branch3, branch4), dim=1)


class Inception(nn.Module):
    """A 1x1 reduces what each costly filter sees, and what the pool gives (Fig. 2b).

    Shape: (N, in_channels, H, W) -> (N, b1 + b3 + b5 + pool, H, W)
    """

    def __init__(
        self, in_channels: int, b1: int, r3: int, b3: int, r5: int, b5: int, pool: int
    ) -> None:
        super().__init__()
        self.branch1 = ConvReLU(in_channels, b1, 1)
        self.branch2 = nn.Sequential(ConvReLU(in_channels, r3, 1), ConvReLU(r3, b3, 3))
        self.branch3 = nn.Sequential(ConvReLU(in_channels, r5, 1), ConvReLU(r5, b5, 5))
        self.branch4 = nn.Sequential(
            nn.MaxPool2d(kernel_size=3, stride=1, padding=1),
            ConvReLU(in_channels, pool, 1),
        )

    def forward(self, x: Tensor) -> Tensor:
        branch1 = self.branch1(x)
        branch2 = self.branch2(x)
        branch3 = self.branch3(x)
        branch4 = self.branch4(x)
        return torch.cat((branch1, branch2, branch3, branch4), dim=1)


class InceptionAux(nn.Module):
    """A side classifier, which trains the layers below it (Section 5).

    Shape: (N, in_channels, H, W) -> (N, num_classes)
    """

    def __init__(
        self, in_channels: int, num_classes: int, dropout: float = 0.7
    ) -> None:
        super().__init__()
        self.avgpool = nn.AvgPool2d(kernel_size=5, stride=3)
        self.conv = ConvReLU(in_channels, 128, 1)
        self.fc1 = nn.Linear(128 * 4 * 4, 1024)
        self.relu = nn.ReLU(inplace=True)
        self.dropout = nn.Dropout(dropout)
        self.fc2 = nn.Linear(1024, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.flatten(self.conv(self.avgpool(x)), 1)
        x = self.fc2(self.dropout(self.relu(self.fc1(x))))
        return x


class GoogLeNetOutput(NamedTuple):
    """What training returns: the logits, then the side heads.

    Weights in the loss: 0.3 for aux1, 0.3 for aux2.
    """

    logits: Tensor
    aux1: Tensor
    aux2: Tensor


class GoogLeNet(nn.Module):
    """Nine Inception modules; side classifiers on the third and the sixth (Table 1).

    Shape: (N, in_channels, 224, 224) -> (N, num_classes)
    """

    def __init__(
        self,
        num_classes: int = 1000,
        aux_logits: bool = True,
        dropout: float = 0.4,
        first: Callable[..., ConvReLU | SeparableConvReLU] = ConvReLU,
        in_channels: int = 3,
    ) -> None:
        super().__init__()
        self.conv1 = first(in_channels, 64, 7, stride=2)
        self.maxpool1 = nn.MaxPool2d(kernel_size=3, stride=2, ceil_mode=True)
        self.lrn1 = nn.LocalResponseNorm(size=5)
        self.conv2 = ConvReLU(64, 64, 1)
        self.conv3 = ConvReLU(64, 192, 3)
        self.lrn2 = nn.LocalResponseNorm(size=5)
        self.maxpool2 = nn.MaxPool2d(kernel_size=3, stride=2, ceil_mode=True)

        self.inception3a = Inception(192, 64, 96, 128, 16, 32, 32)
        self.inception3b = Inception(256, 128, 128, 192, 32, 96, 64)

        self.maxpool3 = nn.MaxPool2d(kernel_size=3, stride=2, ceil_mode=True)
        self.inception4a = Inception(480, 192, 96, 208, 16, 48, 64)
        self.aux1 = InceptionAux(512, num_classes) if aux_logits else None
        self.inception4b = Inception(512, 160, 112, 224, 24, 64, 64)
        self.inception4c = Inception(512, 128, 128, 256, 24, 64, 64)
        self.inception4d = Inception(512, 112, 144, 288, 32, 64, 64)
        self.aux2 = InceptionAux(528, num_classes) if aux_logits else None
        self.inception4e = Inception(528, 256, 160, 320, 32, 128, 128)

        self.maxpool4 = nn.MaxPool2d(kernel_size=3, stride=2, ceil_mode=True)
        self.inception5a = Inception(832, 256, 160, 320, 32, 128, 128)
        self.inception5b = Inception(832, 384, 192, 384, 48, 128, 128)

        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.dropout = nn.Dropout(dropout)
        self.fc = nn.Linear(1024, num_classes)

        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_uniform_(module.weight, a=1)
                if module.bias is not None:
                    nn.init.constant_(module.bias, 0.2)
            elif isinstance(module, nn.Linear):
                nn.init.kaiming_uniform_(module.weight, a=1)
                nn.init.zeros_(module.bias)

    def forward(self, x: Tensor) -> Tensor | GoogLeNetOutput:
        x = self.lrn1(self.maxpool1(self.conv1(x)))
        x = self.conv2(x)
        x = self.maxpool2(self.lrn2(self.conv3(x)))

        x = self.inception3a(x)
        x = self.inception3b(x)

        x = self.maxpool3(x)
        x = self.inception4a(x)
        aux1 = self.aux1(x) if self.training and self.aux1 is not None else None
        x = self.inception4b(x)
        x = self.inception4c(x)
        x = self.inception4d(x)
        aux2 = self.aux2(x) if self.training and self.aux2 is not None else None
        x = self.inception4e(x)

        x = self.maxpool4(x)
        x = self.inception5a(x)
        x = self.inception5b(x)

        x = self.fc(self.dropout(torch.flatten(self.avgpool(x), 1)))
        if aux1 is None or aux2 is None:
            return x
        return GoogLeNetOutput(x, aux1, aux2)


class NaiveModule(nn.Module):
    """The naive module by itself: its pool keeps all channels, so the map can only
    grow.

    Shape: (N, channels, 28, 28) -> (N, b1 + b3 + b5 + channels, 28, 28)
    """

    def __init__(self, channels: int, b1: int, b3: int, b5: int) -> None:
        super().__init__()
        self.naive_inception = NaiveInception(channels, b1, b3, b5)

    def forward(self, x: Tensor) -> Tensor:
        x = self.naive_inception(x)
        return x


class ReducedModule(nn.Module):
    """The reduced module by itself.

    Shape: (N, channels, 28, 28) -> (N, b1 + b3 + b5 + pool, 28, 28)
    """

    def __init__(
        self, channels: int, b1: int, r3: int, b3: int, r5: int, b5: int, pool: int
    ) -> None:
        super().__init__()
        self.inception = Inception(channels, b1, r3, b3, r5, b5, pool)

    def forward(self, x: Tensor) -> Tensor:
        x = self.inception(x)
        return x


def googlenet_paper(**kwargs: Any) -> GoogLeNet:
    """13,378,280 parameters, 6,998,552 without side heads; 1.58 G multiply-adds at
    3x224x224.
    """
    return GoogLeNet(**kwargs)


def googlenet_paper_noaux(**kwargs: Any) -> GoogLeNet:
    """6,998,552 parameters, 1.58 G multiply-adds at 3x224x224."""
    return GoogLeNet(aux_logits=False, **kwargs)


def googlenet_paper_separable(**kwargs: Any) -> GoogLeNet:
    """6,991,856 parameters, 1.50 G multiply-adds at 3x224x224."""
    return GoogLeNet(aux_logits=False, first=SeparableConvReLU, **kwargs)


def inception_naive(**kwargs: Any) -> NaiveModule:
    """1,089,952 parameters, 854 M multiply-adds at 256x28x28."""
    return NaiveModule(256, 128, 192, 96, **kwargs)


def inception_reduced(**kwargs: Any) -> ReducedModule:
    """346,720 parameters, 271 M multiply-adds at 256x28x28."""
    return ReducedModule(256, 128, 64, 192, 64, 96, 64, **kwargs)


def inception_3a_naive(**kwargs: Any) -> NaiveModule:
    """387,296 parameters, 303 M multiply-adds at 192x28x28."""
    return NaiveModule(192, 64, 128, 32, **kwargs)


def inception_3a_reduced(**kwargs: Any) -> ReducedModule:
    """163,696 parameters, 128 M multiply-adds at 192x28x28."""
    return ReducedModule(192, 64, 96, 128, 16, 32, 32, **kwargs)

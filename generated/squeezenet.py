"""SqueezeNet (Iandola et al., 2016), with torchvision's keys.

torchvision's networks take 224x224 pixels. So does Table 1 of the paper, but the sizes
that it goes on with are those of 227x227, which is what the released network takes.

SqueezeNet: AlexNet-level accuracy with 50x fewer parameters and <0.5MB model size,
2016.
https://arxiv.org/abs/1602.07360

Generated from specs/squeezenet.arch by archdsl; edit the spec, not this file.
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn


class Fire(nn.Module):
    """A few 1x1 filters, then many, half of which are 3x3 (Fig. 1).

    Shape: (N, in_channels, H, W) -> (N, 2 * expand, H, W)
    """

    def __init__(self, in_channels: int, squeeze: int, expand: int) -> None:
        super().__init__()
        self.squeeze = nn.Conv2d(in_channels, squeeze, kernel_size=1)
        self.relu = nn.ReLU(inplace=True)
        self.expand1x1 = nn.Conv2d(squeeze, expand, kernel_size=1)
        self.expand3x3 = nn.Conv2d(squeeze, expand, kernel_size=3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.relu(self.squeeze(x))
        expand1x1 = self.relu(self.expand1x1(x))
        expand3x3 = self.relu(self.expand3x3(x))
        return torch.cat((expand1x1, expand3x3), dim=1)


class SimpleBypass(nn.Module):
    """A shortcut where the channels allow it: every second module (Fig. 2, middle).

    Shape: (N, in_channels, H, W) -> (N, 2 * expand, H, W)
    """

    def __init__(self, in_channels: int, squeeze: int, expand: int) -> None:
        super().__init__()
        self.fire = Fire(in_channels, squeeze, expand)
        self.expand = expand
        self.in_channels = in_channels

    def forward(self, x: Tensor) -> Tensor:
        out = self.fire(x)
        x = x + out if self.in_channels == 2 * self.expand else out
        return x


class ComplexBypass(nn.Module):
    """A shortcut everywhere, by a 1x1 convolution if need be (Fig. 2, right).

    Shape: (N, in_channels, H, W) -> (N, 2 * expand, H, W)
    """

    def __init__(self, in_channels: int, squeeze: int, expand: int) -> None:
        super().__init__()
        self.fire = Fire(in_channels, squeeze, expand)
        self.bypass: nn.Conv2d | None = None
        if in_channels != 2 * expand:
            self.bypass = nn.Conv2d(in_channels, 2 * expand, kernel_size=1)

    def forward(self, x: Tensor) -> Tensor:
        identity = x if self.bypass is None else self.bypass(x)
        x = self.fire(x) + identity
        return x


class SqueezeNet(nn.Module):
    """A convolution, eight fire modules and a convolution (Table 1).

    `squeezes` are the modules' first 1x1 filters, grouped by the pools between them;
    each has eight times as many behind them (Section 5). `border` is what the last
    convolution pads.

    Shape: (N, in_channels, H, W) -> (N, num_classes)
    """

    def __init__(
        self,
        width: int,
        kernel: int,
        squeezes: Sequence[Sequence[int]],
        unit: Callable[..., Fire | SimpleBypass | ComplexBypass] = Fire,
        border: int = 0,
        num_classes: int = 1000,
        dropout: float = 0.5,
        in_channels: int = 3,
    ) -> None:
        super().__init__()
        features: list[nn.Module] = [
            nn.Conv2d(in_channels, width, kernel_size=kernel, stride=2),
            nn.ReLU(inplace=True),
        ]
        channels = width
        for group in squeezes:
            features.append(nn.MaxPool2d(kernel_size=3, stride=2, ceil_mode=True))
            for squeeze in group:
                features.append(unit(channels, squeeze, 4 * squeeze))
                channels = 8 * squeeze
        self.features = nn.Sequential(*features)

        self.classifier = nn.Sequential(
            nn.Dropout(dropout),
            nn.Conv2d(channels, num_classes, kernel_size=1, padding=border),
            nn.ReLU(inplace=True),
            nn.AdaptiveAvgPool2d(1),
        )

        for name, module in self.named_modules():
            if isinstance(module, nn.Conv2d) and name.startswith("classifier."):
                nn.init.normal_(module.weight, std=0.01)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
            elif isinstance(module, nn.Conv2d):
                nn.init.kaiming_uniform_(module.weight)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)

    def forward(self, x: Tensor) -> Tensor:
        x = self.features(x)
        x = self.classifier(x)
        return torch.flatten(x, 1)


def squeezenet1_0(**kwargs: Any) -> SqueezeNet:
    """1,248,424 parameters, 819 M multiply-adds at 3x224x224."""
    return SqueezeNet(96, 7, ((16, 16, 32), (32, 48, 48, 64), (64,)), **kwargs)


def squeezenet1_1(**kwargs: Any) -> SqueezeNet:
    """1,235,496 parameters, 349 M multiply-adds at 3x224x224."""
    return SqueezeNet(64, 3, ((16, 16), (32, 32), (48, 48, 64, 64)), **kwargs)


def squeezenet1_0_simple(**kwargs: Any) -> SqueezeNet:
    """1,248,424 parameters, 819 M multiply-adds at 3x224x224."""
    return SqueezeNet(
        96, 7, ((16, 16, 32), (32, 48, 48, 64), (64,)), unit=SimpleBypass, **kwargs
    )


def squeezenet1_0_complex(**kwargs: Any) -> SqueezeNet:
    """1,589,672 parameters, 1.17 G multiply-adds at 3x224x224."""
    return SqueezeNet(
        96, 7, ((16, 16, 32), (32, 48, 48, 64), (64,)), unit=ComplexBypass, **kwargs
    )


def squeezenet1_0_paper(**kwargs: Any) -> SqueezeNet:
    """1,248,424 parameters, 833 M multiply-adds at 3x227x227."""
    return SqueezeNet(96, 7, ((16, 16, 32), (32, 48, 48, 64), (64,)), **kwargs)


def squeezenet1_0_release(**kwargs: Any) -> SqueezeNet:
    """1,248,424 parameters, 861 M multiply-adds at 3x227x227."""
    return SqueezeNet(
        96, 7, ((16, 16, 32), (32, 48, 48, 64), (64,)), border=1, **kwargs
    )

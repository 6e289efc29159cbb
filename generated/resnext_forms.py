"""The three equivalent forms of ResNeXt's block (Xie et al., 2016, Fig. 3).

Aggregated Residual Transformations for Deep Neural Networks, 2016.
https://arxiv.org/abs/1611.05431

Generated from specs/resnext_forms.arch by archdsl; edit the spec, not this file.
"""

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn


class Path(nn.Sequential):
    """1x1 reduce and 3x3: an embedding of few channels, transformed.

    Shape: (N, in_channels, H, W) -> (N, width, H, W)
    """

    def __init__(
        self,
        in_channels: int,
        width: int,
        norm: Callable[..., nn.Module] | None,
        groups: int = 1,
    ) -> None:
        children: OrderedDict[str, nn.Module] = OrderedDict(
            reduce=nn.Conv2d(in_channels, width, kernel_size=1, bias=False)
        )
        if norm is not None:
            children["norm1"] = norm(width)
        children["relu1"] = nn.ReLU()
        children["conv"] = nn.Conv2d(
            width, width, kernel_size=3, padding=1, groups=groups, bias=False
        )
        if norm is not None:
            children["norm2"] = norm(width)
        children["relu2"] = nn.ReLU()
        super().__init__(children)


class FormA(nn.Module):
    """The sum of many paths (Fig. 3a), normalised when it is complete.

    Shape: (N, in_channels, H, W) -> (N, in_channels, H, W)
    """

    def __init__(
        self,
        in_channels: int,
        width: int,
        cardinality: int,
        norm: Callable[..., nn.Module] | None,
    ) -> None:
        super().__init__()
        self.paths = nn.ModuleList(
            nn.Sequential(
                OrderedDict(
                    path=Path(in_channels, width, norm),
                    expand=nn.Conv2d(width, in_channels, kernel_size=1, bias=False),
                )
            )
            for _ in range(cardinality)
        )
        self.norm = norm(in_channels) if norm is not None else None
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        branches = [path(x) for path in self.paths]
        out = sum(branches[1:], start=branches[0])
        if self.norm is not None:
            out = self.norm(out)
        x = self.relu(x + out)
        return x


class FormB(nn.Module):
    """Paths that are concatenated early, and expanded together (Fig. 3b).

    Shape: (N, in_channels, H, W) -> (N, in_channels, H, W)
    """

    def __init__(
        self,
        in_channels: int,
        width: int,
        cardinality: int,
        norm: Callable[..., nn.Module] | None,
    ) -> None:
        super().__init__()
        self.paths = nn.ModuleList(
            Path(in_channels, width, norm) for _ in range(cardinality)
        )
        self.expand = nn.Conv2d(
            cardinality * width, in_channels, kernel_size=1, bias=False
        )
        self.norm = norm(in_channels) if norm is not None else None
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        branches = [path(x) for path in self.paths]
        out = self.expand(torch.cat(branches, dim=1))
        if self.norm is not None:
            out = self.norm(out)
        x = self.relu(x + out)
        return x


class FormC(nn.Module):
    """One path, in groups (Fig. 3c).

    Shape: (N, in_channels, H, W) -> (N, in_channels, H, W)
    """

    def __init__(
        self,
        in_channels: int,
        width: int,
        cardinality: int,
        norm: Callable[..., nn.Module] | None,
    ) -> None:
        super().__init__()
        self.path = Path(in_channels, width * cardinality, norm, groups=cardinality)
        self.expand = nn.Conv2d(
            width * cardinality, in_channels, kernel_size=1, bias=False
        )
        self.norm = norm(in_channels) if norm is not None else None
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        out = self.path(x)
        out = self.expand(out)
        if self.norm is not None:
            out = self.norm(out)
        x = self.relu(x + out)
        return x


class OneBlock(nn.Module):
    """A block of the first stage, 32x4d (Fig. 1, right).

    Shape: (N, in_channels, 56, 56) -> (N, in_channels, 56, 56)
    """

    def __init__(
        self,
        form: Callable[..., FormA | FormB | FormC],
        width: int = 4,
        cardinality: int = 32,
        norm: Callable[..., nn.Module] | None = nn.BatchNorm2d,
        in_channels: int = 256,
    ) -> None:
        super().__init__()
        self.form = form(in_channels, width, cardinality, norm)

    def forward(self, x: Tensor) -> Tensor:
        x = self.form(x)
        return x


def resnext_form_a(**kwargs: Any) -> OneBlock:
    """71,168 parameters, 220 M multiply-adds at 256x56x56."""
    return OneBlock(FormA, **kwargs)


def resnext_form_b(**kwargs: Any) -> OneBlock:
    """71,168 parameters, 220 M multiply-adds at 256x56x56."""
    return OneBlock(FormB, **kwargs)


def resnext_form_c(**kwargs: Any) -> OneBlock:
    """71,168 parameters, 220 M multiply-adds at 256x56x56."""
    return OneBlock(FormC, **kwargs)


def resnext_form_a_bare(**kwargs: Any) -> OneBlock:
    """70,144 parameters, 220 M multiply-adds at 256x56x56."""
    return OneBlock(FormA, norm=None, **kwargs)


def resnext_form_b_bare(**kwargs: Any) -> OneBlock:
    """70,144 parameters, 220 M multiply-adds at 256x56x56."""
    return OneBlock(FormB, norm=None, **kwargs)


def resnext_form_c_bare(**kwargs: Any) -> OneBlock:
    """70,144 parameters, 220 M multiply-adds at 256x56x56."""
    return OneBlock(FormC, norm=None, **kwargs)

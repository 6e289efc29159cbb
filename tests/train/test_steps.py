"""What is done to batches on the device, against torchvision, numpy and the definitions."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from archdsl.emit import script

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from torchvision_models import models

LEVELS = 1 / 255  # a step of a byte


@cache
def functional() -> Any:
    """torchvision's functions for single pictures."""
    models()
    from torchvision.transforms.v2 import functional

    return functional


@cache
def steps() -> dict[str, Any]:
    """The functions that scripts may have, as they stand there."""
    names: dict[str, Any] = {
        "F": F,
        "Any": Any,
        "Callable": Callable,
        "Iterator": Iterator,
        "Step": Any,
        "Tensor": Tensor,
        "argparse": __import__("argparse"),
        "constant": lambda *values: torch.tensor(values)[:, None, None],
        "math": math,
        "nn": nn,
        "torch": torch,
    }
    exec("\n\n\n".join(script._functions().values()), names)
    return names


def pictures(count: int = 3, height: int = 40, width: int = 56, channels: int = 3) -> Tensor:
    """Smooth ones, of bytes: what is interpolated differently must not differ by much."""
    numbers = torch.Generator().manual_seed(0)
    coarse = torch.rand(count, channels, 5, 7, generator=numbers)
    smooth = F.interpolate(coarse, (height, width), mode="bilinear")
    return (smooth * 255).round() / 255


def given(*numbers: float) -> Iterator[Tensor]:
    """These numbers for all pictures, one draw after another."""
    return iter([torch.full((3,), each) for each in numbers])


def close(found: Tensor, expected: Tensor, within: float = 1e-5) -> bool:
    return bool((found - expected).abs().max() <= within)


@pytest.mark.parametrize("share", [0.0, 0.2, 0.5, 0.9])
@pytest.mark.parametrize("size", [(40, 40), (40, 56)])
def test_rotation_is_torchvisions(share: float, size: tuple[int, int]) -> None:
    x, degrees = pictures(3, *size), (2 * share - 1) * 30
    mode = functional().InterpolationMode.BILINEAR
    expected = functional().rotate(x, degrees, interpolation=mode)
    assert close(steps()["rotate"](x, given(share), degrees=30), expected, 1e-4)


def test_shifts_move_by_pixels() -> None:
    """What comes in is black; from the left edge to the right is 1."""
    x = pictures(3, 40, 50)
    found = steps()["shift"](x, given(0.5 + 10 / 50 / 0.6, 0.5 - 4 / 40 / 0.6), amount=0.3)
    expected = torch.zeros_like(x)
    expected[:, :, 4:, :-10] = x[:, :, :-4, 10:]
    assert close(found, expected, 1e-4)


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_zoom_is_torchvisions(share: float) -> None:
    x, mode = pictures(), functional().InterpolationMode.BILINEAR
    scale = {"angle": 0.0, "translate": [0, 0], "shear": [0.0, 0.0], "scale": 0.8 + 0.5 * share}
    expected = functional().affine(x, **scale, interpolation=mode)
    assert close(steps()["zoom"](x, given(share), low=0.8, high=1.3), expected, 1e-4)


@pytest.mark.parametrize("name", ["brightness", "contrast", "saturation"])
@pytest.mark.parametrize("share", [0.0, 0.3, 0.5, 1.0])
def test_jitter_is_torchvisions(name: str, share: float) -> None:
    x, factor = pictures(), 1 + (2 * share - 1) * 0.4
    expected = getattr(functional(), f"adjust_{name}")(x, factor)
    assert close(steps()[name](x, given(share), strength=0.4), expected, 1e-3)


def test_grey_is_torchvisions() -> None:
    x = pictures()
    expected = functional().rgb_to_grayscale(x, num_output_channels=3)
    assert close(steps()["grayscale"](x, given()), expected, 1e-3)


def test_hue_turns_about_the_axis_of_greys() -> None:
    """A third of a turn moves colours to the next channel, as torchvision's does. Between, greys
    stay, brightness as the mean of the channels stays, and angles add up; torchvision goes along
    the edges of a hexagon there, and keeps the largest channel."""
    hue, x = steps()["hue"], 0.3 + 0.4 * pictures()
    for share, turn in ((1.0, 1 / 3), (0.0, -1 / 3)):
        found = hue(x, given(share), turns=1 / 3)
        assert close(found, functional().adjust_hue(x, turn), 1e-5)
        assert close(found, x.roll(round(3 * turn), 1), 1e-5)
    found = hue(x, given(1.0), turns=0.1)
    assert close(found.mean(1), x.mean(1))
    assert close(hue(found, given(0.0), turns=0.1), x)
    assert close(hue(hue(x, given(1.0), turns=0.05), given(1.0), turns=0.05), found)
    grey = x[:, :1].expand_as(x)
    assert close(hue(grey, given(0.7), turns=0.5), grey)


def test_lighting_is_along_principal_components() -> None:
    """AlexNet's: the components times normal amounts times their deviations."""
    names = steps()
    deviations = np.array([each for each, _ in names["COMPONENTS"]])
    components = np.array([each for _, each in names["COMPONENTS"]])
    assert np.allclose(components @ components.T, np.eye(3), atol=1e-3)
    draws = (0.1, 0.6, 0.95)
    amounts = np.array([NormalDist().inv_cdf(each) for each in draws]) * 0.1
    moved = torch.tensor((amounts * deviations) @ components).float()
    x = 0.3 + 0.4 * pictures()
    expected = x + moved[:, None, None]
    assert close(names["pca_lighting"](x, given(*draws), std=0.1), expected)


@pytest.mark.parametrize(("low", "high"), [(0, 100), (2, 98), (10, 60)])
def test_contrast_is_stretched_between_percentiles(low: float, high: float) -> None:
    x = pictures()
    found = steps()["contrast_stretching"](x, given(), low=low, high=high)
    for before, after in zip(x.numpy(), found.numpy()):
        least, most = np.percentile(before, (low, high), method="nearest")
        expected = np.clip((before - least) / (most - least), 0, 1)
        assert np.abs(after - expected).max() < 2 * LEVELS
    flat = torch.full((1, 3, 8, 8), 0.4)
    assert steps()["contrast_stretching"](flat, given(), low=2.0, high=98.0).isfinite().all()


def clahe(picture: Any, clip: float, tiles: int) -> Any:
    """Zuiderveld's method on one channel of bytes, tile by tile and pixel by pixel."""
    height, width = (side // tiles for side in picture.shape)
    tables = np.empty((tiles, tiles, 256))
    for row in range(tiles):
        for column in range(tiles):
            tile = picture[row * height : (row + 1) * height, column * width : (column + 1) * width]
            counts = np.bincount(tile.ravel(), minlength=256) / tile.size
            cut = np.minimum(counts, max(clip, 1 / 256))
            tables[row, column] = np.cumsum(cut + (1 - cut.sum()) / 256)
    found = np.empty(picture.shape)
    for y, x in np.ndindex(picture.shape):
        down, across = (y + 0.5) / height - 0.5, (x + 0.5) / width - 0.5
        down, across = (min(max(each, 0), tiles - 1) for each in (down, across))
        top, left = min(int(down), tiles - 2), min(int(across), tiles - 2)
        near = tables[top : top + 2, left : left + 2, picture[y, x]]
        weights = np.outer([1 - down + top, down - top], [1 - across + left, across - left])
        found[y, x] = (near * weights).sum()
    return found


@pytest.mark.parametrize(("clip", "tiles"), [(0.01, 4), (0.05, 2), (1.0, 4)])
def test_adaptive_equalization_is_zuidervelds(clip: float, tiles: int) -> None:
    x = pictures(2, 32, 48, 1)
    found = steps()["adaptive_equalization"](x, given(), clip=clip, tiles=tiles)
    for before, after in zip(x, found):
        expected = clahe((before[0] * 255).round().byte().numpy(), clip, tiles)
        dark = before[0].numpy() < LEVELS  # has no colour to be scaled
        assert np.abs(after[0].numpy() - expected)[~dark].max() < 1e-4


def test_adaptive_equalization_keeps_colours_and_takes_any_size() -> None:
    """All channels are scaled by what brightness is."""
    x = 0.2 + 0.4 * pictures(2, 37, 45)
    found = steps()["adaptive_equalization"](x, given(), clip=0.01, tiles=8)
    ratio = found / x
    inside = (found < 1).all(1)
    assert found.shape == x.shape and inside.any()
    assert close(ratio.amax(1)[inside], ratio.amin(1)[inside], 1e-4)


def test_erasing_puts_the_mean_into_rectangles() -> None:
    """Of the area and shape that were drawn, as far as pixels allow, and within the picture."""
    x, mean = pictures(200, 60, 80), (0.1, 0.2, 0.3)
    numbers = torch.rand(4, 200, generator=torch.Generator().manual_seed(1))
    erase = partial(steps()["random_erasing"], scale=(0.02, 0.33), ratio=(0.3, 3.3), mean=mean)
    found = erase(x, iter(numbers))
    filled = torch.tensor(mean)[:, None, None].expand(3, 60, 80)
    for index in range(200):
        changed = (found[index] == filled).all(0)
        rows, columns = changed.any(1), changed.any(0)
        height, width = int(rows.sum()), int(columns.sum())
        first, left = int(rows.int().argmax()), int(columns.int().argmax())
        box = functional().erase(x[index], first, left, height, width, filled[:, :height, :width])
        assert torch.equal(found[index], box)
        area = 0.02 + 0.31 * float(numbers[0, index])
        shape = 0.3 * 11 ** float(numbers[1, index])
        assert abs(height - min(1, math.sqrt(area / shape)) * 60) <= 0.51
        assert abs(width - min(1, math.sqrt(area * shape)) * 80) <= 0.51


def test_steps_are_done_by_their_chance() -> None:
    """One after another, on values from 0 to 1."""
    names = steps()
    x = torch.arange(8, dtype=torch.uint8).repeat(1000, 1, 1, 1)
    found = names["done"]([(0.25, names["hflip"])], x, torch.rand(1000, 8))
    mirrored = (found == x.flip(3) / 255).all((1, 2, 3))
    same = (found == x / 255).all((1, 2, 3))
    assert (mirrored ^ same).all() and 0.2 < mirrored.float().mean() < 0.3
    always = names["done"]([(1.0, names["hflip"]), (1.0, names["vflip"])], x, torch.rand(1000, 8))
    assert torch.equal(always, x.flip(2, 3) / 255)


@pytest.mark.parametrize(("mixup", "cutmix"), [(0.2, 0.0), (0.0, 1.0), (0.2, 1.0), (0.0, 0.0)])
def test_pictures_and_targets_are_mixed_alike(mixup: float, cutmix: float) -> None:
    from argparse import Namespace

    models()
    from torchvision.transforms import v2

    mixed = steps()["mixed"]
    mixed.__globals__["v2"] = v2
    # A picture of its class's number, so that a mixture tells its shares.
    y = torch.arange(6)
    x = F.one_hot(y, 6)[:, :, None, None].float().expand(6, 6, 16, 16)
    args = Namespace(mixup=mixup, cutmix=cutmix, recipe=Namespace(classes=6))
    for _ in range(10):
        new, target = mixed(x, y, args)
        if not mixup and not cutmix:
            assert torch.equal(target, y) and torch.equal(new, x)
            continue
        assert close(target.sum(1), torch.ones(6))
        assert close(new.mean((2, 3)), target, 1e-5)


def test_losses_are_their_definitions() -> None:
    names = steps()
    out, y = torch.randn(5, 4), torch.tensor([0, 3, 1, 1, 2])
    hot = F.one_hot(y, 4).float()
    assert close(names["squared_error"](out, y), (out - hot).square().mean())
    assert close(names["squared_error"](out, hot), names["squared_error"](out, y))
    smooth = hot * 0.9 + 0.1 / 4
    expected = nn.BCEWithLogitsLoss()(out, smooth)
    assert close(names["binary_cross_entropy"](out, y, label_smoothing=0.1), expected)
    far = out.abs()
    right = far[range(5), y]
    expected = (right + (math.exp(-0.1) + (-far).exp().sum(1)).log()).mean()
    assert close(names["distance"](far, y, j=0.1), expected)


@pytest.mark.parametrize(
    ("exempt", "spared"),
    [
        (("norms",), ["1.bias", "1.weight", "3.bias", "3.weight", "4.bias", "4.weight"]),
        (("biases",), ["0.bias", "1.bias", "2.bias", "3.bias", "4.bias"]),
        (("depthwise",), ["2.bias", "2.weight"]),
    ],
)
def test_weight_decay_spares_what_is_exempt(exempt: tuple[str, ...], spared: list[str]) -> None:
    """Norms of maps and of vectors, too."""
    layers = (nn.Conv2d(4, 8, 3), nn.BatchNorm2d(8), nn.Conv2d(8, 8, 3, groups=8))
    model = nn.Sequential(*layers, nn.LayerNorm(8), nn.BatchNorm1d(8))
    names = {id(value): name for name, value in model.named_parameters()}
    decays, rest = steps()["decaying"](model, 0.1, *exempt)
    assert (decays["weight_decay"], rest["weight_decay"]) == (0.1, 0.0)
    assert sorted(names[id(each)] for each in rest["params"]) == spared
    assert len(decays["params"]) + len(rest["params"]) == len(names)

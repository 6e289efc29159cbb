"""What is done to whole batches, on the device: pictures keep their size."""

from __future__ import annotations

from archdsl.recipes.entry import Length, Parameter, RecipeError, Step, ascending, ranges
from archdsl.recipes.pictures import ratio, scale

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


def _chance(default: float) -> Parameter:
    return Parameter(
        name="p",
        type="number",
        doc="chance for each picture",
        default=default,
        minimum=0,
        maximum=1,
        elsewhere=("probability", "prob", "chance"),
    )


def _strength(
    name: str, doc: str, maximum: float | None = None, unit: str | None = None
) -> Parameter:
    return Parameter(
        name=name, type="number", doc=doc, default=0.0, minimum=0, maximum=maximum, unit=unit
    )


def _percentile(name: str, default: float) -> Parameter:
    return Parameter(
        name=name,
        type="number",
        doc=f"percentile of the picture's values that becomes {'0' if name == 'low' else '1'}",
        default=default,
        minimum=0,
        maximum=100,
    )


def _changes(args: Mapping[str, Any], length: Length) -> None:
    if not any(args.values()):
        raise RecipeError(
            "E614",
            "`color_jitter` changes nothing as long as nothing says by how much",
            None,
            "such as `color_jitter(brightness=0.4, contrast=0.4, saturation=0.4)`",
        )


BATCHES = (
    Step(
        name="hflip",
        doc="Left for right.",
        parameters=(_chance(0.5),),
        random=False,
        torch="torchvision.transforms.RandomHorizontalFlip",
        elsewhere=("horizontal_flip", "flip", "mirror", "flip_left_right", "fliplr"),
    ),
    Step(
        name="vflip",
        doc="Top for bottom.",
        parameters=(_chance(0.5),),
        random=False,
        torch="torchvision.transforms.RandomVerticalFlip",
        elsewhere=("vertical_flip", "flip_up_down", "flipud"),
    ),
    Step(
        name="rotate",
        doc="Turns by some angle to either side; what comes in is black.",
        parameters=(
            Parameter(
                name="degrees",
                type="number",
                doc="largest angle",
                above=0,
                maximum=180,
                unit="degrees",
                elsewhere=("angle",),
            ),
            _chance(1.0),
        ),
        torch="torchvision.transforms.RandomRotation",
        elsewhere=("rotation", "random_rotation"),
    ),
    Step(
        name="shift",
        doc="Moves by some way to any side; what comes in is black.",
        parameters=(
            Parameter(
                name="amount",
                type="number",
                doc="longest way, as a share of height and width",
                above=0,
                below=1,
            ),
            _chance(1.0),
        ),
        elsewhere=("translate", "translation", "affine"),
    ),
    Step(
        name="zoom",
        doc="Enlarges about the middle by some factor; what comes in is black.",
        parameters=(
            Parameter(name="low", type="number", doc="least factor", above=0, maximum=10),
            Parameter(name="high", type="number", doc="largest factor", above=0, maximum=10),
            _chance(1.0),
        ),
        rule=ascending("low", "high"),
        elsewhere=("scale",),
    ),
    Step(
        name="color_jitter",
        doc="Changes brightness, contrast and saturation by factors up to 1 plus or minus theirs, "
        "and turns the hue, in this order.",
        parameters=(
            _strength("brightness", "how far its factor is from 1", 1),
            _strength("contrast", "how far its factor is from 1", 1),
            _strength("saturation", "how far its factor is from 1", 1),
            _strength("hue", "how far the hue turns", 0.5, "turns"),
        ),
        rule=_changes,
        coloured=("saturation", "hue"),
        torch="torchvision.transforms.ColorJitter",
        elsewhere=("colour_jitter", "jitter", "brightness", "contrast", "saturation"),
    ),
    Step(
        name="pca_lighting",
        doc="Moves colours along the principal components of ImageNet's, by normal amounts times "
        "their deviations (Krizhevsky et al., 2012).",
        parameters=(
            Parameter(
                name="std",
                type="number",
                doc="deviation of the amounts",
                default=0.1,
                above=0,
                maximum=10,
            ),
        ),
        coloured=("std",),
        elsewhere=("lighting", "pca", "fancy_pca", "pca_noise", "pca_jitter"),
    ),
    Step(
        name="grayscale",
        doc="Takes the colours away.",
        parameters=(_chance(0.1),),
        random=False,
        torch="torchvision.transforms.RandomGrayscale",
        coloured=("p",),
        elsewhere=("gray", "grey", "greyscale"),
    ),
    Step(
        name="contrast_stretching",
        doc="Stretches values between two percentiles of a picture to all that there are.",
        parameters=(_percentile("low", 2.0), _percentile("high", 98.0), _chance(1.0)),
        rule=ascending("low", "high", apart=True),
        random=False,
        elsewhere=("autocontrast", "stretch", "contrast_stretch", "rescale_intensity"),
    ),
    Step(
        name="adaptive_equalization",
        doc="Evens out the histogram of each tile, with its peaks cut off (CLAHE: Zuiderveld, "
        "1994).",
        parameters=(
            Parameter(
                name="clip",
                type="number",
                doc="what a bin may hold at most, as a share of a tile's pixels",
                default=0.01,
                above=0,
                maximum=1,
            ),
            Parameter(
                name="tiles",
                type="int",
                doc="tiles from side to side, both ways",
                default=8,
                minimum=1,
                maximum=64,
            ),
            _chance(1.0),
        ),
        random=False,
        elsewhere=(
            "clahe",
            "equalize",
            "equalise",
            "equalization",
            "histogram_equalization",
            "adaptive_equalisation",
            "adapthist",
        ),
    ),
    Step(
        name="random_erasing",
        doc="Puts the mean in the place of a rectangle (Zhong et al., 2017).",
        parameters=(_chance(0.5), scale((0.02, 0.33)), ratio((0.3, 3.3))),
        rule=ranges("scale", "ratio"),
        torch="torchvision.transforms.RandomErasing",
        elsewhere=("erasing", "cutout", "coarse_dropout"),
    ),
)

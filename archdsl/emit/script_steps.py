"""What recipes do to pictures, as members of a training script: torchvision's steps for single
pictures, and the functions of `train_steps.j2` for batches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from archdsl.ir.recipe import Method, Recipe
from archdsl.recipes.table import lookup

MODES = {"reflect": "reflect", "replicate": "edge"}
JITTER = ("brightness", "contrast", "saturation", "hue")
DRAWS = {"shift": 2, "pca_lighting": 3, "random_erasing": 4, "color_jitter": 4}


def pictures(steps: Sequence[Method]) -> str:
    """A function of the input's size that gives the steps on each picture."""
    return f"lambda size: [{', '.join(map(_picture, steps))}]"


def batches(steps: Sequence[Method], recipe: Recipe) -> str:
    """The steps on batches, each with the chance that it has."""
    made: list[str] = []
    for step in steps:
        given = dict(step.arguments)
        chance = given.pop("p", 1.0)
        for each in _batch(step.name, given, recipe):
            made.append(f"({chance!r}, {each})")
    return f"[{', '.join(made)}]"


def draws(recipes: Sequence[Recipe]) -> int:
    """How many random numbers a picture needs at most: some more than any recipe takes."""
    counts = [
        sum(DRAWS.get(step.name, 1) + 1 for step in recipe.augment.batches) for recipe in recipes
    ]
    return -(-max(counts) // 8) * 8


def _picture(step: Method) -> str:
    """A step on a picture as torchvision has it."""
    given = dict(step.arguments)
    arguments: list[str] = []
    if step.name == "resize":
        arguments = [_number(given["size"])]
    elif step.name == "random_resize":
        arguments = [_number(given["low"]), _number(given["high"] + 1)]
    elif step.name == "pad":
        arguments = [_number(given["amount"])]
    elif "size" in given:
        arguments = ["size" if given["size"] is None else _number(given["size"])]
    if step.name == "random_resized_crop":
        entry = lookup("augment", step.name)
        changed = entry.keywords(given)
        arguments += [f"{key}={changed[key]!r}" for key in ("scale", "ratio") if key in changed]
    if given.get("pad"):
        arguments.append(f"padding={given['pad']}")
    mode = given.get("mode", "zeros")
    if mode != "zeros" and (step.name == "pad" or given.get("pad")):
        arguments.append(f'padding_mode="{MODES[mode]}"')
    if given.get("interpolation", "bilinear") != "bilinear":
        arguments.append(f"interpolation=v2.InterpolationMode.{given['interpolation'].upper()}")
    return _call("v2." + "".join(part.capitalize() for part in step.name.split("_")), arguments)


def _number(value: Any) -> str:
    return repr(list(value)) if isinstance(value, tuple) else repr(value)


def _call(name: str, arguments: Sequence[str]) -> str:
    return f"{name}({', '.join(arguments)})"


def _batch(name: str, given: dict[str, Any], recipe: Recipe) -> list[str]:
    """The function that a step on batches is, or one for each of its parts."""
    if name == "color_jitter":
        grey = recipe.channels == 1
        parts = [part for part in JITTER if given[part] and not (part == "hue" and grey)]
        word = {"hue": "turns"}
        return [f"partial({part}, {word.get(part, 'strength')}={given[part]!r})" for part in parts]
    values = [f"{key}={value!r}" for key, value in given.items()]
    if name == "random_erasing":
        values.append(f"mean={recipe.mean!r}")
    return [_call("partial", [name, *values]) if values else name]

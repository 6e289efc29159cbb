"""The training script of a spec: its recipes as Python classes, and the template around them.

The template is kept in black's form, and a script has only those parts of it that its recipes need;
what is written from the recipes is brought into it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from archdsl.emit import docs, script_recipe
from archdsl.emit.formatting import formatted
from archdsl.ir.design import Design
from archdsl.ir.program import Program
from archdsl.ir.recipe import Recipe
from archdsl.node import Node

if TYPE_CHECKING:
    from jinja2 import Environment

WIDTH = 100
_TEMPLATES = os.path.join(os.path.dirname(__file__), "templates")


class Script(Node):
    """The file to write, as data. Flags say what some recipe does."""

    module: str
    origin: str
    recipes: str
    helpers: tuple[str, ...]
    total: str
    time: str
    units: dict[str, int]
    aux: bool
    augments: bool
    clip: bool
    download: bool
    ema: bool
    evaluated: bool
    least: bool
    mixes: str


def emit(program: Program, designs: Sequence[Design]) -> str:
    """The script's text, as black leaves it at a width of 100; empty where no design has a recipe."""
    found = [recipe for design in designs for recipe in design.recipes]
    if not found:
        return ""
    classes = script_recipe.classes(found)
    body = formatted(script_recipe.text(classes, designs), WIDTH).rstrip()
    script = Script(
        module=os.path.splitext(os.path.basename(program.source.path))[0],
        origin=docs.escaped(program.source.origin).replace("\n", "\\n"),
        recipes=body,
        helpers=_helpers(body, found),
        aux=any(recipe.aux for recipe in found),
        augments=any(recipe.augment.batches for recipe in found),
        clip=any(recipe.clip is not None for recipe in found),
        download="args.download" in body,
        ema=any(recipe.ema is not None for recipe in found),
        evaluated=any(recipe.evaluate.batches for recipe in found),
        least=any(recipe.answer == "least" for recipe in found),
        mixes=_mixes(found),
        **_lengths({recipe.unit for recipe in found}),
    )
    return _environment().get_template("train.py.j2").render(script=script)


def _lengths(units: set[str]) -> dict[str, Any]:
    """How the script says how long it trains, what time the schedule sees, and what is short."""
    short = {"epochs": 2, "steps": 4}
    total = {"epochs": "self.recipe.epochs * self.per_epoch", "steps": "self.recipe.steps"}
    time = {"epochs": "step / self.per_epoch", "steps": "step"}
    if len(units) == 2:
        total["epochs"] = f"{total['steps']} or {total['epochs']}"
        time["epochs"] = f"{time['steps']} if recipe.steps else {time['epochs']}"
    unit = "epochs" if "epochs" in units else "steps"
    return {
        "total": total[unit],
        "time": time[unit],
        "units": {unit: short[unit] for unit in sorted(units)},
    }


def _mixes(recipes: Sequence[Recipe]) -> str:
    """The function that mixes pictures as some recipe asks for; empty where none does."""
    if any(recipe.cutmix is not None for recipe in recipes):
        return "pasted"
    return "blended" if any(recipe.mixup is not None for recipe in recipes) else ""


def _helpers(body: str, recipes: Sequence[Recipe]) -> tuple[str, ...]:
    """The functions that the recipes call, in the order of their file, and what those call."""
    functions = _functions()
    needed = set(_called(body))
    needed |= {_mixes(recipes)} & set(_functions())
    todo = list(needed)
    while todo:
        for name in _called(functions.get(todo.pop(), "")):
            if name not in needed:
                needed.add(name)
                todo.append(name)
    return tuple(text for name, text in functions.items() if name in needed)


def _called(text: str) -> list[str]:
    return [
        name for name in re.findall(r"(?<![\w.])([A-Za-z_]\w*)\b", text) if name in _functions()
    ]


@cache
def _functions() -> dict[str, str]:
    """Functions that a script may need, by name."""
    with open(os.path.join(_TEMPLATES, "train_steps.j2"), encoding="utf-8") as file:
        texts = file.read().strip().split("\n\n\n")
    return {re.findall(r"\w+", text.removeprefix("def "))[0]: text for text in texts}


@cache
def _environment() -> Environment:
    import jinja2

    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
    )

"""The training script of a spec: its recipes as Python values, and the template around them.

The template is kept in black's form, and a script has only those parts of it that its recipes need;
what is written from the recipes is brought into it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

from archdsl.emit import docs, script_recipe, script_steps
from archdsl.emit.formatting import formatted
from archdsl.ir.design import Design
from archdsl.ir.program import Program
from archdsl.node import Node

if TYPE_CHECKING:
    from jinja2 import Environment


_TEMPLATES = os.path.join(os.path.dirname(__file__), "templates")


class Script(Node):
    """The file to write, as data. `used` has flags for what some recipe does."""

    module: str
    origin: str
    recipes: str
    helpers: tuple[str, ...]
    unit: str
    total: str
    time: str
    numbers: tuple[str, ...]
    draws: int
    folder: bool
    download: bool
    steps: bool
    several: bool
    used: script_recipe.Used


def emit(program: Program, designs: Sequence[Design]) -> str:
    """The script's text, as black leaves it at a width of 100; empty where no design has a recipe."""
    found = [recipe for design in designs for recipe in design.recipes]
    if not found:
        return ""
    values = script_recipe.values(designs)
    used = script_recipe.Used(found)
    body = formatted(script_recipe.text(values, designs), script_recipe.WIDTH).strip()
    needed = ["done"] * (used.augments or used.prepares) + ["mixed"] * used.mixes
    script = Script(
        module=os.path.splitext(os.path.basename(program.source.path))[0],
        origin=docs.escaped(program.source.origin).replace("\n", "\\n"),
        recipes=body,
        helpers=_helpers(body, needed),
        numbers=tuple(script_recipe.options(found)),
        draws=script_steps.draws(found),
        folder="datasets.ImageFolder(" in body,
        download="args.download" in body,
        steps=used.augments or used.prepares,
        several=len(values) > 1,
        used=used,
        **_lengths(used.units),
    )
    return _environment().get_template("train.py.j2").render(script=script, used=used)


def _lengths(units: set[str]) -> dict[str, str]:
    """How the script says how long it trains, and what time and end the schedule sees."""
    total = {"epochs": "args.epochs * self.per_epoch", "steps": "args.steps"}
    time = {"epochs": "step / self.per_epoch, args.epochs", "steps": "step, args.steps"}
    if len(units) == 1:
        (unit,) = units
        return {"unit": unit, "total": total[unit], "time": time[unit]}
    return {
        "unit": "both",
        "total": f'{total["steps"]} if "steps" in args else {total["epochs"]}',
        "time": f'({time["steps"]}) if "steps" in args else ({time["epochs"]})',
    }


def _helpers(body: str, names: Sequence[str]) -> tuple[str, ...]:
    """The functions of these names and those that the recipes call, in the order of their file, and
    what they call."""
    functions = _functions()
    needed = {*_called(body), *names}
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

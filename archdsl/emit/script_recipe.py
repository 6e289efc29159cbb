"""Recipes as the values of a training script: the first in full, each further one by what differs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from archdsl.emit.script_steps import batches, pictures
from archdsl.ir.design import Design
from archdsl.ir.recipe import Method, Recipe
from archdsl.node import Node, replace
from archdsl.recipes.table import lookup

WIDTH = 100
FUSED = ("sgd", "adam", "adamw")  # what PyTorch has one kernel for, on a GPU
TAKEN = ("F", "DDP", "RANK", "WORLD", "CUDA", "DEVICE", "WHOLE", "VARIANTS", "COMPONENTS")
DEFAULTS = {"accumulate": 1, "seed": 0, "precision": "bf16"}  # of options
# What the options of a recipe's numbers take and are.
NUMBERS = {
    "epochs": ("type=int", "how long to train, in passes over the data"),
    "steps": ("type=int", "how long to train, in updates of the weights"),
    "batch": ("type=int", "pictures for an update, of all processes together"),
    "accumulate": ("type=int", "parts of it that a process takes in turn"),
    "lr": ("type=float", "rate of learning, which the schedule changes"),
    "ema": ("type=float", "how much of the mean of weights stays with a step; 0: no mean"),
    "mixup": ("type=float", "how evenly pictures are blended; 0: not at all"),
    "cutmix": ("type=float", "how evenly pictures are cut; 0: not at all"),
    "clip": ("type=float", "largest norm of the gradient; 0: any"),
    "seed": ("type=int", "what all chance follows from"),
    "precision": ('choices=("bf16", "fp32")', "what is computed in"),
}


class Written(Node):
    """A value of the script: its name there, its recipe, without what variants of one recipe differ
    in, and the text of each member, by its name."""

    name: str
    recipe: Recipe
    members: dict[str, str]


def values(designs: Sequence[Design]) -> list[Written]:
    """A value for each recipe. What differs between a recipe's variants makes several of it."""
    recipes = [recipe for design in designs for recipe in design.recipes]
    used = Used(recipes)
    found: list[Written] = []
    for recipe in _common(recipes):
        taken = {*TAKEN, *(each.name for each in found)}
        first = name = recipe.name.upper()
        while name in taken:
            name = f"{first}_{len(taken - set(TAKEN)) + 1}"
        found.append(Written(name=name, recipe=recipe, members=used.members(recipe)))
    return found


def text(written: Sequence[Written], designs: Sequence[Design]) -> str:
    """The recipes, and the table of the variants."""
    lines = [_literal(each, written[:at]) for at, each in enumerate(written)]
    rows: dict[str, list[str]] = {}
    for design in designs:
        if design.recipes:
            rows.setdefault(_row(design, written), []).append(design.name)
    found = [line for row, names in rows.items() for line in _entries(names, row)]
    lines.append("# What is trained: the shape of its pictures, and its recipes.\n")
    lines.append(f"VARIANTS: dict[str, Any] = {{{', '.join(found)}}}\n")
    return "".join(lines)


def _entries(names: Sequence[str], row: str) -> Iterator[str]:
    """Entries of the table: as many names together as a line takes."""
    lines: list[list[str]] = [[]]
    for name in names:
        if len(f"    **dict.fromkeys({[*lines[-1], name]}, {row}),") > WIDTH:
            lines.append([])
        lines[-1].append(name)
    for line in lines:
        several = f"**dict.fromkeys({line}, {row})".replace("'", '"')
        yield several if len(line) > 1 else f'"{line[0]}": {row}'


def options(recipes: Sequence[Recipe]) -> Iterator[str]:
    """The calls that add the options of the recipes' numbers."""
    used = Used(recipes)
    for name in ("epochs", "steps"):
        if used.units == {"epochs", "steps"}:
            yield f'if "{name}" in recipe.numbers:'
        if name in used.units:
            yield f"{'    ' * (len(used.units) - 1)}{_option(name)}"
    for name in ("batch", "accumulate", "lr", *used.numbers, "seed", "precision"):
        yield _option(name)


def _option(name: str) -> str:
    takes, meaning = NUMBERS[name]
    default = f", default={DEFAULTS[name]}" if name in DEFAULTS and name != "precision" else ""
    return f'add("--{name}", {takes}{default}, help="{meaning}")'


def _literal(each: Written, before: Sequence[Written]) -> str:
    """A recipe in full, or what it differs in from that before it that it has most in common with."""
    changes = [
        [name for name, member in each.members.items() if member != other.members[name]]
        for other in before
    ]
    names = min(changes, key=len, default=list(each.members))
    members = ", ".join(f"{name}={each.members[name]}" for name in names)
    if not before:
        return f"{each.name} = SimpleNamespace({members})\n"
    members = ", ".join(f'"{name}": {each.members[name]}' for name in names)
    other = before[changes.index(names)].name
    return f"{each.name} = SimpleNamespace(**vars({other}) | {{{members}}})\n"


def _row(design: Design, written: Sequence[Written]) -> str:
    first = design.recipes[0]
    names = [
        each.name
        for recipe in design.recipes
        for each in written
        if each.recipe.name == recipe.name and _same(each.recipe, _own(recipe))
    ]
    return f"({(first.channels, *first.size)}, [{', '.join(names)}])"


def _common(recipes: Sequence[Recipe]) -> list[Recipe]:
    """Recipes without what is their variant's, each once: of those that differ in that some variants
    have side heads, one with the weights of these."""
    found: list[Recipe] = []
    for recipe in sorted(map(_own, recipes), key=lambda recipe: not recipe.aux):
        if not any(_same(each, recipe) for each in found):
            found.append(recipe)
    order = [_own(recipe) for recipe in recipes]
    return sorted(found, key=lambda each: [_same(each, own) for own in order].index(True))


def _same(common: Recipe, own: Recipe) -> bool:
    """Whether a recipe of the script is that of a variant. Without side heads no weights matter."""
    return common == (own if own.aux else replace(own, aux=common.aux))


def _own(recipe: Recipe) -> Recipe:
    """A recipe without what is its variant's. Crops to the size of the input are of size None."""

    def sized(method: Method) -> Method:
        arguments = tuple(
            (name, None if name == "size" and value == recipe.size else value)
            for name, value in method.arguments
        )
        return method if method.name == "resize" else replace(method, arguments=arguments)

    steps = [
        replace(side, pictures=tuple(map(sized, side.pictures)))
        for side in (recipe.augment, recipe.evaluate)
    ]
    aux = tuple(replace(each, path="") for each in recipe.aux)
    nothing: dict[str, Any] = {"variant": "", "model": "", "size": (0, 0), "aux": aux}
    own: Recipe = replace(recipe, augment=steps[0], evaluate=steps[1], **nothing)
    return own


class Used:
    """What any recipe of the file does: all its values have the members for that."""

    def __init__(self, recipes: Sequence[Recipe]) -> None:
        def any_has(*names: str) -> bool:
            return any(getattr(each, name) is not None for each in recipes for name in names)

        self.units = {recipe.unit for recipe in recipes}
        self.mixes = any_has("mixup", "cutmix")
        self.ema, self.clip = any_has("ema"), any_has("clip")
        self.least = any(recipe.answer == "least" for recipe in recipes)
        self.aux = any(recipe.aux for recipe in recipes)
        self.augments = any(recipe.augment.batches for recipe in recipes)
        self.prepares = any(recipe.evaluate.batches for recipe in recipes)
        names = ["ema"] * self.ema + ["mixup", "cutmix"] * self.mixes + ["clip"] * self.clip
        self.numbers = names

    def members(self, recipe: Recipe) -> dict[str, str]:
        numbers: dict[str, Any] = {recipe.unit: recipe.length}
        for name in ("batch", "lr", *self.numbers):
            numbers[name] = recipe.optimizer["lr"] if name == "lr" else getattr(recipe, name) or 0.0
        common = {name: getattr(recipe, name) for name in DEFAULTS}
        numbers |= {name: each for name, each in common.items() if each != DEFAULTS[name]}
        members = {
            "name": f'"{recipe.name}"',
            "numbers": "{"
            + ", ".join(f'"{key}": {_python(each)}' for key, each in numbers.items())
            + "}",
            "source": f"lambda args, part: {_source(recipe)}",
            "classes": f"{recipe.classes}",
            "pictures": pictures(recipe.augment.pictures),
            "evaluated": pictures(recipe.evaluate.pictures),
        }
        if self.augments:
            members["augment"] = batches(recipe.augment.batches, recipe)
        if self.prepares:
            members["prepare"] = batches(recipe.evaluate.batches, recipe)
        members |= {"mean": f"{recipe.mean!r}", "std": f"{recipe.std!r}", "loss": _loss(recipe)}
        if self.aux:
            members["aux"] = repr(tuple(each.weight for each in recipe.aux))
        if self.least:
            members["sign"] = "-1" if recipe.answer == "least" else "1"
        return {
            **members,
            "optimizer": _optimizer(recipe),
            "rate": f"lambda t, end: {_rate(recipe)}",
        }


def _python(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else repr(value)


def _source(recipe: Recipe) -> str:
    name = recipe.data.name
    if name in ("imagenet", "image_folder"):
        return 'datasets.ImageFolder(f"{args.data}/{part}")'
    dataset = str(lookup("data", name).torch).removeprefix("torchvision.")
    kind = 'part == "train"' if name != "svhn" else '{"train": "train", "val": "test"}[part]'
    return f"{dataset}(args.data, {kind}, download=args.download)"


def _loss(recipe: Recipe) -> str:
    """A function of what the network gives and of the classes."""
    name, given = recipe.loss.name, dict(recipe.loss.arguments)
    smoothing = given.get("label_smoothing")
    if name == "cross_entropy":
        smoothed = f"partial(F.cross_entropy, label_smoothing={smoothing!r})"
        return smoothed if smoothing else "F.cross_entropy"
    if name == "binary_cross_entropy":
        return f"partial(binary_cross_entropy, label_smoothing={smoothing!r})"
    if name == "distance":
        return f"partial(distance, j={given['j']!r})"
    return {"mse": "squared_error", "nll": "F.nll_loss"}[name]


def _optimizer(recipe: Recipe) -> str:
    entry = lookup("optimizer", recipe.optimizer.name)
    given = entry.keywords(dict(recipe.optimizer.arguments))
    given.pop("lr", None)
    parameters = "model.parameters()"
    if recipe.exempt and recipe.optimizer["weight_decay"]:
        decay = given.pop("weight_decay", recipe.optimizer["weight_decay"])
        kinds = ", ".join(f'"{kind}"' for kind in recipe.exempt)
        parameters = f"decaying(model, {decay!r}, {kinds})"
    given.pop("exempt", None)
    values = "".join(f", {key}={value!r}" for key, value in given.items())
    fused = ", fused=CUDA" if recipe.optimizer.name in FUSED else ""
    return f"lambda model, lr: {entry.torch}({parameters}, lr{values}{fused})"


def _rate(recipe: Recipe) -> str:
    """The share of the rate at a time `t` of a training that ends at `end`."""
    name, given = recipe.schedule.name, dict(recipe.schedule.arguments)
    warmup, start, floor = given["warmup"], given["warmup_start"], given.get("floor", 0.0)
    left = f"(t - {warmup}) / (end - {warmup})" if warmup else "t / end"
    down = _falls(name, given, left)
    if floor:
        down = f"{floor!r} + {1 - floor!r} * ({down})"
    if not warmup:
        return down
    rise = f"{start!r} + {1 - start!r} * t / {warmup}" if start else f"t / {warmup}"
    return (
        f"{rise if given['warmup_shape'] == 'linear' else repr(start)} if t < {warmup} else {down}"
    )


def _falls(name: str, given: dict[str, Any], left: str) -> str:
    """The share of the rate at a time `t`, of which `left` is the share that has passed."""
    if name == "constant":
        return "1.0"
    if name == "linear":
        return f"1 - {left}"
    if name == "cosine":
        return f"(1 + math.cos(math.pi * {left})) / 2"
    if name == "polynomial":
        return f"(1 - {left}) ** {given['power']!r}"
    gamma = given["gamma"]
    if name == "exponential":
        return f"{gamma!r} ** t"
    if name == "inverse":
        return f"(1 + {gamma!r} * t) ** -{given['power']!r}"
    if name == "step":
        return f"{gamma!r} ** (t // {given['every']})"
    if name == "milestones":
        at = given["at"]
        if not isinstance(gamma, tuple):
            return f"{gamma!r} ** sum(t >= each for each in {at})"
        return f"math.prod(by for each, by in zip({at}, {gamma}) if t >= each)"
    raise KeyError(name)

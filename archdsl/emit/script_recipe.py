"""Recipes as the classes of a training script: the first is `Recipe`, and each further one derives
from it with what differs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from archdsl.ir.design import Design
from archdsl.ir.recipe import Method, Recipe
from archdsl.node import Node, replace
from archdsl.recipes.table import lookup

FUSED = ("sgd", "adam", "adamw")  # what PyTorch has one kernel for, on a GPU
MODES = {"reflect": "reflect", "replicate": "edge"}
FLIPS = {"hflip": "x.flip(3)", "vflip": "x.flip(2)"}
ONE_HOT = "if target.ndim == 1:\n    target = F.one_hot(target, self.classes).to(out.dtype)\n"


class Written(Node):
    """A class of the script: its recipe, without what variants of one recipe differ in, the first of
    these, and the text of each member, by its name."""

    name: str
    variant: str
    recipe: Recipe
    members: dict[str, str]


def classes(recipes: Sequence[Recipe]) -> list[Written]:
    """A class for each recipe. What differs between a recipe's variants makes several of it."""
    used = _Used(recipes)
    found: list[Written] = []
    for recipe in recipes:
        common = _common(recipe)
        if any(each.recipe == common for each in found):
            continue
        name = _class_name(recipe.name) if found else "Recipe"
        taken = {each.name for each in found}
        while name in taken:
            name = f"{_class_name(recipe.name)}{len(taken)}"
        members = used.members(common)
        found.append(Written(name=name, variant=recipe.variant, recipe=common, members=members))
    return found


def text(written: Sequence[Written], designs: Sequence[Design]) -> str:
    """The classes, and the table of the variants."""
    side = any(recipe.aux for design in designs for recipe in design.recipes)
    lines = [_class_text(each, written[0]) for each in written]
    lines.append(_VARIANT + ("    aux: tuple[float, ...] = ()\n" if side else ""))
    rows = [_row(design, written) for design in designs if design.recipes]
    lines.append("VARIANTS = {\n" + "".join(rows) + "}\n")
    return "\n\n".join(lines)


def mixes(recipe: Recipe) -> bool:
    """Whether targets are shares of classes."""
    return recipe.mixup is not None or recipe.cutmix is not None


_VARIANT = '''\
class Variant(NamedTuple):
    """A network: the shape of its pictures, and the recipes for it, the first its default."""

    shape: tuple[int, int, int]
    recipes: dict[str, type[Recipe]]
'''


def _row(design: Design, written: Sequence[Written]) -> str:
    first = design.recipes[0]
    recipes = ", ".join(
        f'"{recipe.name}": {each.name}'
        for recipe in design.recipes
        for each in written
        if each.recipe == _common(recipe)
    )
    aux = f", {tuple(each.weight for each in first.aux)!r}" if first.aux else ""
    shape = (first.channels, *first.size)
    return f'    "{design.name}": Variant({shape}, {{{recipes}}}{aux}),\n'


def _class_name(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_")) + "Recipe"


def _class_text(each: Written, first: Written) -> str:
    base = "" if each is first else "(Recipe)"
    doc = f'"""`{each.recipe.name}`. Its numbers are options of the command line, too."""'
    if each is not first:
        doc = f'"""`{each.recipe.name}` for {each.variant} and its like: what differs."""'
        if each.recipe.name != first.recipe.name:
            doc = f'"""`{each.recipe.name}`: what differs from `{first.recipe.name}`."""'
    own = [
        member
        for name, member in each.members.items()
        if each is first or member != first.members[name]
    ]
    body = "\n".join(_indented(member) for member in own)
    return f"@dataclass\nclass {each.name}{base}:\n    {doc}\n\n{body}\n"


def _indented(member: str) -> str:
    return "".join(f"    {line}\n" if line else "\n" for line in member.split("\n"))[:-1]


def _common(recipe: Recipe) -> Recipe:
    """A recipe without what is its variant's. Crops to the size of the input are of size None."""

    def sized(method: Method) -> Method:
        arguments = tuple(
            (
                name,
                (
                    None
                    if name == "size" and method.name != "resize" and value == recipe.size
                    else value
                ),
            )
            for name, value in method.arguments
        )
        return Method(name=method.name, arguments=arguments)

    steps = [
        replace(side, pictures=tuple(map(sized, side.pictures)))
        for side in (recipe.augment, recipe.evaluate)
    ]
    nothing: dict[str, Any] = {"variant": "", "model": "", "size": (0, 0), "aux": ()}
    common: Recipe = replace(recipe, augment=steps[0], evaluate=steps[1], **nothing)
    return common


class _Used:
    """What any recipe of the file does: all its classes have the members for that."""

    def __init__(self, recipes: Sequence[Recipe]) -> None:
        self.units = {recipe.unit for recipe in recipes}
        used = {
            name
            for name in ("ema", "mixup", "cutmix", "clip")
            if any(getattr(recipe, name) is not None for recipe in recipes)
        }
        used |= {"mixup"} if "cutmix" in used else set()
        self.options = [name for name in ("ema", "mixup", "cutmix", "clip") if name in used]
        self.least = any(recipe.answer == "least" for recipe in recipes)
        self.augments = any(recipe.augment.batches for recipe in recipes) or any(
            map(mixes, recipes)
        )
        self.evaluated = any(recipe.evaluate.batches for recipe in recipes)

    def members(self, recipe: Recipe) -> dict[str, str]:
        members: dict[str, str] = {}
        for unit in ("epochs", "steps"):
            if unit in self.units:
                members[unit] = f"{unit}: int = {recipe.length if recipe.unit == unit else 0}"
        members["batch"] = f"batch: int = {recipe.batch}"
        members["accumulate"] = f"accumulate: int = {recipe.accumulate}"
        members["lr"] = f"lr: float = {recipe.optimizer['lr']!r}"
        for name in self.options:
            members[name] = f"{name}: float = {float(getattr(recipe, name) or 0)!r}"
        members["seed"] = f"seed: int = {recipe.seed}"
        members["precision"] = f'precision: str = "{recipe.precision}"'
        members["name"] = f'name = "{recipe.name}"'
        members["classes"] = f"classes = {recipe.classes}"
        members["mean"] = f"mean = {recipe.mean!r}"
        members["std"] = f"std = {recipe.std!r}"
        if self.least:
            members["sign"] = f"sign = {-1.0 if recipe.answer == 'least' else 1.0}"
        members["source"] = _source(recipe)
        members["pictures"] = _pictures("pictures", "in training", recipe.augment.pictures)
        members["evaluated"] = _pictures("evaluated", "in evaluation", recipe.evaluate.pictures)
        if self.evaluated:
            members["prepared"] = _batches("prepared", recipe.evaluate.batches, recipe)[0]
        members["augment"], draws = _batches("augment", recipe.augment.batches, recipe)
        if not self.augments:
            del members["augment"]
        members["drawn"] = self._drawn(recipe, draws)
        members["criterion"] = _criterion(recipe)
        members["optimizer"] = _optimizer(recipe)
        members["rate"] = _rate(recipe)
        return members

    def _drawn(self, recipe: Recipe, draws: int) -> str:
        head = 'def drawn(self) -> Tensor:\n    """Random numbers for a picture."""\n'
        mixed = [name for name in ("cutmix", "mixup") if name in self.options]
        if not mixed:
            return f"{head}    return torch.rand({draws})\n"
        more = 5 if "cutmix" in mixed else 1
        lines = [f"    u = torch.rand({draws + more})"]
        for name in mixed:  # shares of what is mixed stand at the end
            at, alpha = ("-1" if name == "mixup" else "-2"), f"self.{name}"
            lines.append(f"    u[{at}] = Beta({alpha}, {alpha}).sample() if {alpha} else 1.0")
        return head + "\n".join([*lines, "    return u\n"])


def _source(recipe: Recipe) -> str:
    name = recipe.data.name
    dataset = str(lookup("data", name).torch).removeprefix("torchvision.")
    kind = "train=train" if name != "svhn" else 'split="train" if train else "test"'
    made = f"{dataset}(args.data, {kind}, download=args.download)"
    if name in ("imagenet", "image_folder"):
        made = "folder(args, train, self.classes)"
    return f"def source(self, args: argparse.Namespace, train: bool) -> Any:\n    return {made}\n"


def _call(name: str, arguments: Sequence[str]) -> str:
    return f"{name}({', '.join(arguments)})"


def _pictures(name: str, when: str, steps: Sequence[Method]) -> str:
    made = ", ".join(map(_picture, steps))
    doc = f'"""What is done to single pictures {when}."""'
    return (
        f"def {name}(self, size: list[int]) -> list[nn.Module]:\n    {doc}\n    return [{made}]\n"
    )


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


def _batches(name: str, steps: Sequence[Method], recipe: Recipe) -> tuple[str, int]:
    """The method that does the steps to a batch, and how many draws of each picture it takes."""
    lines: list[str] = []
    draws = 0

    def draw(count: int) -> str:
        nonlocal draws
        draws += count
        return f"u[:, {draws - count}]" if count == 1 else f"u[:, {draws - count}:{draws}]"

    for step in steps:
        given = dict(step.arguments)
        chance = given.pop("p", 1.0)
        for made in _batch_steps(step.name, given, recipe, draw):
            if chance < 1:
                made = f"sometimes({chance!r}, {draw(1)}, {made}, x)"
            lines.append(f"x = {made}")
    numbers = ", u: Tensor" if name == "augment" else ""
    doc = '"""What is done to batches, on the device; values are between 0 and 1."""'
    body = "".join(f"    {line}\n" for line in [doc, *lines, "return x"])
    return f"def {name}(self, x: Tensor{numbers}) -> Tensor:\n{body}", draws


def _batch_steps(name: str, given: dict[str, Any], recipe: Recipe, draw: Any) -> list[str]:
    """What a step makes of a batch `x`: one expression, or one for each of its parts."""
    if name in FLIPS:
        return [FLIPS[name]]
    if name == "grayscale":
        return ["grey(x).expand_as(x)"]
    if name == "color_jitter":
        parts = [
            part for part in given if given[part] and not (part == "hue" and recipe.channels == 1)
        ]
        return [f"{part}(x, {draw(1)}, {given[part]!r})" for part in parts]
    values = [f"{key}={value!r}" for key, value in given.items()]
    counts = {"rotate": 1, "zoom": 1, "shift": 2, "pca_lighting": 3, "random_erasing": 4}
    if name == "random_erasing":
        values.append("mean=self.mean")
    numbers = [draw(counts[name])] if name in counts else []
    return [_call(name, ["x", *numbers, *values])]


def _criterion(recipe: Recipe) -> str:
    given = dict(recipe.loss.arguments)
    smoothing = given.get("label_smoothing", 0.0)
    if recipe.loss.name == "cross_entropy":
        extra = f", label_smoothing={smoothing!r}" if smoothing else ""
        body = f"return F.cross_entropy(out, target{extra})"
    elif recipe.loss.name == "binary_cross_entropy":
        smooth = f"target = target * {1 - smoothing!r} + {smoothing!r} / self.classes\n"
        body = ONE_HOT + (smooth if smoothing else "")
        body += "return F.binary_cross_entropy_with_logits(out, target)"
    elif recipe.loss.name == "mse":
        body = ONE_HOT + "return F.mse_loss(out, target)"
    elif recipe.loss.name == "nll":
        body = "return F.nll_loss(out, target)"
    elif recipe.loss.name == "distance":
        rubbish = f"F.pad(-out, (0, 1), value=-{given['j']!r})  # and what is in no class"
        body = (
            "right = out.gather(1, target[:, None])[:, 0]\n"
            f"others = {rubbish}\n"
            "return (right + others.logsumexp(1)).mean()"
        )
    else:
        raise KeyError(recipe.loss.name)
    return f"def criterion(self, out: Tensor, target: Tensor) -> Tensor:\n{_indented(body)}\n"


def _optimizer(recipe: Recipe) -> str:
    entry = lookup("optimizer", recipe.optimizer.name)
    given = entry.keywords(dict(recipe.optimizer.arguments))
    given.pop("lr", None)
    parameters = "model.parameters()"
    if recipe.exempt and recipe.optimizer["weight_decay"]:
        decay = given.pop("weight_decay", recipe.optimizer["weight_decay"])
        kinds = ", ".join(f'"{kind}"' for kind in recipe.exempt)
        parameters = f"decaying(model, {decay!r}, {kinds})"
    values = [f"{key}={value!r}" for key, value in given.items()]
    fused = ["fused=CUDA"] if recipe.optimizer.name in FUSED else []
    call = _call(str(entry.torch), [parameters, "lr=self.lr", *values, *fused])
    return f"def optimizer(self, model: nn.Module) -> torch.optim.Optimizer:\n    return {call}\n"


def _rate(recipe: Recipe) -> str:
    """The schedule, as a function of time."""
    name, given = recipe.schedule.name, dict(recipe.schedule.arguments)
    warmup, start = given["warmup"], given["warmup_start"]
    lines = [f'"""The share of `lr` after a time in {recipe.unit}."""']
    if warmup:
        rise = f"{start!r} + {1 - start!r} * t / {warmup}" if start else f"t / {warmup}"
        lines += [
            f"if t < {warmup}:",
            f"    return {rise if given['warmup_shape'] == 'linear' else repr(start)}",
        ]
    left = (
        f"(t - {warmup}) / (self.{recipe.unit} - {warmup})" if warmup else f"t / self.{recipe.unit}"
    )
    floor = given.get("floor", 0.0)
    down = _falls(name, given, left)
    lines.append(f"return {floor!r} + {1 - floor!r} * ({down})" if floor else f"return {down}")
    body = "\n".join(lines)
    return f"def rate(self, t: float) -> float:\n{_indented(body)}\n"


def _falls(name: str, given: dict[str, Any], left: str) -> str:
    """The share of the rate at a time `t`, of which `left` is the share that has passed."""
    if name == "constant":
        return "1.0"
    if name == "linear":
        return f"1 - {left}"
    if name == "cosine":
        return f"(1 + math.cos(math.pi * {left})) / 2"
    if name == "polynomial":
        return f"math.pow(1 - {left}, {given['power']!r})"
    gamma = given["gamma"]
    if name == "exponential":
        return f"math.pow({gamma!r}, t)"
    if name == "inverse":
        return f"math.pow(1 + {gamma!r} * t, -{given['power']!r})"
    if name == "step":
        return f"math.pow({gamma!r}, t // {given['every']})"
    if name == "milestones":
        return _milestones(given["at"], gamma)
    raise KeyError(name)


def _milestones(at: tuple[int, ...], gamma: Any) -> str:
    if not isinstance(gamma, tuple):
        return f"{gamma!r} ** sum(t >= each for each in {at})"
    return f"float(math.prod(by for each, by in zip({at}, {gamma}) if t >= each))"

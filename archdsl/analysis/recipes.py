"""Recipes on numbers: what a `train` block says, held against the variants that it is for."""

from __future__ import annotations

from archdsl.analysis.notes import Frame, error
from archdsl.analysis.recipe_pictures import normalization, steps
from archdsl.analysis.recipe_values import Values
from archdsl.analysis.trainable import check_trainable, classes_of, last_op
from archdsl.diagnostics import SpecError
from archdsl.ir import recipe as r
from archdsl.ir.evaluate import Poisoned
from archdsl.node import replace
from archdsl.recipes.entry import DataSet, Length, Loss

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from archdsl.analysis.recipe_values import Made
    from archdsl.analysis.session import Session
    from archdsl.ir.design import Design
    from archdsl.source import Span


_STEPS = 100  # of computing, that a recipe is worth


def with_recipes(session: Session, designs: Sequence[Design]) -> tuple[Design, ...]:
    """The designs, each with its recipes in the order written; what is wrong is reported."""
    known: dict[tuple[Any, ...], r.Recipe] = {}
    targets = [
        {target.name: target.span for target in train.targets} for train in session.program.recipes
    ]
    saved = session.frames
    found = []
    for design in designs:
        session.frames = [Frame("variant", design.name)]
        mine = [
            (train, of.get(design.name) or of.get(design.model) or train.span)
            for train, of in zip(session.program.recipes, targets)
            if not of or design.name in of or design.model in of
        ]
        recipes = () if design.overridden else tuple(_recipes(session, design, mine, known))
        found.append(replace(design, recipes=recipes) if recipes else design)
    session.frames = saved
    return tuple(found)


def _recipes(
    session: Session,
    design: Design,
    mine: list[tuple[r.Train, Span]],
    known: dict[tuple[Any, ...], r.Recipe],
) -> Iterator[r.Recipe]:
    """The recipes of a variant, each with where it names it. `known` are those worked out before:
    most variants of a file are alike in all that a recipe looks at."""
    for train, at in mine:
        given = design.root.arguments if train.parametric else {}
        arguments = tuple((name, value, type(value)) for name, value in given.items())
        heads = tuple((head.path, head.output, head.weight) for head in design.aux)
        key = (train.name, design.inputs, design.outputs, heads, last_op(design), arguments)
        try:
            session.evaluator.budget.spend(_STEPS, at)
            if key not in known:
                known[key] = _recipe(session, design, train, at)
            yield replace(known[key], variant=design.name, model=design.model)
        except SpecError as problem:
            session.report(problem.diagnostic)
        except Poisoned:
            pass


def _recipe(session: Session, design: Design, train: r.Train, at: Span) -> r.Recipe:
    """The recipe for a variant, which is named `at` a place. Raises at what is wrong with it as a
    whole; Poisoned where single values are, which were reported."""
    check_trainable(design, at)
    values = Values(session, design, train)
    if not values.evaluate():
        raise Poisoned
    channels, height, width = values.shape
    data = _data(values)
    loss = _loss(values)
    optimizer = values.one("optimizer", "sgd")
    schedule = values.one("schedule", "constant")
    unit = "steps" if "steps" in values.plain else "epochs"
    length = Length(number=values.plain[unit], unit=unit)
    for made in (optimizer, schedule):
        made.check(length)
    evaluate = steps("evaluate", values, data, length)
    mean, std = normalization(values, data, channels)
    return r.Recipe(
        name=train.name,
        variant=design.name,
        model=design.model,
        data=r.Method(name=data.entry.name, arguments=(("classes", classes_of(design)),)),
        classes=classes_of(design),
        channels=channels,
        size=(height, width),
        augment=steps("augment", values, data, length) if "augment" in values.told else evaluate,
        evaluate=evaluate,
        mean=mean,
        std=std,
        loss=loss.method(),
        answer="least" if isinstance(loss.entry, Loss) and loss.entry.least else "most",
        aux=_aux(values),
        optimizer=optimizer.method("exempt"),
        exempt=optimizer.values["exempt"],
        schedule=schedule.method(),
        length=length.number,
        unit=unit,
        batch=values.plain["batch"],
        accumulate=_accumulate(values),
        precision=values.one("precision", "bf16").entry.name,
        ema=values.setting("ema"),
        mixup=_mixing("mixup", values, loss),
        cutmix=_mixing("cutmix", values, loss),
        clip=values.setting("clip"),
        seed=values.setting("seed"),
        span=train.span,
    )


def _data(values: Values) -> Made:
    """The data, which has as many classes as the model tells apart."""
    (made,) = values.methods["data"]
    assert isinstance(made.entry, DataSet)
    design, model = values.design, classes_of(values.design)
    given = made.values.get("classes") or made.entry.classes
    if given is None or given == model:
        return made
    arguments = design.root.arguments.items()
    name = next((name for name, value in arguments if value == model and "class" in name), None)
    fits = f"a variant with `{name}={given}` fits" if name is not None else None
    raise error(
        "E611",
        f"`{made.entry.name}` has {given:,} classes, and `{design.name}` tells {model:,} apart",
        made.place("classes"),
        others=((design.root.definition.outputs[0].span, f"{model:,} come out"),),
        help=fits or "for a set of one's own there is `image_folder`",
    )


def _loss(values: Values) -> Made:
    """The loss, which takes what the model ends in."""
    made = values.one("loss", "cross_entropy")
    assert isinstance(made.entry, Loss)
    name, last = made.entry.name, last_op(values.design)
    if last in made.entry.refuses:
        raise error(
            "E614",
            f"`{name}` takes scores, and `{values.design.name}` ends in `{last}`",
            made.span,
            help=(
                "take `loss: nll`, which is for the logarithms of probabilities"
                if last == "log_softmax"
                else f"leave `{last}` out of the model: the loss has it in itself"
            ),
        )
    if made.entry.takes is not None and last in ("linear", "conv", "softmax", "flatten"):
        raise error(
            "E614",
            f"`{name}` takes what `{made.entry.takes}` gives, and `{values.design.name}` ends in "
            f"`{last}`",
            made.span,
            help="take `loss: cross_entropy`, which is for scores",
        )
    return made


def _mixing(key: str, values: Values, loss: Made) -> float | None:
    alpha: float | None = values.setting(key)
    assert isinstance(loss.entry, Loss)
    if alpha is not None and not loss.entry.mixes:
        raise error(
            "E614",
            f"`{key}` makes targets of two classes each, and `{loss.entry.name}` takes one",
            values.told[key].span,
            others=((loss.span, "the loss"),),
            help=f"leave `{key}` out, or take `cross_entropy`",
        )
    return alpha


def _accumulate(values: Values) -> int:
    parts: int = values.setting("accumulate")
    batch = values.plain["batch"]
    if batch % parts:
        near = next(n for n in range(min(parts, batch), 0, -1) if batch % n == 0)
        raise error(
            "E614",
            f"a batch of {batch:,} does not fall into {parts:,} equal parts",
            values.told["accumulate"].span,
            others=((values.told["batch"].span, "the batch"),),
            help=f"into {near:,} it does",
        )
    return parts


def _aux(values: Values) -> tuple[r.AuxLoss, ...]:
    """What the side heads weigh, as the recipe says or else the model."""
    heads, told, given = values.design.aux, values.told.get("aux"), values.plain.get("aux")
    name = values.design.name
    if told is None:
        weights = tuple(head.weight for head in heads)
    elif not heads:
        raise error("E612", f"`{name}` has no side heads to weigh", told.span, help="leave it out")
    else:
        weights = given if isinstance(given, tuple) else (given,) * len(heads)
        if len(weights) != len(heads):
            paths = ", ".join(f"`{head.path}`" for head in heads)
            raise error(
                "E612",
                f"this weighs {len(weights)} side heads, and `{name}` has {len(heads)}: {paths}",
                told.span,
                help="one number without brackets weighs all alike",
            )
    found = []
    for head, weight in zip(heads, weights):
        if weight is None:
            raise error(
                "E612",
                f"nothing says what the loss of the side head `{head.path}` weighs",
                values.train.span,
                help=f"`aux: {[0.3] * len(heads)}` here, or `aux(weight=0.3)` in the model",
            )
        found.append(r.AuxLoss(path=head.path, weight=float(weight)))
    return tuple(found)

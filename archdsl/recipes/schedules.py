"""How the rate goes: what the optimizer's `lr` is multiplied by, at each step.

Lengths are counted in what the recipe's own length is counted in, epochs or steps.
"""

from __future__ import annotations

from archdsl.recipes.entry import REQUIRED, Entry, Length, Parameter, RecipeError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

LONGEST = 1_000_000_000
LENGTH = "epochs, or steps where the recipe has `steps`"

WARMUP = (
    Parameter(
        name="warmup",
        type="number",
        doc="how long the rate takes to rise at the beginning",
        default=0,
        minimum=0,
        maximum=LONGEST,
        unit=LENGTH,
        elsewhere=("warmup_epochs", "warmup_steps", "warm_up"),
    ),
    Parameter(
        name="warmup_start",
        type="number",
        doc="share of the rate that the warm-up begins with",
        default=0.0,
        minimum=0,
        maximum=1,
        elsewhere=("warmup_factor", "start_factor"),
    ),
    Parameter(
        name="warmup_shape",
        type="word",
        doc="whether it rises on a line, or at once when the warm-up ends",
        default="linear",
        choices=("linear", "constant"),
        elsewhere=("warmup_method",),
    ),
)
FLOOR = Parameter(
    name="floor",
    type="number",
    doc="share of the rate that is left at the end",
    default=0.0,
    minimum=0,
    maximum=1,
    elsewhere=("eta_min", "min_lr", "end", "final"),
)


def _within(length: Length) -> str:
    """What may have been meant by a time behind the end."""
    other = {"epochs": "steps", "steps": "epochs"}[length.unit]
    return f"the recipe says `{length.unit}`, so that all is counted in them, not in {other}"


def _warmed(args: Mapping[str, Any], length: Length) -> None:
    """The warm-up leaves something of the training, and has something to learn with."""
    warmup = args["warmup"]
    if warmup >= length.number:
        raise RecipeError(
            "E614",
            f"the warm-up takes {warmup:,} {length.unit}, and all of the training {length}",
            "warmup",
            _within(length),
        )
    if warmup and args["warmup_shape"] == "constant" and not args["warmup_start"]:
        raise RecipeError(
            "E614",
            "the rate would be 0 until the warm-up ends",
            "warmup_shape",
            "say what share of the rate it has, `warmup_start=0.1`",
        )


def _stepped(args: Mapping[str, Any], length: Length) -> None:
    _warmed(args, length)
    if args["every"] >= length.number:
        raise RecipeError(
            "E614",
            f"the rate changes after {args['every']:,} {length.unit}, and training ends after "
            f"{length}",
            "every",
            _within(length),
        )


def _timed(args: Mapping[str, Any], length: Length) -> None:
    _warmed(args, length)
    times, gamma = args["at"], args["gamma"]
    if list(times) != sorted(set(times)):
        in_order = ", ".join(map(str, sorted(set(times))))
        raise RecipeError("E614", "the times are not in order", "at", f"write `[{in_order}]`")
    if times[-1] >= length.number:
        raise RecipeError(
            "E614",
            f"the rate changes after {times[-1]:,} {length.unit}, and training ends after {length}",
            "at",
            _within(length),
        )
    if isinstance(gamma, tuple) and len(gamma) != len(times):
        raise RecipeError(
            "E614",
            f"`at` has {len(times)} times, and `gamma` is a list of {len(gamma)}",
            "gamma",
            "give a factor for each time, or one number for all",
        )


def _gamma(type: str, doc: str, default: Any) -> Parameter:
    return Parameter(
        name="gamma",
        type=type,
        doc=doc,
        default=default,
        above=0,
        maximum=100,
        elsewhere=("factor", "decay"),
    )


SCHEDULES = (
    Entry(
        name="constant",
        doc="The rate stays.",
        parameters=WARMUP,
        rule=_warmed,
        torch="torch.optim.lr_scheduler.ConstantLR",
        elsewhere=("fixed", "none"),
    ),
    Entry(
        name="step",
        doc="The rate is multiplied by `gamma` each time a while has passed.",
        parameters=(
            Parameter(
                name="every",
                type="int",
                doc="how long it stays",
                minimum=1,
                maximum=LONGEST,
                unit=LENGTH,
                elsewhere=("step_size", "period"),
            ),
            _gamma("number", "what it is multiplied by", 0.1),
            *WARMUP,
        ),
        rule=_stepped,
        torch="torch.optim.lr_scheduler.StepLR",
        elsewhere=("staircase",),
    ),
    Entry(
        name="milestones",
        doc="The rate is multiplied by `gamma` at certain times.",
        parameters=(
            Parameter(
                name="at",
                type="ints",
                doc="the times, in order",
                minimum=1,
                maximum=LONGEST,
                unit=LENGTH,
                elsewhere=("milestones", "epochs", "boundaries"),
            ),
            _gamma("either", "what it is multiplied by: a number, or one for each time", 0.1),
            *WARMUP,
        ),
        rule=_timed,
        torch="torch.optim.lr_scheduler.MultiStepLR",
        elsewhere=("multistep", "multi_step", "piecewise", "piecewise_constant"),
    ),
    Entry(
        name="exponential",
        doc="The rate is multiplied by `gamma` over each epoch or step, evenly: by gamma ** t at "
        "any time t.",
        parameters=(
            _gamma("number", "what it is multiplied by", REQUIRED),
            *WARMUP,
        ),
        rule=_warmed,
        torch="torch.optim.lr_scheduler.ExponentialLR",
        elsewhere=("exp",),
    ),
    Entry(
        name="inverse",
        doc="The rate falls by (1 + gamma * t) ** -power, t being the time: the policy `inv` of "
        "Caffe.",
        parameters=(
            _gamma("number", "how fast it falls", REQUIRED),
            Parameter(
                name="power", type="number", doc="the exponent", default=1.0, above=0, maximum=100
            ),
            *WARMUP,
        ),
        rule=_warmed,
        elsewhere=("inv", "inverse_decay", "inverse_time"),
    ),
    Entry(
        name="linear",
        doc="The rate falls on a line to `floor`, over what the warm-up leaves of the training.",
        parameters=(FLOOR, *WARMUP),
        rule=_warmed,
        torch="torch.optim.lr_scheduler.LinearLR",
    ),
    Entry(
        name="polynomial",
        doc="The rate falls to `floor` by (1 - t) ** power, t being how much has passed of what "
        "the warm-up leaves of the training.",
        parameters=(
            Parameter(name="power", type="number", doc="the exponent", above=0, maximum=100),
            FLOOR,
            *WARMUP,
        ),
        rule=_warmed,
        torch="torch.optim.lr_scheduler.PolynomialLR",
        elsewhere=("poly",),
    ),
    Entry(
        name="cosine",
        doc="The rate falls to `floor` on half a cosine, over what the warm-up leaves of the "
        "training (Loshchilov and Hutter, 2016).",
        parameters=(FLOOR, *WARMUP),
        rule=_warmed,
        torch="torch.optim.lr_scheduler.CosineAnnealingLR",
        elsewhere=("cosine_annealing", "cosine_decay", "cos"),
    ),
)

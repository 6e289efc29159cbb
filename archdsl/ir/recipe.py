"""A recipe: how variants are trained, as written, and with every value worked out.

`train` blocks become `Train`s of the program, symbolic. With a design each becomes a `Recipe`, in
which all that was left out has its value: the training script is written from it and asks nothing
more. What the methods are in PyTorch stands in the table (`recipes`).
"""

from __future__ import annotations

from archdsl.expr import Expr
from archdsl.ir.program import BoundArgument
from archdsl.node import Node
from archdsl.source import Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Choice(Node):
    """A method of the table as written: its arguments have found their parameters."""

    name: str
    arguments: tuple[BoundArgument, ...]
    span: Span


class Told(Node):
    """A key of `train` with what it was given: methods, or else a value."""

    key: str
    methods: tuple[Choice, ...]
    value: Expr | None
    span: Span


class Target(Node):
    """A variant that a recipe is for, or a model, for all variants of it."""

    name: str
    span: Span


class Train(Node):
    """A `train` block: whom it is for (without `targets` all variants), and what it says. `span` is
    its name's place. With `parametric` some value depends on the parameters of the model."""

    name: str
    targets: tuple[Target, ...]
    told: tuple[Told, ...]
    parametric: bool
    span: Span


class Method(Node):
    """A method of the table with every parameter bound, in the table's order.

    Values are bool, int, float, str (a word of the table), None, and tuples of these; a size of
    height and width is a pair of ints.
    """

    name: str
    arguments: tuple[tuple[str, Any], ...] = ()

    def __getitem__(self, parameter: str) -> Any:
        return dict(self.arguments)[parameter]


class Steps(Node):
    """What is done to pictures, in order: to each after decoding, which may change its size, and
    then to whole batches. At the end of `pictures` all have the size of the model's input."""

    pictures: tuple[Method, ...] = ()
    batches: tuple[Method, ...] = ()


class AuxLoss(Node):
    """The loss of a side head: its path in the model, and what it weighs beside the main loss.
    They stand in the order in which the model returns its heads; every head has one."""

    path: str
    weight: float


class Recipe(Node):
    """How one variant is trained.

    `data` is a method whose `classes` is the number of classes; pictures have `channels`
    channels (1 is grey, 3 are red, green and blue) and at the end `size`, a height and a width.
    `mean` and `std` are what values between 0 and 1 are normalised with, one for each channel,
    after all else. `augment` is done in training, `evaluate` in evaluation.
    `length` is how long training takes, in `unit`, "epochs" or "steps"; every length in `schedule`
    is in the same unit. `batch` is what a step sees, over all processes, in `accumulate` parts on
    each. `exempt` are kinds of parameters that do not decay: "norms", "biases", "depthwise".
    None stands for what is not done (`ema`, `mixup`, `cutmix`, `clip`). With `answer` "least" the
    smallest of the model's outputs is its answer, else the largest.
    """

    name: str
    variant: str
    model: str
    data: Method
    classes: int
    channels: int
    size: tuple[int, int]
    augment: Steps
    evaluate: Steps
    mean: tuple[float, ...]
    std: tuple[float, ...]
    loss: Method
    answer: str
    aux: tuple[AuxLoss, ...]
    optimizer: Method
    exempt: tuple[str, ...]
    schedule: Method
    length: int
    unit: str
    batch: int
    accumulate: int
    precision: str
    ema: float | None
    mixup: float | None
    cutmix: float | None
    clip: float | None
    seed: int
    span: Span

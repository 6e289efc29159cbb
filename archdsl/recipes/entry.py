"""What an entry of the recipes' table holds.

All that the compiler knows of a setting of `train`, or of a method that one takes, stands in its
entry: doc, parameters with their bounds, and what it is in PyTorch. Everything else asks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from archdsl.node import Node

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class _Required:
    def __repr__(self) -> str:
        return "REQUIRED"


REQUIRED = _Required()


class RecipeError(Exception):
    """What is wrong with a recipe: the finding without its place, which the caller knows.

    `parameter` names the argument at fault, if one is; `help` says what would be right.
    """

    def __init__(
        self, code: str, message: str, parameter: str | None = None, help: str | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.parameter = parameter
        self.help = help


class Length(Node):
    """How long training takes: `unit` is "epochs" or "steps"."""

    number: int
    unit: str

    def __str__(self) -> str:
        return f"{self.number:,} {self.unit}"


Rule = Callable[[Mapping[str, "Any"], Length], None]


class Parameter(Node):
    """A number, word or list that a setting or a method takes.

    `type` is one of: int, number, bool, word (a string of `choices`), words (a list of such), size
    (a number or HxW, kept as a pair), shorter (a number, or HxW, kept as a pair), numbers (a
    list, of `count` where that is told), ints (a list), either (a number, or a list of numbers).
    `none` is allowed where `optional`. Bounds hold for each number: `minimum` and `maximum`
    inclusive, `above` and `below` not. `unit` says what a number counts, `elsewhere` what others
    call the parameter.
    """

    name: str
    type: str
    doc: str
    default: Any = REQUIRED
    minimum: float | None = None
    maximum: float | None = None
    above: float | None = None
    below: float | None = None
    unit: str | None = None
    count: int | None = None
    choices: tuple[str, ...] = ()
    optional: bool = False
    elsewhere: tuple[str, ...] = ()


class Entry(Node):
    """A method: `sgd`, `cosine`, `hflip`. `torch` is what it is in PyTorch, where it is one thing
    there; `elsewhere` are other names that it goes by. `rule` refuses arguments that don't go
    together."""

    name: str
    doc: str
    parameters: tuple[Parameter, ...] = ()
    rule: Rule | None = None
    torch: str | None = None
    elsewhere: tuple[str, ...] = ()

    def keywords(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Arguments by their names, which are PyTorch's, too, without those that equal its
        defaults."""
        return {
            parameter.name: arguments[parameter.name]
            for parameter in self.parameters
            if parameter.name in arguments and arguments[parameter.name] != parameter.default
        }


class DataSet(Entry):
    """Where pictures come from. `classes` and `size` are None where the set does not settle them;
    `mean` and `std` are those of its channels, 1 or 3, between 0 and 1."""

    classes: int | None
    size: tuple[int, int] | None
    mean: tuple[float, ...]
    std: tuple[float, ...]


class Extent(Node):
    """What is known of a picture's size: both sides, or that the shorter is at least `shorter`."""

    size: tuple[int, int] | None = None
    shorter: int | None = None

    def __str__(self) -> str:
        if self.size is not None:
            return f"{self.size[0]}x{self.size[1]}"
        return "of any size" if self.shorter is None else f"{self.shorter} on the shorter side"


class Step(Entry):
    """Something done to pictures: to each after decoding (`single`), when they may differ in size,
    or to a batch. `resized` tells the size that comes out. A `random` one is for training only;
    of the others, one with a parameter `p` is sure where that is 1. `coloured` are parameters that
    do something to colours only: on grey pictures they are 0."""

    single: bool = False
    random: bool = True
    resized: Callable[[Mapping[str, Any], Extent], Extent] | None = None
    coloured: tuple[str, ...] = ()


class Loss(Entry):
    """A loss. `mixes`: its targets may be shares of classes, as mixup makes them. `takes` is the
    op that the model has to end in, and `refuses` those that it must not. `least`: the smallest
    output is the answer."""

    mixes: bool = True
    takes: str | None = None
    refuses: tuple[str, ...] = ()
    least: bool = False


class Setting(Node):
    """A key of `train`. It takes one of its `methods`, a list of them where it takes `many`, or
    else what its `parameter` says. `example` shows a value; `default` says in words what holds
    where it is left out, None where it has to be there."""

    name: str
    doc: str
    example: str
    default: str | None = None
    methods: tuple[Entry, ...] = ()
    many: bool = False
    parameter: Parameter | None = None
    elsewhere: tuple[str, ...] = ()

    def method(self, name: str) -> Entry | None:
        """The method of this name."""
        return next((entry for entry in self.methods if entry.name == name), None)


def ascending(low: str, high: str, apart: bool = False) -> Rule:
    """The rule that one parameter is not above another, nor equal to it where they stay `apart`."""

    def rule(args: Mapping[str, Any], length: Length) -> None:
        least, largest = args[low], args[high]
        if least > largest:
            message = f"`{low}` is above `{high}`: {least:g} and {largest:g}"
            raise RecipeError("E614", message, low, "exchange the two")
        if apart and least == largest:
            message = f"`{low}` and `{high}` are both {least:g}"
            raise RecipeError("E614", message, low, f"`{low}` has to be below `{high}`")

    return rule


def ranges(*names: str) -> Rule:
    """The rule that lists of two go from the least to the largest."""

    def rule(args: Mapping[str, Any], length: Length) -> None:
        for name in names:
            low, high = args[name]
            if low > high:
                raise RecipeError(
                    "E614",
                    f"`{name}` goes from the least to the largest, and this from {low:g} to "
                    f"{high:g}",
                    name,
                    f"write `[{high:g}, {low:g}]`",
                )

    return rule

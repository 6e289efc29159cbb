"""Pictures of a recipe: whether they come out in the size of the model's input, and normalised."""

from __future__ import annotations

from archdsl.analysis.notes import error
from archdsl.ir import recipe as r
from archdsl.recipes.entry import DataSet, Extent, Length, RecipeError, Step

TYPE_CHECKING = False
if TYPE_CHECKING:
    from archdsl.analysis.recipe_values import Made, Values
    from archdsl.diagnostics import SpecError


def steps(key: str, values: Values, data: Made, length: Length) -> r.Steps:
    """What is done to pictures under `augment` or `evaluate`, as it says or by default."""
    found = values.methods.get(key)
    if found is None:
        found = _unsaid(values, data) if key == "evaluate" else []
    assert isinstance(data.entry, DataSet)
    extent, last = Extent(size=data.entry.size), data
    single: list[r.Method] = []
    batches: list[r.Method] = []
    for made in found:
        step = made.entry
        assert isinstance(step, Step)
        if "size" in made.values and made.values["size"] is None:
            made.values["size"] = values.shape[1:]
        made.check(length)
        _check_colours(made, values)
        if key == "evaluate":
            _check_sure(made)
        if step.resized is not None:
            try:
                extent, last = step.resized(made.values, extent), made
            except RecipeError as problem:
                raise made.fail(problem) from None
        (single if step.single else batches).append(made.method())
    if extent.size != values.shape[1:]:
        raise _misfit(key, values, extent, last)
    return r.Steps(pictures=tuple(single), batches=tuple(batches))


def _unsaid(values: Values, data: Made) -> list[Made]:
    """What `evaluate` is where it is left out: for pictures of any size, the part in the middle."""
    assert isinstance(data.entry, DataSet)
    if data.entry.size is not None:
        return []
    longer = max(values.shape[1:])
    return [
        values.default("evaluate", "resize", data.span, size=(longer * 8 + 3) // 7),
        values.default("evaluate", "center_crop", data.span),
    ]


def _check_colours(made: Made, values: Values) -> None:
    assert isinstance(made.entry, Step)
    name, grey = values.design.name, values.shape[0] == 1
    for parameter in made.entry.coloured if grey else ():
        if made.values[parameter]:
            raise made.fail(
                RecipeError(
                    "E614",
                    f"`{made.entry.name}` changes colours, and `{name}` takes grey pictures",
                    parameter,
                    "leave it out",
                )
            )


def _check_sure(made: Made) -> None:
    chance = made.values.get("p", 1)
    if chance not in (0, 1):
        raise made.fail(
            RecipeError(
                "E609",
                f"`{made.entry.name}` leaves something to chance with p = {chance:g}, and "
                "`evaluate` must not",
                "p",
                "`p=1` does it always",
            )
        )


def _misfit(key: str, values: Values, extent: Extent, last: Made) -> SpecError:
    """The finding that pictures don't come out as the model takes them."""
    design, (height, width) = values.design, values.shape[1:]
    size = f"{height}x{width}"
    if extent.size is None:
        message = f"nothing in `{key}` makes all pictures {size}: they are {extent}"
        resized = "`resize` and `center_crop` do"
        help = f"`random_resized_crop` does; {resized}, too" if key == "augment" else resized
    else:
        message = f"pictures leave `{key}` as {extent}, and `{design.name}` takes {size}"
        border = {height - extent.size[0], width - extent.size[1]}
        help = f"`resize({size})` stretches them to it"
        if last.entry.name.endswith("crop"):
            help = "leave the size out: it is the input's then"
        elif len(border) == 1 and (wide := min(border)) > 0 and wide % 2 == 0:
            help += f", `pad({wide // 2})` puts a border around"
    told = values.told.get(key)
    at = last.place("size") if told is None or isinstance(last.entry, Step) else told.span
    port = design.root.definition.inputs[0]
    return error("E610", message, at, others=((port.span, f"{size} goes in"),), help=help)


def normalization(
    values: Values, data: Made, channels: int
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and deviation of each channel."""
    assert isinstance(data.entry, DataSet)
    made = values.one("normalize", "standard")
    if made.entry.name == "unit":
        return (0.0,) * channels, (1.0,) * channels
    if made.entry.name == "symmetric":
        return (0.5,) * channels, (0.5,) * channels
    if "normalize" not in values.told:
        return _spread(data.entry.mean, channels), _spread(data.entry.std, channels)
    for name in ("mean", "std"):
        count = len(made.values[name])
        if count not in (1, channels):
            raise made.fail(
                RecipeError(
                    "E606",
                    f"`{name}` is a list of {count}, and the channels of "
                    f"`{values.design.name}` are {channels}",
                    name,
                    "give a number for each channel, or one for all",
                )
            )
    return _spread(made.values["mean"], channels), _spread(made.values["std"], channels)


def _spread(numbers: tuple[float, ...], channels: int) -> tuple[float, ...]:
    """A number for each channel: of a grey set the same for all, of a coloured one that is read in
    grey their mean."""
    if len(numbers) == channels:
        return numbers
    return (round(sum(numbers) / len(numbers), 4),) * channels

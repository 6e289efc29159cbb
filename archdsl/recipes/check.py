"""Values held against what their parameter says: type, bounds, choice."""

from __future__ import annotations

import math

from archdsl.ops.op import Size
from archdsl.recipes.entry import Parameter, RecipeError
from archdsl.values import kind, show

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

LISTS = ("numbers", "ints", "words")
WHOLE = ("int", "size", "shorter")


def expected(parameter: Parameter) -> str:
    """What a value of the parameter is, in words."""
    several = f"a list of {parameter.count} numbers" if parameter.count else "a list of numbers"
    words = {
        "int": "a whole number",
        "number": "a number",
        "bool": "true or false",
        "word": f"one of {_choices(parameter)}",
        "words": f"a list of {_choices(parameter)}",
        "size": "a whole number, or a size such as 32x24",
        "shorter": "a whole number, or a size such as 32x24",
        "numbers": several,
        "ints": "a list of whole numbers",
        "either": "a number, or a list of numbers",
    }
    return words[parameter.type]


def bounds(parameter: Parameter) -> str:
    """Where its numbers lie, in words; empty where any will do."""
    low, high = parameter.minimum, parameter.maximum
    words = []
    if parameter.above is not None:
        words.append(f"above {_plain(parameter.above)}")
    if low is not None:
        words.append(f"at least {_plain(low)}")
    if parameter.below is not None:
        words.append(f"below {_plain(parameter.below)}")
    if high is not None:
        words.append(f"at most {_plain(high)}")
    return " and ".join(words)


def value_of(what: str, parameter: Parameter, value: Any) -> Any:
    """The value as a recipe keeps it; RecipeError where it doesn't fit. `what` names it in
    messages: `lr` of `sgd`."""
    if value is None and parameter.optional:
        return None
    if not _fits(parameter, value):
        raise RecipeError(
            "E606",
            f"{what} is {expected(parameter)}, and this is {_given(value)}",
            parameter.name,
            _instead(parameter, value),
        )
    for item in value if isinstance(value, tuple) else (value,):
        if isinstance(item, str):
            _check_choice(what, parameter, item)
        elif not isinstance(item, bool):
            _check_bounds(what, parameter, item)
    return _kept(parameter, value)


def _number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _list(value: Any) -> bool:
    return type(value) is tuple


def _fits(parameter: Parameter, value: Any) -> bool:
    kind = parameter.type
    if kind == "bool":
        return isinstance(value, bool)
    if kind == "word":
        return isinstance(value, str)
    if kind == "words":
        return _list(value) and all(isinstance(item, str) for item in value)
    if kind in ("int", "number"):
        return _whole(value) if kind == "int" else _number(value)
    if kind in ("size", "shorter"):
        return _whole(value) or (isinstance(value, Size) and all(map(_whole, value)))
    if kind == "either" and _number(value):
        return True
    right = _whole if kind == "ints" else _number
    count = parameter.count
    return _list(value) and all(map(right, value)) and count in (None, len(value)) and value != ()


def _kept(parameter: Parameter, value: Any) -> Any:
    if parameter.type == "size":
        return (value, value) if _whole(value) else tuple(value)
    if parameter.type == "shorter":
        return value if _whole(value) else tuple(value)
    if parameter.type == "words":
        return tuple(name for name in parameter.choices if name in value)
    if parameter.type in ("number", "either", "numbers") and not isinstance(parameter.default, int):
        return tuple(map(float, value)) if _list(value) else float(value)
    return value


def _given(value: Any) -> str:
    if _list(value) and value and all(map(_number, value)):
        return f"a list of {len(value)}, {show(value, 40)}"
    if _list(value) and not value:
        return "an empty list"
    if value is None or isinstance(value, bool):
        return f"`{show(value)}`"
    plain = isinstance(value, (int, float, str, tuple))
    return f"{kind(value)}, {show(value, 40)}" if plain else kind(value)


def _instead(parameter: Parameter, value: Any) -> str | None:
    """What was probably meant, in the form that it takes."""
    if parameter.type == "bool" and value in (0, 1):
        return f"write `{show(bool(value))}`"
    if parameter.type in WHOLE and isinstance(value, float):
        if value.is_integer() and abs(value) < 1e15:
            return f"write `{int(value)}`"
        return "`round(...)` makes a whole number"
    if parameter.type in LISTS and _number(value):
        shown = show(value)
        return f"write `[{', '.join([shown] * (parameter.count or 1))}]`"
    if parameter.type == "words" and isinstance(value, str):
        return f'write `["{value}"]`'
    if parameter.type in ("size", "shorter") and _list(value) and len(value) == 2:
        return f"write `{show(value[0])}x{show(value[1])}`"
    if isinstance(value, str) and parameter.type in ("int", "number", *LISTS):
        return "numbers stand without quotes" if value[:1].isdigit() else None
    if value is None and parameter.default is not None:
        return "leave it out for what it is by default"
    return None


def _check_choice(what: str, parameter: Parameter, value: str) -> None:
    if value in parameter.choices:
        return
    from difflib import get_close_matches

    close = get_close_matches(value.lower(), parameter.choices, 1)
    there = f"there are {_choices(parameter)}"
    raise RecipeError(
        "E608",
        f"{what} has no choice {show(value)}",
        parameter.name,
        f"did you mean {show(close[0])}? {there[0].upper()}{there[1:]}" if close else there,
    )


def _check_bounds(what: str, parameter: Parameter, number: Any) -> None:
    low, high = parameter.minimum, parameter.maximum
    above, below = parameter.above, parameter.below
    if low is not None and number < low:
        bound = f"at least {_plain(low)}"
    elif above is not None and number <= above:
        bound = f"above {_plain(above)}"
    elif high is not None and number > high:
        bound = f"at most {_plain(high)}"
    elif below is not None and number >= below:
        bound = f"below {_plain(below)}"
    elif not math.isfinite(number):
        bound = "finite"
    else:
        return
    unit = f" {parameter.unit}" if parameter.unit in ("pixels", "degrees", "turns") else ""
    raise RecipeError(
        "E607",
        f"{what} is {bound}{unit}, and this is {show(number, 40)}",
        parameter.name,
        _within(parameter, number),
    )


def _within(parameter: Parameter, number: Any) -> str | None:
    """A slip that a number out of bounds often is."""
    top = parameter.maximum if parameter.maximum is not None else parameter.below
    if top == 1 and 1 < number <= 100:
        return f"it is a share: {number:g} per cent is {number / 100:g}"
    if number < 0 and parameter.name == "lr":
        return "weights go against their gradients by themselves: write it without the sign"
    if number < 0 and parameter.name == "degrees":
        return "it turns to either side: write it without the sign"
    if number == 0 and parameter.optional:
        return "leave it out, or write `none`"
    return None


def _choices(parameter: Parameter) -> str:
    return ", ".join(show(choice) for choice in parameter.choices)


def _plain(bound: float) -> str:
    return f"{int(bound):,}" if float(bound).is_integer() else f"{bound:g}"

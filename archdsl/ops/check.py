"""Arguments of ops held against their declarations: type, range, choice."""

from __future__ import annotations

from archdsl.ops.op import SAME, Args, Op, OpError, OpParam, Size
from archdsl.ops.rules import show
from archdsl.values import kind

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

EXPECTED = {
    "int": "a whole number",
    "float": "a number",
    "number": "a number",
    "bool": "true or false",
    "str": "a string",
    "size": "a whole number or a size such as 3x3",
    "factor": "a number or a size such as 2x2",
    "pad": "a whole number, a size such as 1x2, a list [left, right, top, bottom], or same",
    "ints": "a list of whole numbers",
    "value": "a value that flows",
}


def check_arguments(op: Op, args: Args) -> None:
    """Refuse arguments of a wrong type or out of range: the first at fault, with its parameter."""
    for parameter in op.parameters:
        check_argument(op.name, parameter, args[parameter.name])


def check_argument(op: str, parameter: OpParam, value: Any) -> None:
    """Refuse one argument of a wrong type or out of range."""
    if value is None and parameter.optional:
        return
    if value is parameter.default and value is not None:
        return
    if not _right_type(parameter.type, value):
        given = f"{show(value)} is {_kind(value)}" if _plain(value) else f"this is {kind(value)}"
        raise OpError(
            "E380",
            f"`{parameter.name}` of `{op}` is {EXPECTED[parameter.type]}, and {given}",
            parameter.name,
            _other_type(parameter, value),
        )
    if parameter.choices and value not in parameter.choices:
        _refuse_choice(op, parameter, value)
    for number in _numbers(value):
        _check_range(op, parameter, number, value)


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _listed(value: Any) -> bool:
    return isinstance(value, tuple) and not isinstance(value, Size)


def _right_type(kind: str, value: Any) -> bool:
    if kind in ("int", "size", "pad") and _whole(value):
        return True
    if kind in ("size", "pad", "factor") and _is_size(value):
        return True
    if kind in ("number", "float", "factor"):
        return _number(value)
    if kind == "bool":
        return isinstance(value, bool)
    if kind == "str":
        return isinstance(value, str)
    if kind == "pad":
        return value is SAME or (_listed(value) and len(value) == 4 and all(map(_whole, value)))
    if kind == "ints":
        return _listed(value) and all(map(_whole, value))
    return kind == "value" and _listed(value)


def _is_size(value: Any) -> bool:
    return isinstance(value, Size) and all(map(_whole, value))


def _plain(value: Any) -> bool:
    if isinstance(value, tuple):
        return all(map(_plain, value))
    return value is None or value is SAME or isinstance(value, (bool, int, float, str))


def _kind(value: Any) -> str:
    if value is None:
        return "nothing"
    if value is SAME:
        return "a padding"
    if isinstance(value, bool):
        return "a truth value"
    if isinstance(value, (int, float)):
        return "a whole number" if isinstance(value, int) else "a number with a fraction"
    if isinstance(value, str):
        return "a string"
    if isinstance(value, Size):
        return "a size"
    return f"a list of {len(value)}"


def _other_type(parameter: OpParam, value: Any) -> str | None:
    if isinstance(value, str) and (value == "same" or value.replace("x", "").isdigit()):
        return f"`{value}`, without quotes"
    if parameter.type in ("int", "size") and isinstance(value, float) and value.is_integer():
        return f"`{int(value)}`; `//` divides whole numbers, `int(...)` makes one"
    if parameter.type in ("int", "size") and isinstance(value, float):
        return "`int(...)` or `round(...)` makes a whole number"
    if parameter.type in ("size", "factor") and _listed(value) and len(value) == 2:
        return f"`{value[0]}x{value[1]}`"
    if parameter.type == "pad" and _listed(value):
        return "a list gives all four sides: [left, right, top, bottom]"
    if parameter.type == "ints" and _whole(value):
        return f"`[{value}]`"
    if kind(value) == "a block or op":
        return "where a number is meant, a parameter or `let` of this name is missing"
    return None


def _refuse_choice(op: str, parameter: OpParam, value: str) -> None:
    import difflib

    close = difflib.get_close_matches(value, parameter.choices, 1)
    listed = ", ".join(map(show, parameter.choices))
    raise OpError(
        "E382",
        f"`{parameter.name}` of `{op}` has no choice {show(value)}",
        parameter.name,
        f"did you mean {show(close[0])}? There are {listed}" if close else f"there are {listed}",
    )


def _numbers(value: Any) -> tuple[Any, ...]:
    if isinstance(value, tuple):
        return value
    return (value,) if _number(value) else ()


def _check_range(op: str, parameter: OpParam, number: Any, value: Any) -> None:
    low, high, below = parameter.minimum, parameter.maximum, parameter.below
    unbounded = high is None and below is None
    if unbounded and type(number) is int and number > 0 and (low is None or number >= low):
        return
    if number != number or number in (float("inf"), float("-inf")):
        bound = "is a finite number"
    elif parameter.type == "factor" and number <= 0:
        bound = "is above 0"
    elif parameter.type == "factor" and high is not None and number > high:
        bound = f"is at most {high}"
    elif low is not None and high is not None and not low <= number <= high:
        bound = f"lies between {low} and {high}"
    elif low is not None and number < low:
        bound = f"is at least {low}"
    elif high is not None and number > high:
        bound = f"is at most {high}"
    elif below is not None and number >= below:
        bound = f"is below {below}"
    else:
        return
    raise OpError(
        "E381",
        f"`{parameter.name}` of `{op}` {bound}, and {show(value)} is given",
        parameter.name,
        parameter.remedy,
    )

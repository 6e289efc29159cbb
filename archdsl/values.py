"""The compile-time language's operators and builtins on plain values.

Values are int, float, bool, str, tuple (the language's list), `Size`, None, `SAME` and callees.
Everything here is pure. What the user may have got wrong comes out as a `Fault`, without its
place, which the caller knows. No value grows beyond its limit.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from archdsl.limits import LIMITS, more
from archdsl.ops.op import SAME, Size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Fault(Exception):
    """What is wrong with an operation: a code of the E4xx range, the message, maybe a help."""

    def __init__(self, code: str, message: str, help: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.help = help


def kind(value: Any) -> str:
    """What a value is, in the language's words."""
    if value is None:
        return "none"
    if value is SAME:
        return "`same`"
    name = _KINDS.get(type(value))
    return name if name is not None else str(getattr(value, "described", "a block or op"))


_KINDS: dict[type, str] = {
    bool: "a bool",
    int: "an int",
    float: "a float",
    str: "a string",
    tuple: "a list",
    Size: "a size",
    range: "a list",
}


def show(value: Any, limit: int = 60) -> str:
    """A value as the language writes it, cut where it is long."""
    text = _show(value, limit)
    return text if len(text) <= limit else text[: limit - 3] + "..."


def _show(value: Any, limit: int) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, tuple) and not isinstance(value, Size):
        shown = ", ".join(_show(item, limit) for item in value[: limit // 2])
        return f"[{shown}{', ...' if len(value) > limit // 2 else ''}]"
    arguments = getattr(value, "arguments", None)
    if arguments is not None:
        inner = ", ".join(f"{name}={_show(item, limit)}" for name, item in arguments)
        return f"{value.name}({inner})" if inner else str(value.name)
    return str(value)


def text(value: Any) -> str:
    """A value inside a template: as written, strings without their quotes."""
    return value if isinstance(value, str) else show(value, LIMITS["characters"])


# Limits


def checked(value: Any) -> Any:
    """The value, unless it has grown beyond what a spec needs."""
    kind_ = type(value)
    if kind_ is int:
        if value.bit_length() > _bits():
            raise _too_large("digits", "a number of more than {} digits")
    elif kind_ is float:
        if not math.isfinite(value):
            raise Fault("E405", "a number too large for a float")
    elif kind_ is tuple:
        weigh(value, 0)
    elif kind_ is str and len(value) > LIMITS["characters"]:
        raise _too_large("characters", "a string of more than {} characters")
    return value


def weigh(items: tuple[Any, ...], weight: int) -> int:
    """The number of items with those of the lists inside; a fault above the limit."""
    weight += len(items)
    if weight > LIMITS["items"]:
        raise _too_large("items", "a list of more than {} items")
    for item in items:
        if type(item) is tuple:
            weight = weigh(item, weight)
    return weight


def _bits() -> int:
    """The bits of a number with as many digits as may be."""
    return LIMITS["digits"] * 10 // 3


def _too_large(name: str, message: str) -> Fault:
    return Fault("E405", message.format(f"{LIMITS[name]:,}"), more(name))


# Operators


def _number(value: Any) -> bool:
    return isinstance(value, (int, float))


def _mismatch(op: str, left: Any, right: Any) -> Fault:
    return Fault("E402", f"`{op}` does not go between {kind(left)} and {kind(right)}")


def _add(left: Any, right: Any) -> Any:
    for same in (str, tuple):
        if type(left) is same and type(right) is same:
            return left + right
    raise _mismatch("+", left, right)


def _multiply(left: Any, right: Any) -> Any:
    if isinstance(left, int) and type(right) in (tuple, str):
        left, right = right, left
    if type(left) in (tuple, str) and isinstance(right, int):
        name = "characters" if type(left) is str else "items"
        if len(left) * right > LIMITS[name]:
            items = f"{kind(left)} of {len(left) * right:,} items"
            raise Fault("E405", items, f"at most {LIMITS[name]:,}; {more(name)}")
        return left * right
    raise _mismatch("*", left, right)


def _power(left: Any, right: Any) -> Any:
    if isinstance(left, int) and isinstance(right, int) and right > 0:
        if left.bit_length() * right > _bits() and abs(left) > 1:
            raise _too_large("digits", "a number of more than {} digits")
    result = left**right
    if isinstance(result, complex):
        raise Fault("E404", "a fractional power of a negative number")
    return result


_ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "//": lambda a, b: a // b,
    "%": lambda a, b: a % b,
    "**": _power,
}


def binary(op: str, left: Any, right: Any) -> Any:
    """`+ - * / // % **` as in Python; `+` and `*` on lists and strings, too."""
    if not (_number(left) and _number(right)):
        if op == "+":
            return checked(_add(left, right))
        if op == "*":
            return checked(_multiply(left, right))
        raise _mismatch(op, left, right)
    try:
        return checked(_ARITHMETIC[op](left, right))
    except ZeroDivisionError:
        raise Fault("E401", f"division by zero: {show(left)} {op} {show(right)}") from None
    except OverflowError:
        raise Fault("E405", "a number too large for a float") from None


def unary(op: str, value: Any) -> Any:
    """`-x`, `+x`, `not x`."""
    if op == "not":
        return not value
    if not _number(value):
        raise Fault("E402", f"`{op}` does not go before {kind(value)}")
    return -value if op == "-" else +value


_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


def compare(op: str, left: Any, right: Any) -> bool:
    """`== != < <= > >= in notin`; lists compare item by item."""
    if op == "==":
        return bool(_shortest(left) == _shortest(right))
    if op == "!=":
        return bool(_shortest(left) != _shortest(right))
    if op in ("in", "notin"):
        return _contains(left, right) == (op == "in")
    try:
        return bool(_ORDER[op](left, right))
    except TypeError:
        raise _mismatch(op, left, right) from None


def _contains(item: Any, items: Any) -> bool:
    if type(items) is str and type(item) is not str:
        raise _mismatch("in", item, items)
    if type(items) not in (tuple, range, str):
        raise Fault("E402", f"`in` looks into a list or a string, not into {kind(items)}")
    return _shortest(item) in _shortest(items)


def _shortest(value: Any) -> Any:
    """A value with each square size as a number, which is that many both ways."""
    if type(value) is Size:
        return value[0] if value[0] == value[1] else value
    return tuple(map(_shortest, value)) if type(value) is tuple else value


def index(value: Any, position: Any) -> Any:
    """`xs[i]`, of a list, a string or a size."""
    if not isinstance(value, (tuple, str, range)):
        raise Fault("E402", f"{kind(value)} has no items to index")
    if not isinstance(position, int):
        raise Fault("E402", f"an index is an int, not {kind(position)}")
    if not -len(value) <= position < len(value):
        last = f"items are counted from 0: the last of {show(value)} is {len(value) - 1}"
        help = last if len(value) else "the list is empty"
        raise Fault("E403", f"no item {position} in a list of {len(value)}", help)
    return value[position]


def cut(value: Any, start: Any, stop: Any, step: Any) -> Any:
    """`xs[start:stop:step]`"""
    if type(value) not in (tuple, str, range):
        raise Fault("E402", f"{kind(value)} has no items to slice")
    for bound in (start, stop, step):
        if bound is not None and not isinstance(bound, int):
            raise Fault("E402", f"the bounds of a slice are ints, not {kind(bound)}")
    if step == 0:
        raise Fault("E402", "the step of a slice is zero")
    result = value[start:stop:step]
    return tuple(result) if isinstance(result, range) else result


def items(value: Any) -> tuple[Any, ...]:
    """What a `for` goes over."""
    if type(value) is tuple:
        return value
    if type(value) is str:
        return tuple(value)
    help = f"`range({show(value)})` counts up to it" if isinstance(value, int) else None
    raise Fault("E402", f"`for` goes over a list, not over {kind(value)}", help)


# Builtins


def _list(name: str, value: Any) -> tuple[Any, ...]:
    if type(value) not in (tuple, str):
        raise Fault("E402", f"`{name}` takes a list, not {kind(value)}")
    return tuple(value)


def _numeric(name: str, *values: Any) -> None:
    for value in values:
        if not _number(value):
            raise Fault("E402", f"`{name}` takes a number, not {kind(value)}")


def _integer(name: str, *values: Any) -> None:
    for value in values:
        if not isinstance(value, int):
            raise Fault("E402", f"`{name}` takes an int, not {kind(value)}")


def _range(*bounds: Any) -> tuple[int, ...]:
    _integer("range", *bounds)
    if len(bounds) == 3 and bounds[2] == 0:
        raise Fault("E402", "the step of `range` is zero")
    result = range(*bounds)
    if abs(bounds[-1 if len(bounds) == 1 else 1]) > 2**62 or len(result) > LIMITS["items"]:
        raise _too_large("items", "a list of more than {} items")
    return tuple(result)


def _enumerate(value: Any, start: Any = 0) -> tuple[Any, ...]:
    _integer("enumerate", start)
    return tuple(enumerate(_list("enumerate", value), start))


def _zip(*lists: Any) -> tuple[Any, ...]:
    rows = [_list("zip", value) for value in lists]
    lengths = {len(row) for row in rows}
    if len(lengths) > 1:
        counts = " and ".join(str(len(row)) for row in rows)
        raise Fault("E402", f"`zip` takes lists of one length, not of {counts}")
    return tuple(zip(*rows))


def _len(value: Any) -> int:
    return len(_list("len", value))


def _extreme(name: str, pick: Callable[..., Any]) -> Callable[..., Any]:
    def extreme(*values: Any) -> Any:
        candidates = _list(name, values[0]) if len(values) == 1 else values
        if not candidates:
            raise Fault("E402", f"`{name}` of an empty list")
        try:
            return pick(candidates)
        except TypeError:
            raise Fault("E402", f"`{name}` of values that do not compare") from None

    return extreme


def _sum(value: Any) -> Any:
    numbers = _list("sum", value)
    _numeric("sum", *numbers)
    return sum(numbers)


def _round(value: Any, digits: Any = None) -> Any:
    _numeric("round", value)
    if digits is None:
        return round(value)
    _integer("round", digits)
    return round(value, max(-400, min(digits, 400)))


def _unary(name: str, function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def apply(value: Any) -> Any:
        _numeric(name, value)
        return function(value)

    return apply


def _log(value: Any, base: Any = None) -> float:
    _numeric("log", value)
    if base is None:
        return math.log(value)
    _numeric("log", base)
    return math.log(value, base)


def _unique(value: Any) -> tuple[Any, ...]:
    return tuple(dict.fromkeys(_list("unique", value)))


def _count(value: Any, item: Any) -> int:
    return _list("count", value).count(item)


def _size(height: Any, width: Any) -> Size:
    for side in (height, width):
        _integer("size", side)
        if side < 0:
            raise Fault("E402", f"the sides of a size are not below 0, and {side} is given")
    return Size(height, width)


def round_to(value: float, step: int) -> int:
    """The multiple of `step` nearest to `value`, at least one step, and the next one up where
    that would lose more than a tenth: how the MobileNet papers round widths."""
    _numeric("round_to", value)
    _integer("round_to", step)
    if step < 1:
        raise Fault("E402", "`round_to` takes a positive step")
    result = max(step, int(value + step / 2) // step * step)
    return result + step if result < 0.9 * value else result


BUILTINS: dict[str, Callable[..., Any]] = {
    "range": _range,
    "enumerate": _enumerate,
    "zip": _zip,
    "reversed": lambda value: tuple(reversed(_list("reversed", value))),
    "len": _len,
    "min": _extreme("min", min),
    "max": _extreme("max", max),
    "sum": _sum,
    "int": _unary("int", int),
    "round": _round,
    "floor": _unary("floor", math.floor),
    "ceil": _unary("ceil", math.ceil),
    "sqrt": _unary("sqrt", math.sqrt),
    "log": _log,
    "log2": _unary("log2", math.log2),
    "unique": _unique,
    "count": _count,
    "round_to": round_to,
    "size": _size,
}

BUILTIN_NAMES = frozenset(BUILTINS)

_ARITY: dict[str, tuple[int, int]] = {
    "range": (1, 3),
    "enumerate": (1, 2),
    "zip": (1, 100),
    "min": (1, 10_000),
    "max": (1, 10_000),
    "round": (1, 2),
    "log": (1, 2),
    "count": (2, 2),
    "round_to": (2, 2),
    "size": (2, 2),
}


def arity(name: str) -> tuple[int, int]:
    """The least and the greatest number of arguments of a builtin."""
    return _ARITY.get(name, (1, 1))


def call(name: str, arguments: tuple[Any, ...]) -> Any:
    """A builtin applied to positional arguments, of a number that `arity` allows."""
    try:
        return checked(BUILTINS[name](*arguments))
    except OverflowError:
        raise Fault("E405", f"`{name}` of a number too large") from None
    except ValueError:
        shown = ", ".join(show(argument) for argument in arguments)
        raise Fault("E404", f"`{name}({shown})` has no value") from None
    except ZeroDivisionError:
        raise Fault("E401", f"division by zero in `{name}`") from None

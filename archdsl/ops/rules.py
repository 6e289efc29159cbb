"""What the entries of the table share: sizes, paddings, and the findings that they raise."""

from __future__ import annotations

from functools import cache

from archdsl.ops.op import SAME, Args, Argument, OpError, Shape, Size, Window, known, pair

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

SIDES = ("height", "width")


@cache
def window(kernel: Any, stride: Any, dilation: Any) -> Window:
    """The window of a convolution or pool."""
    (tall, wide), (down, across) = pair(kernel), pair(dilation)
    return Window(extent=(down * (tall - 1) + 1, across * (wide - 1) + 1), stride=pair(stride))


def show(value: Any) -> str:
    """A value as the language writes it."""
    if value is None or isinstance(value, bool):
        return {None: "none", True: "true", False: "false"}[value]
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, tuple) and not isinstance(value, Size):
        return "[" + ", ".join(map(show, value)) + "]"
    return str(value)


def describe(x: Shape) -> str:
    """A shape in words."""
    if len(x) == 3:
        return f"a map of {x[0]}x{x[1]}x{x[2]}"
    if len(x) == 1:
        return f"a vector of {x[0]}"
    return f"a value of shape {show(tuple(x))}"


def as_map(op: str, x: Shape) -> tuple[Any, Any, Any]:
    """Channels, height and width of a map; refuses anything else."""
    if len(x) == 3:
        return x[0], x[1], x[2]
    way_out = "`reshape([channels, height, width])` makes a map of it"
    if len(x) == 4 and x[0] == 1:
        way_out = "the batch is never written: leave out the first size"
    raise OpError(
        "E230",
        f"`{op}` works on maps (channels, height, width), but {describe(x)} arrives",
        help=f"put `{op}` before `flatten`, or `{way_out[1:]}" if len(x) == 1 else way_out,
    )


def product(values: tuple[Any, ...]) -> Any:
    """The product of at least one size; numbers and symbols alike."""
    total = values[0]
    for value in values[1:]:
        total = total * value
    return total


def scalar(value: Any) -> Any:
    """A size with equal sides as one number; everything else as it is."""
    return value[0] if isinstance(value, Size) and value[0] == value[1] else value


def halves(kernel: Any, dilation: Any) -> Any:
    """The padding `same` along one side: half of what the kernel spans beyond one pixel."""
    if known(kernel) and kernel % 2 == 1:
        half = kernel // 2
        return half if half == 0 else dilation if half == 1 else dilation * half
    if known(dilation) and dilation == 1:
        return kernel // 2
    return dilation * (kernel - 1) // 2


def margins(args: Args) -> tuple[Any, Any, Any, Any]:
    """Padding as (left, right, top, bottom), with `same` worked out."""
    pad = args["pad"]
    if isinstance(pad, tuple) and not isinstance(pad, Size):
        return pad[0], pad[1], pad[2], pad[3]
    tall, wide = pair(padding(args))
    return wide, wide, tall, tall


def padding(args: Args) -> Any:
    """torch's `padding`: a number, or a Size where the sides differ.

    A list [left, right, top, bottom] must be symmetric here; `uneven` tells.
    """
    pad = args["pad"]
    if isinstance(pad, Size):
        return scalar(pad)
    if isinstance(pad, tuple):
        return scalar(Size(pad[2], pad[0]))
    if pad is not SAME:
        return pad
    kernel, dilation = args["kernel"], args.get("dilation", 1)
    if not isinstance(scalar(kernel), Size) and not isinstance(scalar(dilation), Size):
        return halves(scalar(kernel), scalar(dilation))
    (tall, wide), (down, across) = pair(kernel), pair(dilation)
    return scalar(Size(halves(tall, down), halves(wide, across)))


def uneven(pad: Any) -> bool:
    """Whether a padding differs between opposite sides, which torch's `padding` can't say."""
    plain = isinstance(pad, tuple) and not isinstance(pad, Size)
    return plain and not (pad[0] == pad[1] and pad[2] == pad[3])


def check_same(op: str, args: Args) -> None:
    """`same` has no middle where the dilated kernel spans an even number of pixels."""
    if args["pad"] is not SAME:
        return
    sides = list(zip(pair(args["kernel"]), pair(args.get("dilation", 1))))
    for kernel, dilation in sides:
        if known(kernel, dilation) and dilation * (kernel - 1) % 2:
            span = dilation * (kernel - 1) + 1
            whole = known(*(number for side in sides for number in side), args["stride"])
            raise OpError(
                "E235",
                f"`{op}` with a kernel that spans {span} pixels has no padding that keeps the size "
                "on both sides alike",
                "kernel",
                _paddings([d * (k - 1) + 1 for k, d in sides], args["stride"]) if whole else None,
            )


def _paddings(spans: list[int], stride: Any) -> str:
    """What can be said for `same` where the window spans so many pixels, down and across."""
    (tall, wide), strides = spans, pair(stride)
    if tuple(spans) == tuple(strides):
        return "say the padding: with `pad=0` the windows stand side by side"
    low = scalar(Size((tall - 1) // 2, (wide - 1) // 2))
    if strides == (1, 1):
        left, top = (wide - 1) // 2, (tall - 1) // 2
        keeps = f"`pad=[{left}, {wide - 1 - left}, {top}, {tall - 1 - top}]`"
        return (
            f"say the padding: {keeps} (left, right, top, bottom) keeps the size, "
            f"`pad={low}` makes it one smaller"
        )
    rest = [span - step for span, step in zip(spans, strides)]
    if min(rest) >= 0 and not any(side % 2 for side in rest):
        low = scalar(Size(rest[0] // 2, rest[1] // 2))
        return f"say the padding: `pad={low}` divides the size by {scalar(Size(*strides))}"
    return f"say the padding, such as `pad={low}`"


def check_fit(op: str, side: str, size: Any, low: Any, high: Any, kernel: Any, span: Any) -> None:
    """Refuse a window larger than the padded input."""
    if not known(size, low, high, span) or span <= size + low + high:
        return
    padded = f"{size} + {low} + {high} of padding" if low or high else f"{size}"
    reach = f"{kernel}" if kernel == span else f"{kernel} (dilated: {span})"
    enough = -(-(span - size) // 2)
    raise OpError(
        "E232",
        f"the kernel of `{op}` is larger than its input: {side} {reach} on {padded}",
        "kernel",
        f"`pad={enough}` would just fit; the {side} must be at least {span - low - high} as it is",
    )


def slide(op: str, args: Args, x: Shape) -> tuple[Any, Any]:
    """Height and width after a window has moved over a map, rounded down."""
    down, across = pair(args["stride"])
    if args["pad"] is SAME:  # fits always, and only the stride changes the size
        return _step(x[1], down), _step(x[2], across)
    left, right, top, bottom = margins(args)
    kernel, dilation = pair(args["kernel"]), pair(args.get("dilation", 1))
    out = []
    for axis, step, low, high in ((0, down, top, bottom), (1, across, left, right)):
        size = x[axis + 1]
        span = dilation[axis] * (kernel[axis] - 1) + 1
        check_fit(op, SIDES[axis], size, low, high, kernel[axis], span)
        both = 2 * low if low == high else low + high
        out.append((size + both - span) // step + 1)
    return out[0], out[1]


def _step(size: Any, step: Any) -> Any:
    return size if known(step) and step == 1 else (size - 1) // step + 1


def check_groups(op: str, groups: Any, incoming: Any, outgoing: Any) -> None:
    """Groups must divide the channels on both sides."""
    if known(groups) and groups == 1:
        return
    for channels, which in ((incoming, "incoming"), (outgoing, "outgoing")):
        if known(channels, groups) and channels % groups:
            both = [n for n in divisors(incoming) if not known(outgoing) or outgoing % n == 0]
            raise OpError(
                "E233",
                f"the {channels} {which} channels of `{op}` do not divide into {groups} groups",
                "groups",
                f"{nearest(both, groups)} would divide" if known(incoming) else None,
            )


def divisors(number: int) -> list[int]:
    """All divisors, ascending; of a number that no network has, only 1 and itself."""
    if number > 10**10:
        return [1, number]
    low = [n for n in range(1, int(number**0.5) + 1) if number % n == 0]
    return low + [number // n for n in reversed(low) if n * n != number]


def nearest(candidates: list[int], wanted: int) -> str:
    """The candidate below and the one above, in words."""
    below = [n for n in candidates if n < wanted][-1:]
    above = [n for n in candidates if n > wanted][:1]
    return " or ".join(map(str, below + above))


def axis_of(op: str, axis: int, rank: int, parameter: str) -> int:
    """An axis without the batch, counted from 0; negative ones count from the end."""
    if not -rank <= axis < rank:
        raise OpError(
            "E240",
            f"`{op}` has no axis {axis}: what arrives has {rank} (the batch not counted)",
            parameter,
            f"axes go from 0 to {rank - 1}" if rank > 1 else "the only axis is 0",
        )
    return axis % rank


def broadcast(op: str, x: Shape, k: Shape) -> Shape:
    """The shape of two values that meet place by place; sides of 1 go with any."""
    if len(x) != len(k):
        raise OpError(
            "E248",
            f"`{op}` takes two values with as many axes: {show(tuple(x))} and {show(tuple(k))}",
            "k",
            "`reshape` brings them to the same number",
        )
    out = []
    for one, other in zip(x, k):
        if known(one, other) and one != other and 1 not in (one, other):
            raise OpError(
                "E248",
                f"`{op}` takes two values of one shape: {show(tuple(x))} and {show(tuple(k))}",
                "k",
            )
        wide = known(other) and other != 1 and not known(one)
        out.append(other if wide or (known(one) and one == 1) else one)
    return tuple(out)


def optional(name: str, value: Any, default: Any) -> Argument:
    """A keyword argument that is left out at torch's default."""
    return Argument(name=name, value=scalar(value), default=default)


def needed(name: str, value: Any) -> Argument:
    """A keyword argument that always stands."""
    return Argument(name=name, value=scalar(value))


def positional(*values: Any) -> tuple[Argument, ...]:
    return tuple(Argument(name=None, value=scalar(value)) for value in values)


def atom(text: str) -> str:
    """A text that binds tighter than any operator around it: bracketed where it isn't yet."""
    depth = 0
    for char in text:
        if char in "([":
            depth += 1
        elif char in ")]":
            depth -= 1
        elif depth == 0 and not (char.isalnum() or char in "_."):
            return f"({text})"
    return text


def items(text: str) -> list[str] | None:
    """The items of a written list or tuple; None for any other text."""
    if text[:1] + text[-1:] not in ("()", "[]"):
        return None
    found, depth, start = [], 0, 1
    for place, char in enumerate(text):
        if char in "([{":
            depth += 1
        elif char in ")]}":
            depth -= 1
        if depth == 0 and place < len(text) - 1:
            return None
        if depth == 0 or (depth == 1 and char == ","):
            found.append(text[start:place].strip())
            start = place + 1
    return [item for item in found if item]


def whole(text: str) -> tuple[int, ...] | None:
    """The integers of a written list or tuple of them; None for any other text."""
    try:
        return tuple(map(int, items(text) or [text]))
    except ValueError:
        return None

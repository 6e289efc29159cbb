"""Writes the op reference from the table: `python -m archdsl.ops.reference > docs/ops.md`.

Formulas are not written down anywhere: the rules are run on names, and what comes out is printed.
"""

from __future__ import annotations

from typing import Any

from archdsl.ops.check import EXPECTED
from archdsl.ops.op import REQUIRED, SAME, Argument, Op, OpParam, Shape, Size, form
from archdsl.ops.rules import show
from archdsl.ops.table import ENTRIES

HEAD = """\
# Ops

Written from the table in `archdsl/ops` by `python -m archdsl.ops.reference > docs/ops.md`.

A map is C x H x W: channels, height, width; the batch is never counted, also where an axis is
given by number. Sizes are a number or HxW. Formulas are those of square arguments; `//` rounds
down, and H' x W' leave. Multiply-adds are counted as torch's FlopCounterMode counts, halved; ops without a line for
parameters or multiply-adds have none. An argument that equals torch's default is left out of the
generated code.
"""


class Formula:
    """A name or an expression of names, printed with no more brackets than it needs."""

    def __init__(self, base: str, rank: int = 2, offset: int = 0) -> None:
        self.base = base
        self.rank = rank
        self.offset = offset

    def __str__(self) -> str:
        if self.offset == 0:
            return self.base
        return f"{self.base} {'+' if self.offset > 0 else '-'} {abs(self.offset)}"

    def __eq__(self, other: object) -> bool:
        return str(self) == str(other)

    def __hash__(self) -> int:
        return hash(str(self))

    def factor(self) -> str:
        """The text as a factor."""
        return f"({self})" if self.rank == 0 or self.offset else str(self)

    def __add__(self, other: Any) -> Formula:
        if isinstance(other, Formula):
            return Formula(f"{self.base} + {other.base}", 0, self.offset + other.offset)
        return Formula(self.base, self.rank, self.offset + other)

    __radd__ = __add__

    def __sub__(self, other: Any) -> Formula:
        if isinstance(other, Formula):
            base = other.base if other.rank else f"({other.base})"
            return Formula(f"{self.base} - {base}", 0, self.offset - other.offset)
        return Formula(self.base, self.rank, self.offset - other)

    def __mul__(self, other: Any) -> Any:
        if other == 1:
            return self
        text = other.factor() if isinstance(other, Formula) else str(other)
        if "//" in text and text[0] != "(":
            text = f"({text})"  # division rounds, so that the order matters
        return Formula(f"{self.factor()} * {text}", 1)

    def __rmul__(self, other: Any) -> Any:
        return self if other == 1 else Formula(f"{other} * {self.factor()}", 1)

    def __floordiv__(self, other: Any) -> Any:
        if other == 1:
            return self
        if self == other:
            return 1
        if isinstance(other, Formula):
            below = str(other) if other.rank == 2 and not other.offset else f"({other})"
            return Formula(f"{self.factor()} // {below}", 1)
        return Formula(f"{self.factor()} // {other}", 1)


C, H, W = Formula("C"), Formula("H"), Formula("W")
MAP: Shape = (C, H, W)

# Inputs other than a map, and arguments that a name can't stand for.
INPUTS: dict[str, Shape] = {
    "linear": (Formula("F"),),
    "unflatten": (Formula("F"),),
    "matmul": (Formula("n"), Formula("m")),
}
EXAMPLES: dict[str, dict[str, Any]] = {
    "unflatten": {"shape": (8, 4, 4)},
    "reshape": {"shape": (8, -1)},
    "permute": {"order": (1, 2, 0)},
    "transpose": {"a": 0, "b": 1},
    "select": {"channels": (0, 2, 5)},
    "matmul": {"k": (Formula("m"), Formula("p"))},
    "maximum": {"k": MAP},
    "minimum": {"k": MAP},
    "cosine_similarity": {"k": MAP},
    "clamp": {"low": 0, "high": 1},
    "reduce_mean": {"axes": (1, 2)},
    "reduce_sum": {"axes": (1, 2)},
    "reduce_max": {"axes": (0,)},
    "reduce_min": {"axes": (0,)},
    "reduce_var": {"axes": (1, 2)},
    "reduce_norm": {"axes": (1, 2)},
    "crop": {"size": Formula("size")},
    "resize": {"size": Formula("size")},
}
STAYS = "unchanged, pixel by pixel"
FIXED = ("axis", "axes", "start")


def reference() -> str:
    """The whole page."""
    categories = list(dict.fromkeys(op.category for op in ENTRIES))
    parts = [HEAD]
    for category in categories:
        parts.append(f"## {category.capitalize()}\n")
        parts += [_entry(op) for op in ENTRIES if op.category == category]
    return "\n".join(parts)


def _entry(op: Op) -> str:
    lines = [f"### `{signature(op)}`", "", op.doc, ""]
    lines += [_parameter(parameter) for parameter in op.parameters]
    if op.parameters:
        lines.append("")
    lines += _figures(op)
    lines.append(f"- PyTorch: {_pytorch(op, _bound(op), INPUTS.get(op.name, MAP))}")
    return "\n".join(lines + _notes(op)) + "\n"


def _figures(op: Op) -> list[str]:
    """Shape, costs and reach: with the defaults, and where that says less, in general."""
    x, args, general = INPUTS.get(op.name, MAP), _bound(op), _general(op)
    out, wide = op.shape(args, x), op.shape(general, x)
    reach = _reach(op, args)
    if out == x and wide == x and reach == STAYS:
        lines = ["- shape and receptive field: stay as they are"]
    else:
        lines = [f"- shape: {_shape(x)} to {_shape(out)}"]
        if tuple(map(str, wide)) != tuple(map(str, out)):
            lines.append(f"- shape in general: {_shape(wide)}")
        lines.append(f"- receptive field: {reach}")
    params = op.params(general, x)
    if params != 0:
        lines.append(f"- parameters: `{params}`")
    if (macs := op.macs(general, x, _named(wide) if len(x) == 3 else wide)) != 0:
        lines.append(f"- multiply-adds: `{macs}`")
    return lines


def _named(shape: Shape) -> Shape:
    return (shape[0], Formula("H'"), Formula("W'"))


def signature(op: Op) -> str:
    """The call with its defaults, as the language writes it."""
    if not op.parameters:
        return op.name
    return f"{op.name}({', '.join(map(_in_signature, op.parameters))})"


def _in_signature(parameter: OpParam) -> str:
    if parameter.default is REQUIRED:
        return parameter.name
    return f"{parameter.name}={_short(parameter.default)}"


def _short(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) and len(repr(value)) > 8 else show(value)


def _parameter(parameter: OpParam) -> str:
    kind = EXPECTED[parameter.type]
    if parameter.choices:
        kind = ", ".join(map(show, parameter.choices))
    elif parameter.minimum is not None and parameter.maximum is not None:
        kind += f" from {parameter.minimum} to {parameter.maximum}"
    elif parameter.minimum:
        kind += f", at least {parameter.minimum}"
    if parameter.optional:
        kind += ", or none"
    return f"- `{parameter.name}`: {parameter.doc} ({kind})"


def _bound(op: Op) -> dict[str, Any]:
    """The defaults, and names for what has none."""
    args = {
        parameter.name: (
            Formula(parameter.name) if parameter.default is REQUIRED else parameter.default
        )
        for parameter in op.parameters
    }
    if args.get("bias", False) is None:
        args["bias"] = True
    return {**args, **EXAMPLES.get(op.name, {})}


def _general(op: Op) -> dict[str, Any]:
    """Names for all numbers, with the defaults for the rest."""
    named = {
        parameter.name: Formula(parameter.name)
        for parameter in op.parameters
        if _is_number(parameter)
    }
    return {**_bound(op), **named, **EXAMPLES.get(op.name, {})}


def _is_number(parameter: OpParam) -> bool:
    numeric = parameter.type in ("int", "size", "pad", "number", "float", "factor")
    left_open = parameter.default is None and parameter.name != "stride"
    return numeric and parameter.name not in FIXED and not left_open


def _shape(shape: Shape) -> str:
    return f"`[{', '.join(map(str, shape))}]`"


def _reach(op: Op, args: dict[str, Any]) -> str:
    enlarges = "steps of 1 pixel by the factor or stride: it enlarges"
    try:
        window = op.window(args)
    except TypeError:
        return enlarges
    if window is None:
        return "unchanged, the op sees all or moves all"
    extent, stride = window.extent[0], window.stride[0]
    if isinstance(stride, float):  # only of an op whose stride divides
        return enlarges
    if extent == 1 and stride == 1:
        return STAYS
    return f"window `{extent}`, stride `{stride}`"


def _pytorch(op: Op, args: dict[str, Any], x: Shape) -> str:
    torch_form = form(op, args, x)
    texts = []
    if torch_form.module is not None and torch_form.arguments is not None:
        given = [_argument(a) for a in torch_form.arguments(args, x) if not _left_out(a)]
        texts.append(f"`{torch_form.module}({', '.join(given)})`")
    if torch_form.expression is not None:
        values = {name: "k" if name == "k" else _python(value) for name, value in args.items()}
        texts.append(f"`{torch_form.expression('x', values)}`")
    helper = ", a class written into the generated file" if torch_form.helper else ""
    return " or in `forward` ".join(texts) + helper


def _left_out(argument: Argument) -> bool:
    return argument.default is not REQUIRED and bool(argument.value == argument.default)


def _argument(argument: Argument) -> str:
    text = _python(argument.value)
    return text if argument.name is None else f"{argument.name}={text}"


def _python(value: Any) -> str:
    if isinstance(value, Formula) or value is SAME:
        return str(value)
    if isinstance(value, tuple):
        inner = ", ".join(map(_python, value))
        return f"({inner},)" if len(value) == 1 and not isinstance(value, Size) else f"({inner})"
    return repr(value)


def _notes(op: Op) -> list[str]:
    notes = []
    if op.weighted:
        notes.append("- counts towards depth")
    if op.norm:
        notes.append("- a convolution right before it has no bias, unless said")
    if op.aliases:
        notes.append(f"- also: {', '.join(f'`{alias}`' for alias in op.aliases)}")
    return notes


if __name__ == "__main__":
    print(reference(), end="")

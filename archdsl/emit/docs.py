"""Docstrings of the generated module: a class's own sentence, its shape, a variant's figures."""

from __future__ import annotations

import re
import textwrap
from typing import TYPE_CHECKING, Any

from archdsl.emit import symbol as s
from archdsl.emit.tensor import HEIGHT, WIDTH, ListResult, Tensor, TensorList
from archdsl.ir.design import Design

if TYPE_CHECKING:
    from archdsl.emit.classes import ClassCode

_WIDTH = 84
_MODULE_WIDTH = 88
_QUOTES = len('"""')
_GLUE = "\N{NO-BREAK SPACE}"
_ITEM = re.compile(r"[-*] |\d+[.)] ")


def escaped(text: str) -> str:
    """Text that cannot leave its triple quotes, and looks like what it is: what would be invisible,
    or change the order in which the rest is shown, is written as an escape."""
    text = text.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    return "".join(
        (
            char
            if char.isprintable() or char == "\n"
            else char.encode("unicode_escape").decode("ascii")
        )
        for char in text
    )


def class_doc(code: ClassCode) -> str:
    """The definition's docstring and the shapes that enter and leave."""
    shape = f"Shape: {shapes(code)}"
    if not code.definition.doc:
        return _closed(_alone(shape, "    "))
    lines = filled(escaped(code.definition.doc.strip()), _WIDTH)
    return _closed([*lines, "", *_wrapped(shape, 0, "    ")])


def module_doc(text: str) -> str:
    """The spec's own docstring."""
    return "\n".join(filled(escaped(text), _MODULE_WIDTH))


def filled(text: str, width: int) -> list[str]:
    """The lines of a docstring that begins with its quotes. A paragraph stays as it was broken
    where it fits, and is filled anew where any of its lines doesn't."""
    lines: list[str] = []
    for paragraph in _paragraphs(text):
        taken = 0 if lines else _QUOTES
        if any(len(line) + (taken if i == 0 else 0) > width for i, line in enumerate(paragraph)):
            hanging = "  " if _ITEM.match(paragraph[0]) else ""
            paragraph = _wrapped(" ".join(paragraph), taken, hanging, width)
        lines += paragraph
    return lines


def _paragraphs(text: str) -> list[list[str]]:
    """Lines that belong together; those between them and the items of a list stand alone."""
    found: list[list[str]] = []
    for line in map(str.strip, text.split("\n")):
        if not line or not found or not found[-1][0] or _ITEM.match(line):
            found.append([line])
        else:
            found[-1].append(line)
    return found


def _wrapped(text: str, taken: int, hanging: str = "", width: int = _WIDTH) -> list[str]:
    """Lines within the width, a class's unless told; the first has `taken` columns less."""
    lines = textwrap.wrap(
        text,
        width,
        break_long_words=False,
        break_on_hyphens=False,
        initial_indent="#" * taken,
        subsequent_indent=hanging,
    )
    if lines:
        lines[0] = lines[0][taken:]
    return [line.replace(_GLUE, " ") for line in lines]


def _alone(text: str, hanging: str = "") -> list[str]:
    """Lines of a docstring that holds nothing else: in one line both quotes have to fit."""
    lines = _wrapped(text, _QUOTES, hanging)
    return lines if len(lines) > 1 else _wrapped(text, 2 * _QUOTES, hanging)


def _closed(lines: list[str]) -> str:
    """A docstring's inside, indented; after several lines the quotes stand on one of their own."""
    if lines[-1].endswith('"'):
        lines = [*lines[:-1], lines[-1] + " "]
    if len(lines) == 1:
        return lines[0]
    return "\n".join([lines[0], *(f"    {line}".rstrip() for line in lines[1:]), "    "])


def shapes(code: ClassCode) -> str:
    """`(N, in_channels, H, W) -> (N, width, H // 2, W // 2)`"""
    inputs = [_shape(code, tensor) for tensor in code.starts]
    outputs = [_shape(code, tensor) for tensor in code.outputs or ()]
    return f"{', '.join(inputs)} -> {', '.join(outputs)}"


def _shape(code: ClassCode, tensor: Tensor) -> str:
    names, sides = _names(code), ["H", "W"]
    if tensor in code.starts:
        prefix = code.input_prefixes[code.starts.index(tensor)]
        sides = [names[prefix + side].args[0] for side in (HEIGHT, WIDTH)]
    if isinstance(tensor, TensorList):
        dims = [s.text(s.substitute(tensor.channels, names)), *sides]
        return f"list of (N, {', '.join(f'{dim}[i]' for dim in dims)})"
    known = {parameter.name for parameter in code.parameters}
    known |= {symbol.args[0] for symbol in names.values()} | {"i", "@position"}
    dims = [_dim(s.substitute(dim, names), known) for dim in tensor.shape]
    if tensor in code.starts:
        dims = [side if dim == "..." else dim for dim, side in zip(dims, ["", *sides])] or dims
    if isinstance(tensor, ListResult):
        return f"list of (N, {', '.join(dims)})"
    return f"(N, {', '.join(dims)})"


def _names(code: ClassCode) -> dict[str, Any]:
    """What the sizes of the inputs are called; channels that are no argument are C."""
    names: dict[str, Any] = {}
    parameters = {parameter.name for parameter in code.parameters}
    several = len(code.input_prefixes) > 1
    for prefix, (variable, _), channels in zip(
        code.input_prefixes, code.inputs, code.channel_symbols
    ):
        tail = f"_{variable}" if several else ""
        names[prefix + HEIGHT] = s.name(f"H{tail}")
        names[prefix + WIDTH] = s.name(f"W{tail}")
        if channels not in parameters:
            names[channels] = s.name(f"C{tail}")
    return names


def _dim(value: Any, known: set[str]) -> str:
    """A dimension's text, `...` where it is long or not of what the class's users know;
    `(h - 1) // n + 1` is what rounding up means."""
    if not s.names_in(value) <= known:
        return "..."
    text = s.text(_rounded(value)).replace("math.", "").replace("@position", "i")
    return text.replace(" ", _GLUE) if len(text) <= 60 and "@" not in text else "..."


def _rounded(value: Any) -> Any:
    return _ceiled(value) if isinstance(value, s.Symbol) else value


def _ceiled(value: s.Symbol) -> Any:
    """`(h + a) // n + k` as one floor or one ceiling."""
    if value.op == "ternary":
        then, condition, other = value.args
        return s.Symbol("ternary", _rounded(then), condition, _rounded(other))
    numerator, step = value, None
    if value.op in ("+", "-") and isinstance(value.args[1], int):
        inner = value.args[0]
        if isinstance(inner, s.Symbol) and inner.op == "//":
            offset = value.args[1] if value.op == "+" else -value.args[1]
            step = inner.args[1]
            numerator = s.binary("+", inner.args[0], s.binary("*", offset, step))
    elif value.op == "//":
        numerator, step = value.args
    if step is None:
        return value
    whole = s.binary("-", numerator, s.binary("-", step, 1))
    if isinstance(whole, s.Symbol) and whole.op not in ("+", "-"):
        return s.Symbol("call", "ceil", s.Symbol("/", whole, step))
    return s.Symbol("//", numerator, step)


def output_doc(code: ClassCode) -> str:
    """What training returns, and what the side heads' losses count."""
    first = "logits" if len(code.results) == 1 else "results"
    text = f"What training returns: the {first}, then the side heads."
    weights = [f"{s.text(weight)} for {name}" for name, _, weight in code.aux if weight is not None]
    if not weights:
        return text
    return _closed([text, "", *_wrapped(f"Weights in the loss: {', '.join(weights)}.", 0)])


def figures(design: Design) -> str:
    """Parameters and multiply-adds of a variant at its declared input."""
    aux = design.totals.aux_params
    text = f"{design.params:,} parameters"
    if aux:
        text += f", {design.params - aux:,} without side heads"
    sizes = ", ".join("x".join(str(dim) for dim in shape) for _, shape in design.inputs)
    joint = ";" if aux else ","
    return _closed(_alone(f"{text}{joint} {multiply_adds(design.macs)} multiply-adds at {sizes}."))


def multiply_adds(macs: int) -> str:
    """A figure of three digits or so: `4.09 G`, `143 M`."""
    if macs >= 10**15:  # beyond 10**308 there is no float of it
        return f"{macs // 10**9:,} G"
    if macs >= 1_000_000_000:
        return f"{macs / 1e9:.2f} G"
    if macs >= 10_000_000:
        return f"{macs / 1e6:.0f} M"
    if macs >= 1_000_000:
        return f"{macs / 1e6:.1f} M"
    return f"{macs:,}"

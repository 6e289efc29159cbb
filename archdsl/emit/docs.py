"""Docstrings of the generated module: a class's own sentence, its shape, a variant's figures."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

from archdsl.emit import symbol as s
from archdsl.emit.tensor import HEIGHT, WIDTH, ListResult, Tensor, TensorList
from archdsl.ir.design import Design

if TYPE_CHECKING:
    from archdsl.emit.classes import ClassCode

_WIDTH = 84
_GLUE = "\N{NO-BREAK SPACE}"


def escaped(text: str) -> str:
    """Text that cannot leave its triple quotes."""
    return text.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')


def class_doc(code: ClassCode) -> str:
    """The definition's docstring and the shapes that enter and leave."""
    shape = f"Shape: {shapes(code)}"
    if not code.definition.doc:
        return _closed(wrapped(shape))
    doc = escaped(code.definition.doc.strip())
    paragraphs = [line.strip() for line in doc.split("\n")]
    return _closed(
        "\n".join([*_indented(paragraphs), "", *wrapped(shape).split("\n")]).replace("\n", "\n    ")
    )


def _closed(text: str) -> str:
    """The closing quotes go on a line of their own after several lines."""
    if text.endswith('"'):
        text += " "
    return f"{text}\n    " if "\n" in text else text


def _indented(lines: list[str]) -> list[str]:
    result: list[str] = []
    for line in lines:
        result += textwrap.wrap(line, _WIDTH, break_long_words=False) or [""]
    return result


def wrapped(text: str) -> str:
    """Text within the width of a class's docstring."""
    lines = "\n".join(
        textwrap.wrap(
            text, _WIDTH, break_long_words=False, break_on_hyphens=False, subsequent_indent="    "
        )
    )
    return lines.replace(_GLUE, " ")


def shapes(code: ClassCode) -> str:
    """`(N, in_channels, H, W) -> (N, width, H // 2, W // 2)`"""
    inputs = [_shape(code, tensor) for tensor in code.starts]
    outputs = [_shape(code, tensor) for tensor in code.outputs or ()]
    return f"{', '.join(inputs)} -> {', '.join(outputs)}"


def _shape(code: ClassCode, tensor: Tensor) -> str:
    names: dict[str, Any] = {}
    several = len(code.input_prefixes) > 1
    for prefix, (variable, _) in zip(code.input_prefixes, code.inputs):
        tail = f"_{variable}" if several else ""
        names[prefix + HEIGHT] = s.name(f"H{tail}")
        names[prefix + WIDTH] = s.name(f"W{tail}")
    if isinstance(tensor, TensorList):
        return f"list of (N, {s.text(tensor.channels)}[i], H[i], W[i])"
    dims = [_dim(s.substitute(dim, names)) for dim in tensor.shape]
    if isinstance(tensor, ListResult):
        return f"list of (N, {', '.join(dims)})"
    return f"(N, {', '.join(dims)})"


def _dim(value: Any) -> str:
    """A dimension's text; `(h - 1) // n + 1` is what rounding up means."""
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
    text = "What training returns: the logits, then the side heads."
    weights = [f"{s.text(weight)} for {name}" for name, _, weight in code.aux if weight is not None]
    if not weights:
        return text
    return _closed(f"{text}\n\n    Weights in the loss: {', '.join(weights)}.")


def figures(design: Design) -> str:
    """Parameters and multiply-adds of a variant at its declared input."""
    aux = design.totals.aux_params
    text = f"{design.params:,} parameters"
    if aux:
        text += f", {design.params - aux:,} without side heads"
    sizes = ", ".join("x".join(str(dim) for dim in shape) for _, shape in design.inputs)
    joint = ";" if aux else ","
    line = f"{text}{joint} {multiply_adds(design.macs)} multiply-adds at {sizes}."
    if len(line) <= _WIDTH - 4:
        return line
    return _closed(textwrap.fill(line, _WIDTH - 4).replace("\n", "\n    "))


def multiply_adds(macs: int) -> str:
    """A figure of three digits or so: `4.09 G`, `143 M`."""
    if macs >= 1_000_000_000:
        return f"{macs / 1e9:.2f} G"
    if macs >= 10_000_000:
        return f"{macs / 1e6:.0f} M"
    if macs >= 1_000_000:
        return f"{macs / 1e6:.1f} M"
    return f"{macs:,}"

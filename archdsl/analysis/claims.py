"""`expect`: the figures that a spec claims, held against those that come out."""

from __future__ import annotations

from collections.abc import Callable

from archdsl.analysis.notes import error
from archdsl.analysis.session import Session
from archdsl.diagnostics import SpecError
from archdsl.expr import Approximate, Expr, Number
from archdsl.ir.design import Design
from archdsl.ir.evaluate import Poisoned
from archdsl.ir.program import Claim
from archdsl.ops.op import Size
from archdsl.source import Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_POWERS = {"K": 3, "M": 6, "G": 9, "T": 12}

# What papers and other tools call figures.
_ELSEWHERE = {
    "flops": "macs",
    "gflops": "macs",
    "madds": "macs",
    "mult_adds": "macs",
    "multiply_adds": "macs",
    "parameters": "params",
    "weights": "params",
    "layers": "depth",
}
# Half a per cent, for figures that papers took from elsewhere.
_TOLERANCE = 200

FIGURES: dict[str, Callable[[Design], Any]] = {
    "params": lambda design: design.params,
    "main_params": lambda design: design.totals.params,
    "aux_params": lambda design: design.totals.aux_params,
    "buffers": lambda design: design.totals.buffers,
    "macs": lambda design: design.macs,
    "aux_macs": lambda design: design.totals.aux_macs,
    "training_macs": lambda design: design.macs + design.totals.aux_macs,
    "conv_macs": lambda design: design.totals.conv_macs,
    "depth": lambda design: design.depth,
    "convs": lambda design: design.totals.convs,
    "linears": lambda design: design.totals.linears,
    "activations": lambda design: design.activations,
    "conv_activations": lambda design: design.totals.conv_activations,
    "receptive_field": lambda design: receptive_field(design),
}


def receptive_field(design: Design) -> int | Size:
    """One number where it is square."""
    tall, wide = design.receptive_field
    return tall if tall == wide else Size(tall, wide)


def check(claims: tuple[Claim, ...], design: Design, session: Session) -> bool:
    """Report every claim that doesn't hold; whether all do."""
    right = True
    for claim in claims:
        try:
            _check(claim, design, session)
        except SpecError as problem:
            session.report(problem.diagnostic)
            right = False
        except Poisoned:
            right = False
    return right


def _check(claim: Claim, design: Design, session: Session) -> None:
    figure = FIGURES.get(claim.key)
    if figure is None:
        from difflib import get_close_matches

        known = _ELSEWHERE.get(claim.key)
        close = [known] if known else get_close_matches(claim.key, FIGURES, 1)
        start = claim.span.start
        key = Span(source=claim.span.source, start=start, end=start + len(claim.key))
        raise error(
            "E417",
            f"there is no figure `{claim.key}` to expect",
            key,
            notes=("the figures are " + ", ".join(f"`{name}`" for name in FIGURES),),
            help=f"did you mean `{close[0]}`?" if close else None,
        )
    true = figure(design)
    written = claim.value
    near = isinstance(written, Approximate)
    inner = written.value if isinstance(written, Approximate) else written
    if isinstance(inner, Number):
        holds = _close(inner, true) if near else _rounds(inner, true)
        shown = _near(inner, true) if near else _as_written(inner, true, 0)
    else:
        said = session.evaluator.evaluate(inner, session.roots)
        holds = said == true if not near else _within(said, true)
        shown = grouped(true)
    if holds:
        return
    exact = grouped(true)
    raise error(
        "E416",
        f"`{claim.key}` of `{design.name}` is {exact}, not {_text(written)}",
        claim.value.span,
        f"{exact} comes out",
        help=f"`{claim.key}: {'~' if near else ''}{shown}`",
    )


def grouped(figure: Any) -> str:
    """`25_557_032`; as specs write numbers."""
    return f"{figure:_}" if isinstance(figure, int) else str(figure)


def _text(node: Expr) -> str:
    return node.span.text.strip() or "what is claimed"


def _parts(text: str) -> tuple[int, int]:
    """`25.6M` as (256, 5): digits, and the power of ten of the last of them."""
    text = text.replace("_", "")
    power = _POWERS.get(text[-1:], 0)
    if power:
        text = text[:-1]
    if "e" in text.lower():
        text, _, exponent = text.lower().partition("e")
        power += int(exponent)
    before, _, after = text.partition(".")
    return int(before + after), power - len(after)


def _scaled(digits: int, power: int, true: Any) -> tuple[int, int, int]:
    """What is written, what is true and one unit of the last digit, over a common denominator."""
    if power >= 0:
        return digits * 10**power, true, 10**power
    return digits, true * 10**-power, 1


def _rounds(node: Number, true: Any) -> bool:
    """Whether a figure, rounded to the digits written, is what is written."""
    if not isinstance(true, int):
        return False
    if abs(len(node.text)) > 40:
        return bool(node.value == true)
    digits, power = _parts(node.text)
    if node.text[-1:] not in _POWERS and "e" not in node.text.lower():
        return bool(node.value == true)
    written, figure, unit = _scaled(digits, power, true)
    return 2 * abs(written - figure) <= unit


def _close(node: Number, true: Any) -> bool:
    if not isinstance(true, int) or len(node.text) > 40:
        return False
    written, figure, unit = _scaled(*_parts(node.text), true)
    if node.text[-1:] in _POWERS and written <= figure < written + unit:
        return True  # cut off after the last digit
    return abs(written - figure) * _TOLERANCE <= abs(figure)


def _within(said: Any, true: Any) -> bool:
    if not isinstance(said, (int, float)) or not isinstance(true, int):
        return False
    return abs(said - true) * _TOLERANCE <= abs(true)


def _near(node: Number, true: Any) -> str:
    """The form of the claim, with as many more decimals as it takes to be near."""
    for more in range(4):
        text = _as_written(node, true, more)
        if _close(Number(value=0, text=text, span=node.span), true):
            return text
    return grouped(true)


def _as_written(node: Number, true: Any, more: int) -> str:
    """The true figure in the form of the claim: as many decimals (and `more`), its suffix."""
    suffix = node.text[-1:]
    if not isinstance(true, int) or suffix not in _POWERS:
        return grouped(true)
    decimals = len(node.text.partition(".")[2].rstrip(suffix)) + more
    unit = 10 ** (_POWERS[suffix] - decimals) if decimals <= _POWERS[suffix] else 1
    rounded = (2 * true + unit) // (2 * unit)
    if rounded == 0:
        return grouped(true)
    digits = str(rounded).rjust(decimals + 1, "0")
    whole = digits[: len(digits) - decimals]
    return f"{whole}.{digits[len(digits) - decimals:]}{suffix}" if decimals else f"{whole}{suffix}"

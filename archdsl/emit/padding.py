"""What `same` is, as a number or as text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archdsl.emit import symbol as s
from archdsl.emit.pairs import known
from archdsl.ops.op import SAME, Size, pair
from archdsl.ops.rules import halves

if TYPE_CHECKING:
    from archdsl.emit.writer import ClassWriter


def same_padding(kernel: Any, dilation: Any) -> Any:
    """What `same` means for a kernel, on each side."""
    if not isinstance(kernel, Size) and not isinstance(dilation, Size):
        return halves(kernel, dilation)
    (tall, wide), (down, across) = pair(kernel), pair(dilation)
    sides = halves(tall, down), halves(wide, across)
    return sides[0] if s.same(*sides) else Size(*sides)


def settled(w: ClassWriter, pad: Any, kernel: Any, dilation: Any) -> Any:
    """A padding with `same` worked out, also where it is an arm of a condition or, written as None,
    an item of a list. A parameter that may be `same` is worked out where the constructor begins.
    """
    if pad is SAME or pad is None:
        return same_padding(kernel, dilation)
    if not isinstance(pad, s.Symbol):
        return pad
    if pad.op == "name" and pad.args[0] in w.code.same_params:
        w.code.pad_rules[pad.args[0]] = (kernel, dilation)
        return pad
    if pad.op == "ternary":
        then, condition, other = pad.args
        asked = condition.args[0] if _asks_for_none(condition) else None
        arms = (
            arm if s.same(arm, asked) else settled(w, arm, kernel, dilation)
            for arm in (then, other)
        )
        return s.choose(condition, *arms)
    found = [each for sample in w.samples for each in known(pad, sample)]
    left_out = [each is SAME or each is None for each in found]
    if not any(left_out):
        return pad
    same = same_padding(kernel, dilation)
    return same if all(left_out) else s.choose(s.compare("==", pad, None), same, pad)


def _asks_for_none(condition: Any) -> bool:
    """Whether a condition is that something is there."""
    return (
        isinstance(condition, s.Symbol) and condition.op == "compare" and condition.args[2] is None
    )

"""Inputs near the one asked for with which values go together that don't with that one.

A map that is halved and doubled again comes back to its size only if it could be halved. Nobody
wants to work out how often that happens; trying is quick.
"""

from __future__ import annotations

from archdsl.analysis import elaborate
from archdsl.analysis.session import Session
from archdsl.diagnostics import Bag
from archdsl.node import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from archdsl.analysis.elaborate import Override
    from archdsl.ir.program import Program, Variant
    from archdsl.ops.op import Shape
    from archdsl.source import Span

STEPS = (2, 4, 8, 16, 32, 64)
RESIZE = "`resize(like=x)` brings one map to the height and width of another"


def suggest(program: Program, variant: Variant, wanted: Override | None, session: Session) -> None:
    """Give those findings of a variant a help that are about sizes and have none."""
    for place in session.unexplained:
        for number, item in enumerate(session.bag.items):
            if item.label.span is place and item.help is None:
                help = _fitting(program, variant, wanted, place)
                if help is None and item.code != "E205":  # a body has its size by its own steps
                    help = RESIZE
                session.bag.items[number] = replace(item, help=help)
    session.unexplained.clear()


def _fitting(
    program: Program, variant: Variant, wanted: Override | None, place: Span
) -> str | None:
    shape = elaborate.input_of(Session(program, Bag()), variant, wanted)
    if shape is None:
        return None
    channels, *sides = shape
    for step in STEPS:
        low = (channels, *(side // step * step for side in sides))
        high = (channels, *(-(-side // step) * step for side in sides))
        if min(low) and all(_fits(program, variant, near, place) for near in (low, high)):
            return f"with an input of {_text(low)} or {_text(high)} they fit"
    return None


def _fits(program: Program, variant: Variant, shape: Shape, place: Span) -> bool:
    session = Session(program, Bag())
    elaborate.elaborate(program, variant, shape, session.bag, session)
    where = (place.source.path, place.start)
    return where not in [(span.source.path, span.start) for span in session.unexplained]


def _text(shape: Shape) -> str:
    return "x".join(map(str, shape))

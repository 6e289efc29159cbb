"""The smallest input that a model accepts, found by trying."""

from __future__ import annotations

from archdsl.analysis.elaborate import elaborate
from archdsl.analysis.session import Session
from archdsl.diagnostics import Bag
from archdsl.ir.program import Definition, Program, Variant
from archdsl.ops.op import Shape


def smallest_input(program: Program, variant: Variant | Definition) -> Shape | None:
    """The smallest square input that runs through, with the parameters of the declared one.

    (A linear layer behind `flatten` is made for one size: others don't fit it.) None where the
    model is wrong at its declared input, has several inputs, or none that are maps.
    """
    session = Session(program, Bag())
    declared = elaborate(program, variant, None, Bag(), session)
    if declared is None or len(declared.inputs) != 1 or len(declared.inputs[0][1]) != 3:
        return None
    channels, height, width = declared.inputs[0][1]
    for side in range(1, max(height, width) + 1):
        shape = (channels, side, side)
        design = elaborate(program, variant, shape, Bag(), session)
        if design is not None and design.params == declared.params:
            return shape
    return (channels, height, width)

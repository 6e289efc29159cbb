"""The table: every op that the language knows, by name."""

from __future__ import annotations

from archdsl.ops import (
    activation,
    arithmetic,
    conv,
    filters,
    norm,
    pointwise,
    pool,
    rearrange,
    reduce,
    regularise,
    resample,
)
from archdsl.ops.check import check_argument, check_arguments
from archdsl.ops.op import Op

__all__ = ["ENTRIES", "OPS", "check_argument", "check_arguments", "lookup"]

ENTRIES: tuple[Op, ...] = (
    *conv.OPS,
    *pool.OPS,
    *filters.OPS,
    *norm.OPS,
    *activation.OPS,
    *regularise.OPS,
    *rearrange.OPS,
    *resample.OPS,
    *arithmetic.OPS,
    *pointwise.OPS,
    *reduce.OPS,
)

OPS: dict[str, Op] = {name: op for op in ENTRIES for name in (op.name, *op.aliases)}


def lookup(name: str) -> Op | None:
    """The op of this name or alias."""
    return OPS.get(name)

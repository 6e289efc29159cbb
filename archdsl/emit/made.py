"""What a call comes to before it has a name."""

from __future__ import annotations

from typing import Any

from archdsl.emit.tensor import Flow
from archdsl.node import Node, replace
from archdsl.ops.op import Args, Op, Torch


class Made(Node):
    """A module's constructor expression and what it makes of the stream.

    `kind` is its type for annotations. `op` and `args` are set for ops. `taken` are the texts of
    values that its call gets beside the stream. `widths_of` is set where only the made module
    knows its output's channels; then `flow` holds a placeholder, and `width` is the text that asks
    the module. `inplace` constructors take torch's argument of that name.
    """

    text: str
    kind: str
    flow: Flow
    op: Op | None = None
    form: Torch | None = None
    args: Args | None = None
    taken: tuple[str, ...] = ()
    widths_of: Any = None
    width: str = "{}.out_channels"
    inplace: bool = False

    def but(self, **changes: Any) -> Made:
        """A copy with some fields changed."""
        made: Made = replace(self, **changes)
        return made

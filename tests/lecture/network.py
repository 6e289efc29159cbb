"""The networks of specs/ and of claims.arch, as the checker sees them.

These are the designs that `archdsl summary` prints from, with the arguments of each layer.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Sequence
from fractions import Fraction

from claim import HERE

from archdsl import CompileError, driver
from archdsl.diagnostics import Bag
from archdsl.driver import Checked
from archdsl.ir.design import Step
from archdsl.ops.op import Shape, pair
from archdsl.ops.rules import margins

SPECS = os.path.join(os.path.dirname(os.path.dirname(HERE)), "specs")
CONVS = ("conv", "depthwise")
POOLS = ("maxpool", "avgpool")


def path(spec: str) -> str:
    return os.path.join(HERE if spec == "claims" else SPECS, f"{spec}.arch")


@functools.cache
def checked(spec: str, input: Shape | None = None) -> Checked:
    bag = Bag()
    found = driver.check(path(spec), bag, input)
    if found is None:
        raise CompileError(tuple(bag.items))
    return found


class Network:
    """A variant in use: side heads are left out, unless they are asked for."""

    def __init__(self, spec: str, variant: str, input: Shape | None = None) -> None:
        (self.design,) = checked(spec, input).named(variant)
        totals = self.design.totals
        self.name = variant
        self.params = totals.params
        self.aux_params = totals.aux_params
        self.macs = totals.macs
        self.conv_macs = totals.conv_macs
        self.depth = self.design.depth
        self.steps = tuple(step for step in self.design.walk() if not step.aux)
        self.convs = self.of(*CONVS)
        self.linears = self.of("linear")
        self.pools = self.of(*POOLS)

    def of(self, *ops: str) -> tuple[Step, ...]:
        """The steps of these kinds, in the order they run."""
        return tuple(step for step in self.steps if step.op in ops)

    def under(self, prefix: str) -> tuple[Step, ...]:
        """The steps of one module."""
        return tuple(step for step in self.steps if step.path.startswith(f"{prefix}."))

    @property
    def reach(self) -> str:
        """The receptive field."""
        tall, wide = self.design.receptive_field
        return f"{tall}x{wide}"


@functools.cache
def network(spec: str, variant: str | None = None, input: Shape | None = None) -> Network:
    """A variant of a shipped spec; the one of the spec's name if none is named."""
    return Network(spec, variant or spec, input)


def small(variant: str) -> Network:
    """One of claims.arch."""
    return network("claims", variant)


def kernel(step: Step) -> tuple[int, int]:
    return pair(step.arguments["kernel"])


def stride(step: Step) -> tuple[int, int]:
    given = step.arguments["stride"]
    return kernel(step) if given is None else pair(given)


def padding(step: Step) -> tuple[tuple[int, int], tuple[int, int]]:
    """Above and below, left and right."""
    left, right, top, bottom = margins(step.arguments)
    return (top, bottom), (left, right)


def groups(step: Step) -> int:
    """Groups of channels that do not mix."""
    return step.inputs[0][0] if step.op == "depthwise" else int(step.arguments["groups"])


def size(step: Step) -> str:
    """The kernel, `3x3`."""
    return "{}x{}".format(*kernel(step))


def window(step: Step) -> str:
    """Kernel and stride, `3x3, stride 2`."""
    return f"{size(step)}, stride {stride(step)[0]}"


def area(shape: Shape) -> str:
    """Height and width of a map."""
    return f"{shape[1]}x{shape[2]}"


def common(steps: Sequence[Step], what: Callable[[Step], str]) -> str:
    """What all of these have in common; if they differ, each thing once."""
    return " or ".join(dict.fromkeys(what(step) for step in steps))


def params(steps: Sequence[Step]) -> int:
    return sum(step.params for step in steps)


def macs(steps: Sequence[Step]) -> int:
    return sum(step.macs for step in steps)


def share(part: int, whole: int) -> str:
    """`96.2 %`."""
    return f"{100 * part / whole:.1f} %"


def against(less: int, more: int) -> str:
    """Two counts, and what part of the second the first is."""
    return f"{less:,} against {more:,} ({float(Fraction(less, more)):.2f} of it)"


def millions(number: int, digits: int = 1) -> str:
    return f"{number / 1e6:,.{digits}f} M"

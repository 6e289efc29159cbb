"""The formula for output sizes, held against convolutions and pools of the lecture's networks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from typing import NamedTuple

from claim import Answer, holds
from network import kernel, network, padding, stride

from archdsl.ir.design import Step

NETS = (
    ("lenet", "lenet_caffe"),
    ("alexnet", "alexnet_paper"),
    ("zfnet", "zfnet"),
    ("vgg", "vgg19"),
    ("googlenet_paper", "googlenet_paper"),
    ("resnet", "resnet152"),
    ("bn_inception", "bninception_paper"),
    ("inception_v3", "inception_v3"),
    ("inception_v4", "inception_v4"),
    ("inception_resnet", "inception_resnet_v1"),
    ("xception", "xception"),
    ("resnext", "resnext50_32x4d"),
    ("densenet", "densenet201"),
    ("squeezenet", "squeezenet1_0"),
    ("mobilenet", "mobilenet_100_224"),
    ("shufflenet", "shufflenet_g3"),
)


class Window(NamedTuple):
    """A convolution or pool along one side of a map; `pad` is that of both ends together."""

    op: str
    size: int
    pad: int
    kernel: int
    stride: int
    out: int

    @property
    def exact(self) -> Fraction:
        """What the formula gives."""
        return Fraction(self.size + self.pad - self.kernel, self.stride) + 1

    @property
    def kind(self) -> str:
        if self.exact == self.out:
            return "exact"
        return "down" if self.out < self.exact else "up"


def windows(spec: str, variant: str) -> set[Window]:
    """Those of a network; alike ones once."""
    net = network(spec, variant)
    return {window for step in net.convs + net.pools for window in sides(step)}


def sides(step: Step) -> Iterator[Window]:
    """Height and width apart."""
    for axis in (0, 1):
        yield Window(
            step.op,
            step.inputs[0][axis + 1],
            sum(padding(step)[axis]),
            kernel(step)[axis],
            stride(step)[axis],
            step.outputs[0][axis + 1],
        )


def formula() -> Answer:
    kinds = Counter(window.kind for net in NETS for window in windows(*net))
    shown = f"{kinds['exact']} cases exact, {kinds['down']} rounded down, {kinds['up']} up"
    return holds(kinds["exact"] == kinds.total(), shown).because(
        f"Over all convolutions and pools of {len(NETS)} networks, alike ones of each taken once. "
        "The division may leave a rest. Then the size is rounded down, as the frameworks of today "
        "do, or up, where a paper's sizes ask for it (`ceil=true`). " + alexnet_padding()
    )


def alexnet_padding() -> str:
    """The first layer of AlexNet, without the zeros that it is given."""
    net = network("alexnet", "alexnet_paper")
    (pad,), first = net.of("pad"), net.convs[0]
    side, padded = pad.inputs[0][1], first.inputs[0][1]
    exact = Fraction(side - kernel(first)[0], stride(first)[0]) + 1
    return (
        f"AlexNet's first layer on {side}x{side} would give {float(exact):g}; the "
        f"{first.outputs[0][1]} of the paper need zeros, {padded - side} pixels on two sides."
    )


def cases() -> str:
    """Where the formula gives no whole number, and in which networks."""
    found: dict[Window, list[str]] = {}
    for net in NETS:
        for window in windows(*net):
            if window.kind != "exact":
                found.setdefault(window, []).append(net[1])
    rows = [
        "| | N | 2P | K | S | Formula | Size | Rounded | In |",
        "|---|--:|--:|--:|--:|--:|--:|---|---|",
    ]
    rows += [
        f"| {one.op} | {one.size} | {one.pad} | {one.kernel} | {one.stride} | {float(one.exact):g} "
        f"| {one.out} | {one.kind} | {', '.join(nets)} |"
        for one, nets in sorted(found.items(), key=order)
    ]
    return "\n".join(rows)


def order(item: tuple[Window, list[str]]) -> tuple[bool, str, int, Window]:
    """Those that go up first; then convolutions before pools, large maps before small ones."""
    window, _ = item
    return window.kind != "up", window.op, -window.size, window

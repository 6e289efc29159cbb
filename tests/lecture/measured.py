"""The last section of docs/lecture.md: what differs from machine to machine."""

from __future__ import annotations

from itertools import pairwise

from claim import statements
from network import network
from part2 import FORMS, RESNET50, RESNET101, RESNET152, WRN50
from runs import BATCH, form_difference, machine, seconds

NETS = (RESNET50, RESNET101, RESNET152, WRN50)

TEXT = """
These figures are a machine's, and no test compares them: {machine}.

Processor time of a batch of {batch} images of 224x224 going forward, the least of {rounds} rounds in
which the networks take turns. The slide has milliseconds on the graphics card of its authors: only
ratios can be compared, and a graphics card gains more from wide layers than a processor does.

| Network | Multiply-adds, ratio | The lecture, ms | Its ratio | Measured ratio |
|---|--:|--:|--:|--:|
{times}

WRN-50-2 takes {verdict} time than ResNet-152 here, and less on the slide.

Largest difference between the outputs of two forms of ResNeXt's block, the second with the weights
and statistics of the first, 32-bit floats:

| Forms | Difference |
|---|--:|
{forms}
"""


def measured(rounds: int = 8) -> str:
    """Takes some minutes."""
    printed = next(item.figure for item in statements() if item.key == "wrn-time").split(", ")
    taken = seconds(NETS, rounds)
    base = network(*RESNET50).macs
    times = [
        f"| {net[1]} | {network(*net).macs / base:.2f}x | {ms} | {int(ms) / int(printed[0]):.2f}x "
        f"| {time / taken[0]:.2f}x |"
        for net, ms, time in zip(NETS, printed, taken)
    ]
    forms = [
        f"| {one[-1]} and {other[-1]} | {form_difference(one, other):.1e} |"
        for one, other in pairwise(FORMS)
    ]
    return TEXT.format(
        machine=machine(),
        batch=BATCH,
        rounds=rounds,
        times="\n".join(times),
        verdict="less" if taken[3] < taken[2] else "no less",
        forms="\n".join(forms),
    )

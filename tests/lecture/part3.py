"""Part III of the lecture: SqueezeNet, MobileNet, ShuffleNet."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import NamedTuple

from claim import Answer, Claims, arithmetic, count, holds, statements, text, times
from network import (
    Network,
    area,
    groups,
    kernel,
    macs,
    millions,
    network,
    params,
    share,
)
from part1 import ALEXNET, GOOGLENET, VGG16

from archdsl.ir.design import Step

SQUEEZENET = ("squeezenet", "squeezenet1_0")
SQUEEZENET11 = ("squeezenet", "squeezenet1_1")
SQUEEZENET_RELEASE = ("squeezenet", "squeezenet1_0_release")
MOBILENET = ("mobilenet", "mobilenet_100_224")
MOBILENET_SMALL = ("mobilenet", "mobilenet_050_160")
STANDARD = ("mobilenet", "mobilenet_full")

FLOAT = 4  # bytes


# Where parameters and memory are


def late_fc() -> Answer:
    nets = [network(*ALEXNET), network(*VGG16)]
    parts = [params(net.linears) for net in nets]
    most = all(2 * part > net.params for part, net in zip(parts, nets))
    shown = ", ".join(f"{net.name} {share(part, net.params)}" for part, net in zip(parts, nets))
    return holds(most, shown).because(
        "The networks that followed have one such layer, or none: "
        f"{share(params(network(*GOOGLENET).linears), network(*GOOGLENET).params)} of GoogLeNet."
    )


def made(steps: Sequence[Step]) -> int:
    """Numbers that layers give out, for one image."""
    return sum(shape[0] * shape[1] * shape[2] for step in steps for shape in step.outputs)


def early_conv() -> Answer:
    """Early is the first third of the convolutions, and memory what layers give out."""
    shown, most, firsts = [], True, []
    for net in (network(*ALEXNET), network(*VGG16)):
        early = net.convs[: -(-len(net.convs) // 3)]
        whole = made(net.convs) + sum(step.outputs[0][0] for step in net.linears)
        most &= 2 * made(early) > whole
        shown.append(f"{net.name} {share(made(early), whole)} in {len(early)}")
        firsts.append(f"{share(made(net.convs[:2]), whole)} of {net.name}'s")
    return holds(most, ", ".join(shown)).because(
        "Of the numbers that layers give out, in the first third of the convolutions. The first "
        f"two alone have {' and '.join(firsts)}."
    )


# SqueezeNet


def fires(net: Network) -> list[tuple[Step, Step, Step]]:
    """The three convolutions of each module: squeeze, and the two that expand."""
    inner = net.convs[1:-1]
    return [(inner[i], inner[i + 1], inner[i + 2]) for i in range(0, len(inner), 3)]


def half_pointwise() -> Answer:
    found = fires(network(*SQUEEZENET))
    half = all(
        kernel(one) == (1, 1) and kernel(three) == (3, 3) and one.outputs == three.outputs
        for _, one, three in found
    )
    pairs = [one.outputs[0][0] for _, one, _ in found]
    return holds(half, f"1x1 and 3x3 in each module: {', '.join(map(str, pairs))}")


def fewer_inputs() -> Answer:
    found = fires(network(*SQUEEZENET))
    less = all(three.inputs[0][0] < squeeze.inputs[0][0] for squeeze, _, three in found)
    pairs = [f"{squeeze.inputs[0][0]} to {three.inputs[0][0]}" for squeeze, _, three in found]
    return holds(less, ", ".join(pairs))


def before_last_pool(net: Network) -> int:
    """Modules that stand before the last pool."""
    last = net.pools[-1].index
    return sum(squeeze.index < last for squeeze, _, _ in fires(net))


def late_pooling() -> Answer:
    net, newer = network(*SQUEEZENET), network(*SQUEEZENET11)
    late, all_ = before_last_pool(net), len(fires(net))
    sides = ", ".join(area(pool.inputs[0]) for pool in net.pools)
    return holds(2 * late > all_, f"{late} of {all_} modules before the last pool").because(
        f"Pools stand on maps of {sides}. It has its price: version 1.1 has "
        f"{before_last_pool(newer)} modules before its last pool, and takes "
        f"{millions(newer.macs)} multiply-adds instead of {millions(net.macs)}."
    )


def squeeze_50x() -> Answer:
    alexnet, net = network(*ALEXNET).params, network(*SQUEEZENET).params
    return times(alexnet, net).because(f"{alexnet:,} against {net:,}.")


def megabytes(parameters: int, bits: int, why: str = "") -> Answer:
    """What parameters take; MB are 10^6 bytes."""
    stored = Fraction(parameters * bits, 8)
    shown = f"{float(stored / 10**6):.2f} MB ({float(stored / 2**20):.2f} MiB)"
    return Answer(stored, shown).because(why)


def squeezenet_size() -> Answer:
    return megabytes(
        network(*SQUEEZENET).params,
        32,
        "The figure is in MiB, that of AlexNet beside it in neither unit; in one unit, the "
        "reduction is that of the parameters.",
    )


def compressed(bits: int) -> Answer:
    return megabytes(network(*SQUEEZENET).params, bits).left_open(
        "What the bits alone give. Deep Compression also prunes (the paper says 33 % sparsity) and "
        "codes what is left, which no architecture tells."
    )


def quotient(key: str) -> Answer:
    """The reduction that a row's own sizes give."""
    says = next(item.says for item in statements() if item.key == key)
    before, after = re.findall(r"([\d.]+) MB", says)
    value = Fraction(before) / Fraction(after)
    return arithmetic(value, f"{float(value):.1f}x")


# MobileNet


class Separable(NamedTuple):
    """A depthwise and a pointwise convolution, and the standard one that they stand for."""

    depthwise: Step
    pointwise: Step
    standard: Step

    @property
    def sizes(self) -> tuple[int, int, int, int]:
        """DK, M, N and DF, the side of the map that leaves."""
        return (
            kernel(self.standard)[0],
            self.standard.inputs[0][0],
            self.standard.outputs[0][0],
            self.standard.outputs[0][1],
        )

    @property
    def ratio(self) -> Fraction:
        return Fraction(self.depthwise.macs + self.pointwise.macs, self.standard.macs)


def separables() -> list[Separable]:
    """All of MobileNet's, beside the layers of MobileNet with standard convolutions."""
    net, standard = network(*MOBILENET).convs[1:], network(*STANDARD).convs[1:]
    found = [Separable(*layers) for layers in zip(net[::2], net[1::2], standard)]
    assert 2 * len(found) == len(net) == 2 * len(standard)
    return found


def depthwise() -> Answer:
    right = all(
        groups(one.depthwise) == one.depthwise.inputs[0][0] == one.depthwise.outputs[0][0]
        and kernel(one.pointwise) == (1, 1)
        and groups(one.pointwise) == 1
        for one in separables()
    )
    return holds(right, f"in all {len(separables())} pairs of layers")


def formula(cost: Callable[[Separable], int], wanted: Callable[..., int]) -> Answer:
    """Whether a cost is the formula's in every layer, exactly."""
    found = separables()
    exact = sum(cost(one) == wanted(*one.sizes) for one in found)
    return holds(exact == len(found), f"exact in {exact} of {len(found)} layers")


def standard_cost() -> Answer:
    return formula(
        lambda one: one.standard.macs, lambda dk, m, n, df: dk * dk * m * n * df * df
    ).because("With DF the side of the map that leaves: four of the layers halve it.")


def separable_cost() -> Answer:
    return formula(
        lambda one: one.depthwise.macs + one.pointwise.macs,
        lambda dk, m, n, df: dk * dk * m * df * df + m * n * df * df,
    )


def cost_ratio() -> Answer:
    found = separables()
    exact = sum(
        one.ratio == Fraction(1, one.sizes[2]) + Fraction(1, one.sizes[0] ** 2) for one in found
    )
    net, standard = network(*MOBILENET), network(*STANDARD)
    return holds(exact == len(found), f"exact in {exact} of {len(found)} layers").because(
        f"As fractions, not rounded. The whole network takes {net.macs:,} multiply-adds against "
        f"{standard.macs:,}: {standard.macs / net.macs:.2f}x fewer."
    )


def separable_table() -> str:
    rows = [
        "| M | N | DF | Standard | Separable | Ratio | 1/N + 1/9 |",
        "|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for one in separables():
        _, m, n, df = one.sizes
        cost = macs((one.depthwise, one.pointwise))
        row = (
            f"| {m} | {n} | {df} | {one.standard.macs:,} | {cost:,} "
            f"| {float(one.ratio):.6f} | {1 / n + 1 / 9:.6f} |"
        )
        if row != rows[-1]:
            rows.append(row)
    return "\n".join(rows)


def table(net: tuple[str, str], what: str, why: Callable[[Network], str] | str = "") -> Answer:
    """A cell of Tables 8 and 9."""
    found = network(*net)
    reason = why if isinstance(why, str) else why(found)
    return count(getattr(found, what)).because(reason)


def googlenet_macs(net: Network) -> str:
    library = network("googlenet").macs
    return (
        f"Neither the paper's network nor torchvision's, which has 3x3 for 5x5 and takes "
        f"{millions(library)}."
    )


def googlenet_params(net: Network) -> str:
    return (
        "Its own Table 1 sums up to 6.8 M, with thousands of 1,024 and some rows that do not fit "
        "the widths beside them."
    )


def vgg_macs(net: Network) -> str:
    return (
        f"Convolutions alone take {millions(net.conv_macs)}, which would be within rounding; but "
        "the other rows count linear layers, too."
    )


def mobilenet_params(net: Network) -> str:
    norms = params(net.of("bn"))
    return f"Without those of batch norm it is {net.params - norms:,}."


def squeezenet_macs(net: Network) -> str:
    return (
        f"A multiply-add was counted as two operations, as SqueezeNet's authors do: "
        f"{millions(2 * net.macs)}. The other rows count it as one."
    )


# ShuffleNet


def mixing(variant: str) -> Answer:
    from runs import inputs_seen

    seen, whole = inputs_seen(variant)
    return text(f"{seen} of {whole}")


def shuffle_equivalent() -> Answer:
    from runs import shuffle_difference

    return holds(shuffle_difference() < 1e-6, "the same outputs, to 1e-6")


def fewer_channels() -> Answer:
    whole, half = (network(*net).convs for net in (MOBILENET, ("mobilenet", "mobilenet_050_224")))
    widths = [(step.outputs[0][0], other.outputs[0][0]) for step, other in zip(whole, half)]
    right = len(whole) == len(half) and all(all_ == 2 * some for all_, some in widths)
    return holds(right, f"in all {len(half)} convolutions")


def shufflenet(variant: str) -> Answer:
    return count(network("shufflenet", variant).macs)


def shufflenet_1x() -> Answer:
    net = network("shufflenet", "shufflenet_g3")
    return count(net.macs).because(
        f"140 M is the budget that all of its group numbers were given; the paper's Table 1 has "
        f"137 M for g = 3, which is {millions(net.conv_macs)} of the convolutions alone."
    )


def gain(key: str, above: str) -> Answer:
    """The difference of two errors of the slide."""
    errors = {item.key: item.figure.rstrip("%") for item in statements()}
    less = Fraction(errors[f"t5-error-{above}"]) - Fraction(errors[f"t5-error-{key}"])
    return arithmetic(less, f"{float(less):.1f}")


UNPUBLISHED = "Its widths were never published. {} `specs/shufflenet.arch` says what it assumes."

CLAIMS: Claims = {
    "late-fc": late_fc,
    "early-conv": early_conv,
    "squeeze-1x1": half_pointwise,
    "squeeze-inputs": fewer_inputs,
    "squeeze-late": late_pooling,
    "squeeze-50x": squeeze_50x,
    "size-alexnet": lambda: megabytes(network(*ALEXNET).params, 32),
    "size-svd": lambda: quotient("size-svd"),
    "size-pruning": lambda: quotient("size-pruning"),
    "size-deep": lambda: quotient("size-deep"),
    "size-squeezenet": squeezenet_size,
    "size-8": lambda: compressed(8),
    "size-6": lambda: compressed(6),
    "reduction-8": lambda: quotient("reduction-8"),
    "reduction-6": lambda: quotient("reduction-6"),
    "depthwise": depthwise,
    "fewer-channels": fewer_channels,
    "cost-standard": standard_cost,
    "cost-separable": separable_cost,
    "cost-ratio": cost_ratio,
    "t8-mobilenet-macs": lambda: table(MOBILENET, "macs"),
    "t8-mobilenet-params": lambda: table(MOBILENET, "params"),
    "t8-googlenet-macs": lambda: table(GOOGLENET, "macs", googlenet_macs),
    "t8-googlenet-params": lambda: table(GOOGLENET, "params", googlenet_params),
    "t8-vgg-macs": lambda: table(VGG16, "macs", vgg_macs),
    "t8-vgg-params": lambda: table(VGG16, "params"),
    "t9-mobilenet-macs": lambda: table(MOBILENET_SMALL, "macs", "Cut off rather than rounded."),
    "t9-mobilenet-params": lambda: table(MOBILENET_SMALL, "params", mobilenet_params),
    "t9-squeezenet-macs": lambda: table(SQUEEZENET_RELEASE, "macs", squeezenet_macs),
    "t9-squeezenet-params": lambda: table(SQUEEZENET_RELEASE, "params"),
    "t9-alexnet-macs": lambda: table(ALEXNET, "macs"),
    "t9-alexnet-params": lambda: table(ALEXNET, "params"),
    "shuffle-alone": lambda: mixing("groups_alone"),
    "shuffle-mixed": lambda: mixing("groups_shuffled"),
    "shuffle-equivalent": shuffle_equivalent,
    "t5-mobilenet-100": lambda: table(MOBILENET, "macs"),
    "t5-x2": lambda: shufflenet("shufflenet_g3_x2"),
    "t5-mobilenet-075": lambda: table(("mobilenet", "mobilenet_075_224"), "macs"),
    "t5-x1.5": lambda: shufflenet("shufflenet_g3_x1_5"),
    "t5-mobilenet-050": lambda: table(("mobilenet", "mobilenet_050_224"), "macs"),
    "t5-x1": shufflenet_1x,
    "t5-mobilenet-025": lambda: table(("mobilenet", "mobilenet_025_224"), "macs"),
    "t5-arch2": lambda: shufflenet("shufflenet_arch2").left_open(
        UNPUBLISHED.format("These are those of a public port.")
    ),
    "t5-shallow": lambda: shufflenet("shufflenet_shallow").left_open(
        UNPUBLISHED.format("Said are half the units; the widths are chosen to come near 40 M.")
    ),
    "t5-gain-x2": lambda: gain("x2", "mobilenet-100"),
    "t5-gain-x1.5": lambda: gain("x1.5", "mobilenet-075"),
    "t5-gain-x1": lambda: gain("x1", "mobilenet-050"),
    "t5-gain-arch2": lambda: gain("arch2", "mobilenet-025"),
    "t5-gain-shallow": lambda: gain("shallow", "mobilenet-025"),
}

TABLES = {
    "MobileNet": ("Its layers, with DK = 3 (multiply-adds):", separable_table),
}

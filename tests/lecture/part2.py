"""Part II of the lecture: the Inceptions, Xception, Wide ResNet, ResNeXt, DenseNet."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import partial
from itertools import groupby

from claim import Answer, Claims, count, holds, statements, text, times
from network import (
    Network,
    against,
    area,
    groups,
    kernel,
    millions,
    network,
    size,
    small,
    stride,
)
from part1 import GOOGLENET, GOOGLENET_SEPARABLE, has, lighter, small_reach

from archdsl.ir.design import Step

BN_INCEPTION = ("bn_inception", "bninception_paper_dense")
BN_INCEPTION_SEPARABLE = ("bn_inception", "bninception_paper")
INCEPTION_V2 = ("inception_v2", "inception_v2")
FACTORISED = ("inception_v2", "inception_v2_factorized_7x7")
AUXILIARY = ("inception_v2", "inception_v2_bn_auxiliary")
INCEPTION_V3 = ("inception_v3", "inception_v3")
INCEPTION_V4 = ("inception_v4", "inception_v4")
INCEPTION_RESNET_V1 = ("inception_resnet", "inception_resnet_v1")
XCEPTION = ("xception", "xception")
RESNET50 = ("resnet", "resnet50")
RESNET101 = ("resnet", "resnet101")
RESNET152 = ("resnet", "resnet152")
WRN50 = ("wide_resnet", "wide_resnet50_2")
RESNEXT50 = ("resnext", "resnext50_32x4d")
DENSENET121 = ("densenet", "densenet121")
DENSENET201 = ("densenet", "densenet201")
FORMS = ("resnext_form_a", "resnext_form_b", "resnext_form_c")


# Inception v2 to v4


def v2_small() -> Answer:
    net = network(*BN_INCEPTION)
    sizes = {size(step): kernel(step) for step in net.convs}
    largest = max(kernel(step) for step in net.convs[1:])
    return holds(largest <= (3, 3), ", ".join(sorted(sizes))).because(
        "The 7x7 is the first layer's."
    )


def v2_pointwise() -> Answer:
    before, after = small("direct").params, small("reduced").params
    return holds(after < before, against(after, before)).because("The example of Part I.")


def factor_why() -> Answer:
    pair, stack = small("factorised_7x7"), small("three_3x3")
    return lighter("factorised_7x7", "three_3x3").because(
        f"27 C^2 against 14 C^2; and {len(stack.convs)} layers against {len(pair.convs)}."
    )


def factor_units() -> Answer:
    (lower,) = small("patch").convs
    channels, tall, wide = lower.outputs[0]
    return count(tall * wide).because(f"Of each of its {channels} maps.")


def smoothing() -> Answer:
    from runs import smoothing_difference

    return holds(smoothing_difference() < 1e-6, "torch gives the same").because(
        "With u the same for all classes."
    )


def cost(net: tuple[str, str], why: str = "") -> Answer:
    """Multiply-adds of one image."""
    return count(network(*net).macs).because(why)


def googlenet_cost() -> Answer:
    return cost(
        GOOGLENET,
        f"Cut off rather than rounded; {network(*GOOGLENET_SEPARABLE).macs:,} with the first 7x7 in "
        "two steps, depthwise and 1x1, which is what its own table counts.",
    )


def bn_inception_cost() -> Answer:
    separable = network(*BN_INCEPTION_SEPARABLE).macs
    return cost(BN_INCEPTION, f"{separable:,} with the first 7x7 in two steps.")


def factorised_cost() -> Answer:
    step = network(*FACTORISED).macs - network(*INCEPTION_V2).macs
    return cost(FACTORISED).left_open(
        f"The same widths. Factorising the 7x7 adds {millions(step, 0)}, where the table has 1,000 M."
    )


def auxiliary_cost() -> Answer:
    return cost(AUXILIARY).left_open(
        "The side head does not run in use. What was released as Inception-v3 has a lighter stem, "
        f"and takes {network(*INCEPTION_V3).macs:,}: more than 4.8 billion, too."
    )


LOST = (
    "The widths inside the modules stood in a supplement that is lost; with those of the Inception-v3 "
    "that was released, it is this."
)
TRAINED = "A change of the training: the network is the one above."


def grid(net: tuple[str, str], maps: int) -> Answer:
    """The map of most concatenations or sums of the n-th size that has several."""
    network_ = network(*net)
    joins = [step for step in network_.of("concat", "add") if step.outputs[0][1] > 1]
    sizes = [
        side
        for side, same in groupby(area(step.outputs[0]) for step in joins)
        if len(list(same)) > 2
    ]
    return text(sizes[maps])


# Xception


def xception() -> Answer:
    net = network(*XCEPTION)
    wide = [step for step in net.convs if kernel(step) != (1, 1)]
    apart = [step for step in wide if groups(step) == step.inputs[0][0]]
    plain = [step for step in wide if step not in apart]
    return holds(wide[len(plain) :] == apart, f"{len(apart)} of {len(wide)}").because(
        f"The other {len(plain)} are the stem's. But the order is the reverse of the figure's: "
        "the 1x1 follows."
    )


# Wide ResNet


def wrn_width() -> Answer:
    wide, plain = (network(*net).under("layer1.0")[0].outputs[0][0] for net in (WRN50, RESNET50))
    return times(wide, plain, 0).because(f"{wide} maps against {plain} in the first stage.")


def wrn_efficient() -> Answer:
    wide, deep = network(*WRN50), network(*RESNET152)
    return holds(wide.macs <= deep.macs, against(wide.macs, deep.macs)).because(
        f"Nearly as many; but in {wide.depth} steps, one after another, instead of {deep.depth}. "
        "What that saves in time stands under [Measured](#measured)."
    )


def wrn_outperforms() -> Answer:
    """By the errors that the slide gives."""
    figures = {item.key: item.figure for item in statements()}
    wide, deep = (figures[f"wrn-error-{key}"] for key in ("wrn", "152"))
    less = [
        Fraction(one.rstrip("%")) < Fraction(other.rstrip("%"))
        for one, other in zip(wide.split(", "), deep.split(", "))
    ]
    return holds(all(less), f"{wide} against {deep}")._replace(arithmetic=True)


# ResNeXt


def layer(step: Step) -> str:
    """As the table writes it: `3x3, 128, C=32`."""
    cardinality = f", C={groups(step)}" if groups(step) > 1 else ""
    return f"{size(step)}, {step.outputs[0][0]}{cardinality}"


def stage(net: Network, number: int) -> str:
    """A stage as its output and its blocks; projections are shortcuts, and stand in no table."""
    steps = net.under(f"layer{number}")
    blocks = []
    for _, block in groupby(steps, lambda step: step.path.split(".")[1]):
        convs = [step for step in block if step.op == "conv" and "downsample" not in step.path]
        blocks.append("; ".join(map(layer, convs)))
    runs = [(text_, len(list(same))) for text_, same in groupby(blocks)]
    shown = ", ".join(f"[{text_}] x {n}" for text_, n in runs)
    return f"{area(steps[-1].outputs[0])}: {shown}"


def table_row(row: str, spec: str, variant: str) -> Answer:
    net = network(spec, variant)
    if row == "conv1":
        first = net.convs[0]
        shown = f"{size(first)}, {first.outputs[0][0]}, stride {stride(first)[0]}"
        return text(f"{area(first.outputs[0])}: {shown}")
    if row == "pool":
        pool = net.pools[0]
        return text(f"{area(pool.outputs[0])}: {size(pool)} max pool, stride {stride(pool)[0]}")
    if row == "head":
        (pool,), (fc,) = net.of("global_avgpool"), net.linears
        return text(f"{area(pool.outputs[0])}: global average pool, {fc.outputs[0][0]}-d fc")
    return text(stage(net, int(row[-1]) - 1))


def resnext_table() -> Claims:
    """Both columns, row by row."""
    rows = ("conv1", "pool", "conv2", "conv3", "conv4", "conv5", "head")
    columns = {"r": RESNET50, "x": RESNEXT50}

    return {
        f"resnext-{row}-{column}": partial(table_row, row, *net)
        for row in rows
        for column, net in columns.items()
    }


def resnet50_params() -> Answer:
    net = network(*RESNET50)
    norms = sum(step.params for step in net.of("bn"))
    return count(net.params).because(
        f"Cut off rather than rounded (or counted without batch norm: {net.params - norms:,})."
    )


def resnet50_flops() -> Answer:
    paper = network("resnet", "resnet50_paper").macs
    return count(network(*RESNET50).macs).because(
        f"With the stride in the 3x3. As ResNet was published, with the stride in the first 1x1, "
        f"it is {paper:,}: the 3.8 x 10^9 of its own paper."
    )


def cardinality() -> Answer:
    return count(max(groups(step) for step in network(*RESNEXT50).convs))


def block_complexity() -> Answer:
    bottle, form = small("bottleneck_256"), network("resnext_forms", "resnext_form_c_bare")
    near = abs(form.params - bottle.params) < 0.05 * bottle.params
    shown = f"{form.params:,} weights against {bottle.params:,}"
    return holds(near, shown).because(
        f"Multiply-adds on 56x56: {form.macs:,} against {bottle.macs:,}."
    )


def equivalent(one: int, other: int) -> Answer:
    """Whether a form gives what another does, with the weights of the other."""
    from runs import form_difference

    first, second = (network("resnext_forms", FORMS[i]) for i in (one, other))
    same = form_difference(FORMS[one], FORMS[other]) < 1e-5
    counts = first.params == second.params and first.macs == second.macs
    return holds(
        same and counts, f"the same outputs, to 1e-5; {first.params:,} parameters both"
    ).because(
        f"Random weights and statistics of the one were carried to the other: {len(first.convs)} "
        f"convolutions against {len(second.convs)}. The largest difference stands under "
        "[Measured](#measured)."
    )


# DenseNet


def residual_sum() -> Answer:
    """Every block of ResNet-152 ends in a sum of two maps, one of which is its input, or that
    projected."""
    net = network(*RESNET152)
    sums = net.of("add")
    blocks = {step.path.rpartition(".")[0] for step in sums}
    right = all(len(step.inputs) == 2 for step in sums) and len(blocks) == len(sums)
    projected = sum(step.path.endswith("downsample.0") for step in net.convs)
    return holds(right, f"{len(sums)} sums of two maps").because(
        f"In ResNet-152. In {projected} of its blocks, where the width changes, x is projected."
    )


def dense_access() -> Answer:
    """Every layer of a dense block takes all that the block got, and what each before it added."""
    net = network(*DENSENET121)
    growths, right = [], True
    for block in range(1, 5):
        convs = [step for step in net.under(f"features.denseblock{block}") if step.op == "conv"]
        for first, last, following in zip(convs[::2], convs[1::2], convs[2::2]):
            growths.append(last.outputs[0][0])
            right &= following.inputs[0][0] == first.inputs[0][0] + growths[-1]
    (growth,) = set(growths)
    return holds(right, "in every dense block of DenseNet-121").because(
        f"Each layer takes {growth} maps more than the one before it: those that this one added."
    )


def dense_params() -> Answer:
    dense, res = network(*DENSENET201).params, network(*RESNET101).params
    return holds(dense < res, against(dense, res))


def sizes(nets: Sequence[tuple[str, str]]) -> str:
    rows = ["| Network | Layers | Parameters | Multiply-adds |", "|---|--:|--:|--:|"]
    for spec, variant in nets:
        net = network(spec, variant)
        rows.append(
            f"| {variant} | {net.depth} | {millions(net.params)} | {millions(net.macs, 0)} |"
        )
    return "\n".join(rows)


def densenet_and_resnet() -> str:
    dense = [("densenet", f"densenet{n}") for n in (121, 169, 201, 264)]
    res = [("resnet", f"resnet{n}") for n in (18, 34, 50, 101, 152)]
    return sizes([*dense, *res])


CLAIMS: Claims = {
    "v2-bn": lambda: has("bn", *BN_INCEPTION),
    "v2-lrn": lambda: has("lrn", *BN_INCEPTION),
    "v2-dropout": lambda: has("dropout", *BN_INCEPTION),
    "v2-small": v2_small,
    "v2-1x1": v2_pointwise,
    "v2-stack": lambda: small_reach("two_3x3"),
    "factor-7x7": lambda: small_reach("factorised_7x7"),
    "factor-3x3": lambda: small_reach("factorised_3x3"),
    "factor-params-7x7": lambda: lighter("factorised_7x7", "one_7x7"),
    "factor-params-3x3": lambda: lighter("factorised_3x3", "one_3x3"),
    "factor-why": factor_why,
    "factor-units": factor_units,
    "smoothing-formula": smoothing,
    "cost-googlenet": googlenet_cost,
    "cost-bn-googlenet": lambda: cost(
        GOOGLENET, "Batch norm takes no multiply-adds of this count."
    ),
    "cost-bn-inception": bn_inception_cost,
    "cost-v2": lambda: cost(INCEPTION_V2).left_open(LOST),
    "cost-rmsprop": lambda: cost(INCEPTION_V2).left_open(TRAINED),
    "cost-smoothing": lambda: cost(INCEPTION_V2).left_open(TRAINED),
    "cost-factorized": factorised_cost,
    "cost-auxiliary": auxiliary_cost,
    "v4-a": lambda: grid(INCEPTION_V4, 0),
    "v4-b": lambda: grid(INCEPTION_V4, 1),
    "ir-a": lambda: grid(INCEPTION_RESNET_V1, 0),
    "ir-b": lambda: grid(INCEPTION_RESNET_V1, 1),
    "ir-c": lambda: grid(INCEPTION_RESNET_V1, 2),
    "xception-extreme": xception,
    "wrn-double": lambda: times(network(*RESNET101).depth, network(*RESNET50).depth),
    "wrn-width": wrn_width,
    "wrn-resnet50": lambda: count(network(*RESNET50).params),
    "wrn-resnet101": lambda: count(network(*RESNET101).params),
    "wrn-resnet152": lambda: count(network(*RESNET152).params),
    "wrn-wrn50": lambda: count(network(*WRN50).params),
    "wrn-efficient": wrn_efficient,
    "wrn-outperforms": wrn_outperforms,
    "resnext-cardinality": cardinality,
    "resnext-block": block_complexity,
    **resnext_table(),
    "resnext-params-r": resnet50_params,
    "resnext-params-x": lambda: count(network(*RESNEXT50).params),
    "resnext-flops-r": resnet50_flops,
    "resnext-flops-x": lambda: count(network(*RESNEXT50).macs),
    "resnext-ab": lambda: equivalent(0, 1),
    "resnext-bc": lambda: equivalent(1, 2),
    "residual-sum": residual_sum,
    "dense-access": dense_access,
    "dense-params": dense_params,
}

TABLES = {"DenseNet": ("Sizes of the two families:", densenet_and_resnet)}

"""Part I of the lecture: LeNet, AlexNet, ZFNet, VGG, GoogLeNet, ResNet."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

from claim import Answer, Claims, count, holds, text, times
from network import (
    Network,
    against,
    area,
    common,
    groups,
    kernel,
    millions,
    network,
    padding,
    params,
    share,
    size,
    small,
    stride,
    window,
)
from windows import cases, formula

from archdsl.ir.design import Step
from archdsl.ops.activation import OPS as ACTIVATIONS

LENET = ("lenet", "lenet_caffe")
LENET5 = ("lenet", "lenet5_modern")
ALEXNET = ("alexnet", "alexnet_paper")
ZFNET = ("zfnet", "zfnet")
VGG16 = ("vgg", "vgg16")
VGG19 = ("vgg", "vgg19")
GOOGLENET = ("googlenet_paper", "googlenet_paper")
GOOGLENET_SEPARABLE = ("googlenet_paper", "googlenet_paper_separable")
NAIVE = ("googlenet_paper", "inception_naive")
REDUCED = ("googlenet_paper", "inception_reduced")
RESNET34 = ("resnet", "resnet34")
RESNET152 = ("resnet", "resnet152")


def layers(spec: str, variant: str) -> Answer:
    """Convolutions and linear layers on the longest path."""
    return count(network(spec, variant).depth)


def has(op: str, spec: str, variant: str) -> Answer:
    return text("yes" if network(spec, variant).of(op) else "no")


# LeNet


def layout(spec: str, variant: str) -> str:
    """Read off a network's steps; activations and `flatten` are left out."""
    names = {"conv": "CONV", "linear": "FC", "maxpool": "POOL", "avgpool": "POOL"}
    steps = network(spec, variant).steps
    return "-".join(names[step.op] for step in steps if step.op in names)


def lenet_layout() -> Answer:
    return text(layout(*LENET)).because(
        f"LeNet-5 as published is {layout(*LENET5)}: its third convolution covers the whole map, "
        "and is the first FC of the slide. Its pools have weights, too, and its second convolution "
        "sees only some of the maps. `specs/lenet.arch` has all of these."
    )


def googlenet_dropout() -> Answer:
    net = network(*GOOGLENET)
    rate = common(net.of("dropout"), lambda step: f"{step.arguments['p']:g}")
    return has("dropout", *GOOGLENET).because(
        f"Before its classifier, with a rate of {rate}; and in its side heads."
    )


# AlexNet and ZFNet


def alexnet_layers() -> Answer:
    net = network(*ALEXNET)
    return text(f"{len(net.convs)} conv, {len(net.linears)} fully connected")


def alexnet_activation() -> Answer:
    names = {op.name for op in ACTIVATIONS}
    return text(common(network(*ALEXNET).of(*names), lambda step: step.op))


def alexnet_dropout() -> Answer:
    return text(common(network(*ALEXNET).of("dropout"), lambda step: f"{step.arguments['p']:g}"))


def alexnet_lrn() -> Answer:
    found = network(*ALEXNET).of("lrn")
    return holds(bool(found), f"{len(found)} of them")


def lrn_formula() -> Answer:
    from runs import lrn_difference

    return holds(lrn_difference() < 1e-6, "torch gives the same").because(
        "The slide has the index of the output inside the sum; it has to be that of the neighbour. "
        "torch divides alpha by n, as the code of AlexNet's authors did; the formula does not."
    )


def classes() -> Answer:
    """The outputs of the winners, which have to agree."""
    winners = (ALEXNET, ZFNET, GOOGLENET, RESNET152)
    (outputs,) = {network(*net).steps[-1].outputs[0] for net in winners}
    return count(outputs[0])


def relu_values() -> Answer:
    from runs import rectified

    return text(rectified()[0])


def relu_slopes() -> Answer:
    from runs import rectified

    return text(rectified()[1]).because(
        "At 0 itself it has no slope; torch, like most, takes 0, the slide takes 1."
    )


def standard_pooling() -> Answer:
    pools = (*network(*LENET).pools, *network(*VGG19).pools)
    return holds(all(stride(pool) == kernel(pool) for pool in pools), common(pools, window))


def alexnet_overlap() -> Answer:
    pools = network(*ALEXNET).pools
    return holds(all(stride(pool) < kernel(pool) for pool in pools), common(pools, window))


def pooled(variant: str) -> Answer:
    from runs import pool_example

    return text(pool_example(variant))


def alexnet_gpus() -> Answer:
    found = [groups(step) for step in network(*ALEXNET).convs]
    divided = [str(number) for number, parts in enumerate(found, start=1) if parts > 1]
    whole = [str(number) for number, parts in enumerate(found, start=1) if parts == 1]
    shown = f"groups of the convolutions: {', '.join(map(str, found))}"
    return Answer(Fraction(max(found)), shown).because(
        f"Convolutions {', '.join(divided)} are divided; {' and '.join(whole)} and the fully "
        "connected layers see all maps."
    )


def zfnet_widths() -> Answer:
    widths = [step.outputs[0][0] for step in network(*ZFNET).convs]
    grows = all(a < b for a, b in pairwise(widths))
    return holds(grows, ", ".join(map(str, widths))).because(
        "It grows to the third layer, stays, and falls in the last; so does AlexNet's."
    )


# VGG and small filters


def vgg_window(step: Step) -> str:
    return f"{window(step)}, pad {padding(step)[0][0]}"


def activations() -> Answer:
    two, three, one = (len(small(v).of("relu")) for v in ("two_3x3", "three_3x3", "one_5x5"))
    return text(f"{two}, {three}" if one == 1 else "")


def lighter(variant: str, than: str, why: str = "") -> Answer:
    """Whether one of claims.arch has fewer parameters than another."""
    less, more = small(variant).params, small(than).params
    return holds(less < more, against(less, more)).because(why)


def per_channel(variant: str, than: str) -> Answer:
    """The same, with the formula in C channels."""
    less, more = small(variant).params, small(than).params
    square = small(variant).convs[0].outputs[0][0] ** 2
    return lighter(
        variant, than, f"For C channels: {less // square} C^2 against {more // square} C^2."
    )


# GoogLeNet


def modules(net: Network) -> dict[str, list[Step]]:
    """The steps of each Inception module: all that stand under the parent of a `concat`."""
    roots = [step.path.rpartition(".")[0] for step in net.of("concat")]
    return {root: list(net.under(root)) for root in roots}


def googlenet_aux() -> Answer:
    design = network(*GOOGLENET).design
    found = [f"{head.path} (weight {head.weight:g})" for head in design.aux if head.weight]
    return holds(bool(design.aux), ", ".join(found))


def googlenet_modules() -> Answer:
    return holds(len(modules(network(*GOOGLENET))) > 1, f"{len(modules(network(*GOOGLENET)))}")


def googlenet_fc() -> Answer:
    net, alexnet = network(*GOOGLENET), network(*ALEXNET)
    part, before = share(params(net.linears), net.params), share(
        params(alexnet.linears), alexnet.params
    )
    return holds(
        len(net.linears) == 1 and bool(net.of("global_avgpool", "avgpool")),
        f"{len(net.linears)} linear layer against {len(alexnet.linears)}",
    ).because(
        f"The one that classifies stays. Linear layers hold {part} of GoogLeNet's parameters, and "
        f"{before} of AlexNet's: that is where the difference comes from."
    )


def googlenet_12x() -> Answer:
    net, alexnet = network(*GOOGLENET), network(*ALEXNET)
    library = Fraction(network("alexnet").params, network("googlenet").params)
    heads = Fraction(alexnet.params, net.params + net.aux_params)
    wanted = Fraction(alexnet.params, 12)
    return times(alexnet.params, net.params).because(
        f"{alexnet.params:,} against {net.params:,}. For 12x, GoogLeNet would need to have "
        f"{millions(int(wanted))}. torchvision's two networks give {float(library):.2f}x; with the "
        f"side heads, which train but do not run, it is {float(heads):.2f}x. The figure is the paper's "
        "own (Section 1)."
    )


# The Inception module and 1x1 convolutions


def branches(step: Step) -> list[tuple[int, ...]]:
    return [tuple(shape) for shape in step.inputs]


def module_rf() -> Answer:
    module = next(iter(modules(network(*GOOGLENET)).values()))
    sizes = sorted({size(step) for step in module if step.op in ("conv", "maxpool")})
    return holds(len(sizes) > 1, ", ".join(sizes))


def module_size() -> Answer:
    joins = network(*GOOGLENET).of("concat")
    same = all(len({shape[1:] for shape in branches(join)}) == 1 for join in joins)
    return holds(same, f"in all {len(joins)} modules")


def module_naive() -> Answer:
    naive, reduced = network(*NAIVE), network(*REDUCED)
    into = naive.steps[0].inputs[0][0]
    depth, kept = naive.steps[-1].outputs[0][0], reduced.steps[-1].outputs[0][0]
    twice = reduced.macs + sum(step.macs for step in reduced.convs if size(step) == "3x3")
    return holds(reduced.macs < naive.macs, against(reduced.macs, naive.macs)).because(
        f"On 28x28x256, with 128, 192 and 96 filters of 1x1, 3x3 and 5x5. The naive module also "
        f"grows: {into} maps in, {depth} out, for pooling keeps all it is given; the reduced one gives {kept}. "
        "The slides that these come from (cs231n, 2017) print 854 M and 358 M: the first is right, "
        f"the second is what comes out with the 3x3 counted twice, {twice:,}."
    )


def pointwise_size() -> Answer:
    (step,) = small("pointwise").convs
    return text(area(step.outputs[0]))


def pointwise_depth() -> Answer:
    (step,) = small("pointwise").convs
    return text(f"{step.inputs[0][0]} to {step.outputs[0][0]}").because(
        f"{step.params:,} weights, {step.macs:,} multiply-adds."
    )


def reduced() -> Answer:
    before, after = small("direct").params, small("reduced").params
    return count(after).because(f"{before / after:.2f}x fewer, biases left out, as on the slide.")


def nine() -> Answer:
    net = network(*ALEXNET)
    return count(net.depth).because(
        f"{len(net.convs)} convolutions and {len(net.linears)} linear layers; other slides say 8, too."
    )


# ResNet


def resnet_3x3() -> Answer:
    net = network(*RESNET34)
    three = [step for step in net.convs if kernel(step) == (3, 3)]
    others = [size(step) for step in net.convs if kernel(step) != (3, 3)]
    rest = ", ".join(f"{others.count(kind)} of {kind}" for kind in dict.fromkeys(others))
    return holds(2 * len(three) > len(net.convs), f"{len(three)} of {len(net.convs)}").because(
        f"In ResNet-34: the others are {rest}, the first layer and the projections. In ResNet-50 "
        f"and deeper, where blocks are bottlenecks, most are 1x1."
    )


def resnet_double() -> Answer:
    """Every time a 3x3 halves the map, it has twice as many filters as the ones before it."""
    net = network(*RESNET34)
    halving = [step for step in net.convs if kernel(step) == (3, 3) and stride(step) == (2, 2)]
    doubled = all(step.outputs[0][0] == 2 * step.inputs[0][0] for step in halving)
    maps = ", ".join("{}x{}x{}".format(*step.outputs[0]) for step in halving)
    return holds(doubled, f"after 64x56x56: {maps}")


def resnet_pool() -> Answer:
    net = network(*RESNET152)
    return holds(
        len(net.linears) == 1 and bool(net.of("global_avgpool")),
        f"{len(net.linears)} linear layer, {share(params(net.linears), net.params)} of the parameters",
    )


def bottleneck() -> Answer:
    bottle, basic = small("bottleneck_256"), small("basic_256")
    return holds(bottle.params < basic.params, against(bottle.params, basic.params)).because(
        "A bottleneck on 256 maps, which reduces to 64, against two 3x3 convolutions of 256."
    )


def small_reach(variant: str) -> Answer:
    return text(small(variant).reach)


CLAIMS: Claims = {
    "ilsvrc-classes": classes,
    "layers-alexnet": lambda: layers(*ALEXNET),
    "layers-zfnet": lambda: layers(*ZFNET),
    "layers-googlenet": lambda: layers(*GOOGLENET),
    "layers-resnet": lambda: layers(*RESNET152),
    "dropout-alexnet": lambda: has("dropout", *ALEXNET),
    "dropout-zfnet": lambda: has("dropout", *ZFNET),
    "dropout-googlenet": googlenet_dropout,
    "dropout-resnet": lambda: has("dropout", *RESNET152),
    "bn-alexnet": lambda: has("bn", *ALEXNET),
    "bn-zfnet": lambda: has("bn", *ZFNET),
    "bn-googlenet": lambda: has("bn", *GOOGLENET),
    "bn-resnet": lambda: has("bn", *RESNET152),
    "lenet-layout": lenet_layout,
    "lenet-conv": lambda: text(common(network(*LENET).convs, window)),
    "lenet-pool": lambda: text(common(network(*LENET).pools, window)),
    "alexnet-layers": alexnet_layers,
    "alexnet-filter": lambda: text(size(network(*ALEXNET).convs[0])),
    "alexnet-relu": alexnet_activation,
    "relu-values": relu_values,
    "relu-slopes": relu_slopes,
    "alexnet-dropout": alexnet_dropout,
    "alexnet-lrn": alexnet_lrn,
    "alexnet-lrn-formula": lrn_formula,
    "alexnet-overlap": alexnet_overlap,
    "standard-pooling": standard_pooling,
    "pool-max": lambda: pooled("pool_max"),
    "pool-average": lambda: pooled("pool_average"),
    "alexnet-gpus": alexnet_gpus,
    "zfnet-from": lambda: text(window(network(*ALEXNET).convs[0])),
    "zfnet-to": lambda: text(window(network(*ZFNET).convs[0])),
    "zfnet-widths": zfnet_widths,
    "vgg-conv": lambda: text(common(network(*VGG19).convs, vgg_window)),
    "vgg-pool": lambda: text(common(network(*VGG19).pools, window)),
    "vgg-alexnet": lambda: layers(*ALEXNET),
    "vgg-16": lambda: layers(*VGG16),
    "vgg-19": lambda: layers(*VGG19),
    "small-rf-two": lambda: small_reach("two_3x3"),
    "small-rf-three": lambda: small_reach("three_3x3"),
    "small-deeper": activations,
    "small-params-two": lambda: per_channel("two_3x3", "one_5x5"),
    "small-params-three": lambda: per_channel("three_3x3", "one_7x7"),
    "googlenet-layers": lambda: layers(*GOOGLENET),
    "googlenet-aux": googlenet_aux,
    "googlenet-modules": googlenet_modules,
    "googlenet-fc": googlenet_fc,
    "googlenet-12x": googlenet_12x,
    "module-rf": module_rf,
    "module-size": module_size,
    "formula": formula,
    "module-naive": module_naive,
    "pointwise-size": pointwise_size,
    "pointwise-depth": pointwise_depth,
    "reduce-before": lambda: count(small("direct").params),
    "reduce-after": reduced,
    "nine-alexnet": nine,
    "nine-vgg": lambda: layers(*VGG16),
    "nine-googlenet": lambda: layers(*GOOGLENET),
    "resnet-3x3": resnet_3x3,
    "resnet-double": resnet_double,
    "resnet-pool": resnet_pool,
    "resnet-dropout": lambda: has("dropout", *RESNET152),
    "resnet-bottleneck": bottleneck,
    "resnet-152": lambda: layers(*RESNET152),
}

TABLES = {"Inception module": ("Where the formula gives no whole number:", cases)}

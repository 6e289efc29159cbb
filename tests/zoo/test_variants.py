"""What was asked for is there: the table of the issue that the zoo was made for, row by row."""

from __future__ import annotations

import pytest
import zoo

VGGS = ("vgg11", "vgg13", "vgg16", "vgg19")
RESNETS = ("resnet18", "resnet34", "resnet50", "resnet101", "resnet152")
SHUFFLENETS = "shufflenet_g1 shufflenet_g2 shufflenet_g3 shufflenet_g4 shufflenet_g8".split()

# The row of the table, the spec, and its variants.
WANTED = {
    "lenet": {
        "lenet": ("lenet_caffe", "lenet5_paper"),
    },
    "alexnet": {"alexnet": ("alexnet", "alexnet_paper")},
    "zfnet": {"zfnet": ("zfnet",)},
    "nin": {"nin": ("nin_cifar10", "nin_imagenet")},
    "vgg": {"vgg": (*VGGS, *(f"{name}_bn" for name in VGGS))},
    "googlenet": {
        "googlenet": ("googlenet",),
        "googlenet_paper": ("googlenet_paper", "inception_naive", "inception_reduced"),
    },
    "inception_v2": {
        "bn_inception": ("bninception", "bninception_paper"),
        "inception_v2": (
            "inception_v2",
            "inception_v2_factorized_7x7",
            "inception_v2_bn_auxiliary",
        ),
    },
    "inception_v3": {"inception_v3": ("inception_v3",)},
    "inception_v4": {"inception_v4": ("inception_v4",)},
    "inception_resnet": {"inception_resnet": ("inception_resnet_v1", "inception_resnet_v2")},
    "xception": {"xception": ("xception",)},
    "resnet": {
        "resnet": (*RESNETS, *(f"{name}_paper" for name in RESNETS), "plain18", "plain34"),
        "resnet_cifar": ("resnet20", "resnet32", "resnet44", "resnet56", "resnet110"),
        "preresnet": ("preresnet18", "preresnet50", "preresnet110_cifar10"),
    },
    "wide_resnet": {
        "wide_resnet": (
            "wide_resnet50_2",
            "wide_resnet101_2",
            *(
                f"wrn{size}{dropout}_cifar10"
                for size in ("16_8", "28_10", "40_4")
                for dropout in ("", "_dropout")
            ),
        ),
    },
    "resnext": {
        "resnext": ("resnext50_32x4d", "resnext101_32x8d", "resnext101_64x4d"),
        "resnext_forms": ("resnext_form_a", "resnext_form_b", "resnext_form_c"),
    },
    "densenet": {
        "densenet": ("densenet121", "densenet161", "densenet169", "densenet201", "densenet264"),
        "densenet_cifar": ("densenet40_k12", "densenet100_k12_bc"),
    },
    "squeezenet": {
        "squeezenet": (
            "squeezenet1_0",
            "squeezenet1_1",
            "squeezenet1_0_simple",
            "squeezenet1_0_complex",
        ),
    },
    "mobilenet": {
        "mobilenet": tuple(
            f"mobilenet_{width}_{side}"
            for width in ("100", "075", "050", "025")
            for side in (224, 192, 160, 128)
        ),
    },
    "shufflenet": {
        "shufflenet": (
            *SHUFFLENETS,
            # 2 and 4 groups do not divide the bottlenecks of the other widths.
            *(f"shufflenet_g{g}_{x}" for g in (1, 3, 8) for x in ("x0_25", "x0_5", "x1_5", "x2")),
            "shufflenet_g2_x2",
            "shufflenet_g4_x2",
            "shufflenet_arch2",
            "shufflenet_shallow",
        ),
    },
}


@pytest.mark.parametrize("row", WANTED)
def test_the_variants_of_a_row_are_there(row: str) -> None:
    for spec, variants in WANTED[row].items():
        assert set(variants) <= set(zoo.summaries(spec))


def test_no_spec_is_of_no_row() -> None:
    assert {spec for row in WANTED.values() for spec in row} == set(zoo.specs())


@pytest.mark.parametrize(
    ("spec", "variant", "heads"),
    [
        ("googlenet", "googlenet", 2),
        ("googlenet_paper", "googlenet_paper", 2),
        ("inception_v3", "inception_v3", 1),
    ],
)
def test_side_heads(spec: str, variant: str, heads: int) -> None:
    nodes = zoo.summaries(spec)[variant]["nodes"]
    assert len({node["path"].split(".")[0] for node in nodes if node["aux"]}) == heads


@pytest.mark.parametrize(("groups", "width"), [(2, 200), (4, 272)])
@pytest.mark.parametrize("scale", [0.25, 0.5, 1.5])
def test_widths_that_shufflenet_cannot_have(groups: int, width: int, scale: float) -> None:
    assert width * scale % (4 * groups)

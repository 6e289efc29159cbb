"""The generated modules by themselves: their form, their types, and what torch does with them."""

from __future__ import annotations

import ast
import glob
import os
import subprocess
import sys
from typing import Any, NamedTuple

import pytest
import torch
import zoo
from torch import Tensor

import archdsl

NAMES = zoo.specs()


class Case(NamedTuple):
    """A variant for each class of model, and an input small enough for tests."""

    spec: str
    variant: str
    channels: int
    side: int


CASES = [
    pytest.param(case, id=case.variant)
    for case in (
        Case("lenet", "lenet5", 1, 32),
        Case("lenet", "lenet5_paper", 1, 32),
        Case("lenet", "lenet5_modern", 1, 32),
        Case("lenet", "lenet_caffe", 1, 28),
        Case("alexnet", "alexnet", 3, 64),
        Case("alexnet", "alexnet_paper", 3, 224),
        Case("zfnet", "zfnet", 3, 224),
        Case("nin", "nin_cifar10", 3, 32),
        Case("nin", "nin_imagenet", 3, 96),
        Case("vgg", "vgg11_bn", 3, 32),
        Case("googlenet", "googlenet", 3, 64),
        Case("googlenet", "googlenet_noaux", 3, 64),
        Case("googlenet_paper", "googlenet_paper", 3, 64),
        Case("googlenet_paper", "googlenet_paper_separable", 3, 64),
        Case("bn_inception", "bninception_paper", 3, 64),
        Case("resnet", "resnet18", 3, 64),
        Case("resnet", "resnet50", 3, 64),
        Case("resnet", "plain34", 3, 64),
        Case("resnet_cifar", "resnet20", 3, 16),
        Case("preresnet", "preresnet18", 3, 64),
        Case("preresnet", "preresnet20_cifar10", 3, 16),
        Case("preresnet", "resnetv2_18", 3, 64),
        Case("wide_resnet", "wrn28_10_dropout_cifar10", 3, 8),
        Case("resnext", "resnext50_32x4d", 3, 64),
        Case("densenet", "densenet121", 3, 64),
        Case("densenet_cifar", "densenet40_k12", 3, 16),
        Case("inception_v3", "inception_v3", 3, 80),
        Case("inception_v3", "inception_v3_noaux", 3, 80),
        Case("inception_v2", "inception_v2_bn_auxiliary", 3, 80),
        Case("inception_v4", "inception_v4", 3, 80),
        Case("inception_resnet", "inception_resnet_v1_facenet", 3, 80),
        Case("xception", "xception", 3, 64),
        Case("squeezenet", "squeezenet1_0", 3, 64),
        Case("squeezenet", "squeezenet1_0_simple", 3, 64),
        Case("squeezenet", "squeezenet1_0_complex", 3, 64),
        Case("mobilenet", "mobilenet_025_128", 3, 64),
        Case("mobilenet", "mobilenet_full", 3, 64),
        Case("shufflenet", "shufflenet_g1", 3, 64),
        Case("shufflenet", "shufflenet_g3_x0_5", 3, 64),
    )
]


# In training, the side heads of these take no small input.
LARGE = ("googlenet_paper", "inception_v2_bn_auxiliary", "inception_v3")
TRAINED = [case for case in CASES if case.id not in LARGE]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    """All shipped specs, compiled."""
    out = str(tmp_path_factory.mktemp("generated"))
    for name in NAMES:
        archdsl.compile(zoo.spec_path(name), out)
    return out


def run(*command: str) -> None:
    result = subprocess.run(
        [sys.executable, "-m", *command], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr


def test_every_spec_is_compiled(folder: str) -> None:
    written = {name[:-3] for name in os.listdir(folder) if name.endswith(".py")}
    assert set(NAMES) <= written


def networks(folder: str) -> list[str]:
    """The networks; their training scripts have tests of their own."""
    files = sorted(glob.glob(os.path.join(folder, "*.py")))
    return [file for file in files if not file.endswith("_train.py")]


def test_black_would_change_nothing(folder: str) -> None:
    run("black", "--check", "--quiet", "--line-length", "88", *networks(folder))


def test_ruff_finds_nothing(folder: str) -> None:
    run(
        "ruff",
        "check",
        "--isolated",
        "--no-cache",
        "--select",
        "E,F,W,I,UP,B,C4,SIM,RET505",
        *networks(folder),
    )


def test_strict_types_hold(folder: str) -> None:
    run("mypy", "--strict", "--no-incremental", "--config-file=", *networks(folder))


def test_only_torch_is_imported(folder: str) -> None:
    allowed = {"torch"} | set(sys.stdlib_module_names)
    for path in networks(folder):
        with open(path, encoding="utf-8") as file:
            tree = ast.parse(file.read())
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                modules = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                modules = [node.module or "."]
            else:
                continue
            assert {name.split(".")[0] for name in modules} <= allowed, path


def make(case: Case, **arguments: Any) -> Any:
    """The variant with random values."""
    model = zoo.build(getattr(zoo.load(case.spec), case.variant), **arguments)
    return zoo.filled(model, zoo.random_state(model))


def total(result: Any) -> Tensor:
    results = (result,) if isinstance(result, Tensor) else tuple(result)
    return torch.stack([part.float().sum() for part in results]).sum()


@pytest.mark.parametrize("case", CASES)
def test_compiles_as_one_graph(case: Case) -> None:
    model = make(case).eval()
    x = zoo.image(2, case.channels, case.side, case.side)
    torch.compiler.reset()
    compiled = torch.compile(model, fullgraph=True, backend="eager")
    with torch.no_grad():
        assert torch.equal(compiled(x), model(x))


@pytest.mark.parametrize("variant", ["googlenet", "resnet18", "shufflenet_g1"])
def test_compiles_as_one_graph_in_training(variant: str) -> None:
    case = next(case.values[0] for case in CASES if case.id == variant)
    model = make(case).train()  # type: ignore[arg-type]
    x = zoo.image(2, 3, 64, 64)
    torch.compiler.reset()
    total(torch.compile(model, fullgraph=True, backend="aot_eager")(x)).backward()  # type: ignore[no-untyped-call]
    assert all(parameter.grad is not None for parameter in model.parameters())


@pytest.mark.parametrize("case", CASES)
def test_exports(case: Case) -> None:
    model = make(case).eval()
    x = zoo.image(2, case.channels, case.side, case.side)
    program = torch.export.export(model, (x,))
    with torch.no_grad():
        assert torch.equal(program.module()(x), model(x))


@pytest.mark.parametrize("case", TRAINED)
def test_runs_in_channels_last_and_bfloat16(case: Case) -> None:
    model = make(case).train().to(memory_format=torch.channels_last)
    x = zoo.image(2, case.channels, case.side, case.side)
    x = x.to(memory_format=torch.channels_last)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = total(model(x))
    loss.backward()  # type: ignore[no-untyped-call]
    assert torch.isfinite(loss)
    for key, parameter in model.named_parameters():
        assert parameter.grad is not None, key


@pytest.mark.parametrize("case", CASES)
def test_other_classes_and_channels(case: Case) -> None:
    model = make(case, num_classes=10, in_channels=5).eval()
    with torch.no_grad():
        result = model(zoo.image(2, 5, case.side, case.side))
    assert result.shape == (2, 10)


# Their first linear layer takes all of the last map; BN-Inception halves maps in two ways, which
# differ where the size is odd.
FIXED = (
    "lenet5",
    "lenet5_paper",
    "lenet5_modern",
    "lenet_caffe",
    "alexnet_paper",
    "zfnet",
    "bninception_paper",
)


@pytest.mark.parametrize("case", [case for case in CASES if case.id not in FIXED])
def test_other_sizes(case: Case) -> None:
    model = make(case).eval()
    with torch.no_grad():
        usual = model(zoo.image(1, case.channels, case.side, case.side))
        result = model(zoo.image(1, case.channels, case.side + 32, case.side + 13))
    assert result.shape == usual.shape


def test_initialisation_is_the_one_asked_for() -> None:
    """Not torch's own: the spread of the weights tells them apart."""
    torch.manual_seed(0)
    resnet = zoo.load("resnet").resnet18()
    conv = resnet.layer4[1].conv2.weight
    assert conv.std().item() == pytest.approx((2 / (512 * 9)) ** 0.5, rel=0.01)
    densenet = zoo.load("densenet").densenet121()
    conv = densenet.features.denseblock4.denselayer16.conv1.weight
    assert conv.std().item() == pytest.approx((2 / conv[0].numel()) ** 0.5, rel=0.01)
    assert not densenet.classifier.bias.any()
    googlenet = zoo.load("googlenet").googlenet()
    assert googlenet.aux1.fc1.weight.std().item() == pytest.approx(0.01, rel=0.01)
    inception = zoo.load("inception_v3").inception_v3()
    assert inception.fc.weight.std().item() == pytest.approx(0.1, rel=0.01)
    side = inception.AuxLogits
    assert side.conv1.conv.weight.std().item() == pytest.approx(0.01, rel=0.01)
    assert side.fc.weight.std().item() == pytest.approx(0.001, rel=0.01)
    side = zoo.load("googlenet_paper").googlenet_paper().aux1
    assert torch.equal(side.conv.conv.bias, torch.full((128,), 0.2))
    assert side.fc1.weight.max().item() == pytest.approx((3 / 2048) ** 0.5, rel=0.01)
    assert not side.fc1.bias.any()


def test_initialisation_of_some_layers_differs() -> None:
    """Where the authors say so: AlexNet's biases, SqueezeNet's last convolution."""
    torch.manual_seed(0)
    alexnet = zoo.load("alexnet").alexnet_paper()
    for name in ("conv2", "conv4", "conv5", "fc6", "fc7"):
        assert (getattr(alexnet, name).bias == 1).all()
    for name in ("conv1", "conv3", "fc8"):
        assert not getattr(alexnet, name).bias.any()
    assert alexnet.fc6.weight.std().item() == pytest.approx(0.01, rel=0.01)
    squeezenet = zoo.load("squeezenet").squeezenet1_0()
    first, last = squeezenet.features[0].weight, squeezenet.classifier[1].weight
    assert first.std().item() == pytest.approx((2 / first[0].numel()) ** 0.5, rel=0.02)
    assert last.std().item() == pytest.approx(0.01, rel=0.01)

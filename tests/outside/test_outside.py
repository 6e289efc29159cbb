"""Networks that the compiler was not made for: each compiles, and is what it claims to be.

Where a public implementation is at hand, its weights go into ours, and both compute the same.
"""

from __future__ import annotations

import functools
import glob
import os
import re
import subprocess
import sys
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
import torch
import torchvision_models
from random_weights import random_state
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

import archdsl

# The tests run beside each other already: more threads each would wait for one another.
torch.set_num_threads(1)

HERE = os.path.dirname(os.path.abspath(__file__))
SPECS = os.path.join(HERE, "specs")
NAMES = sorted(os.path.splitext(name)[0] for name in os.listdir(SPECS) if name.endswith(".arch"))


def spec_path(name: str) -> str:
    return os.path.join(SPECS, f"{name}.arch")


@functools.cache
def load(name: str) -> Any:
    return archdsl.load(spec_path(name))


@functools.cache
def summaries(name: str) -> tuple[dict[str, Any], ...]:
    return tuple(archdsl.summary(spec_path(name)))


def build(factory: Callable[..., Any], **arguments: Any) -> Any:
    with torch.device("meta"):
        return factory(**arguments)


def inputs(summary: dict[str, Any], batch: int, device: str = "cpu") -> tuple[Tensor, ...]:
    """Images for every input of a model: a shape, or one for each name."""
    declared = summary["input"]
    shapes = declared.values() if isinstance(declared, dict) else (declared,)
    return tuple(torch.randn(batch, *shape, device=device) for shape in shapes)


def shapes_of(result: Any) -> list[list[int]]:
    results = (result,) if isinstance(result, Tensor) else tuple(result)
    return [list(part.shape[1:]) for part in results]


def declared_outputs(summary: dict[str, Any]) -> list[list[int]]:
    declared = summary["output"]
    shapes = declared.values() if isinstance(declared, dict) else (declared,)
    return [list(shape) for shape in shapes]


@pytest.mark.parametrize("name", NAMES)
def test_counts_and_shapes_are_torchs(name: str) -> None:
    module = load(name)
    for summary in summaries(name):
        model = build(getattr(module, summary["variant"])).eval()
        assert sum(parameter.numel() for parameter in model.parameters()) == summary["params"]
        with FlopCounterMode(display=False) as counter, torch.no_grad():
            result = model(*inputs(summary, 1, "meta"))
        assert counter.get_total_flops() == 2 * summary["macs"]
        assert shapes_of(result) == declared_outputs(summary)


@pytest.mark.parametrize("name", NAMES)
def test_every_leaf_has_its_shape(name: str) -> None:
    """The shape of every node that is a module is what the module gives."""
    for summary in summaries(name):
        model = build(getattr(load(name), summary["variant"])).eval()
        seen: dict[str, list[list[int]]] = {}

        def keep(path: str, module: nn.Module, arguments: Any, output: Any) -> None:
            seen.setdefault(path, []).append(list(output.shape[1:]))  # noqa: B023

        for path, child in model.named_modules():
            if not list(child.children()):
                child.register_forward_hook(functools.partial(keep, path))
        with torch.no_grad():
            model(*inputs(summary, 2, "meta"))
        checked: dict[str, list[list[int]]] = {}
        for node in summary["nodes"]:
            if node["path"] in seen:
                checked.setdefault(node["path"], []).append(list(node["output"]))
        assert checked == seen


def smaller(side: int) -> int:
    """About half, such that it can be halved five times."""
    return max(32, side // 64 * 32)


@pytest.mark.parametrize("name", NAMES)
def test_trains(name: str) -> None:
    """The smallest variant runs forwards and backwards, and every parameter has a part in it."""
    summary = min(summaries(name), key=lambda entry: entry["macs"])
    torch.manual_seed(0)
    model = getattr(load(name), summary["variant"])().train()
    shrunk = [
        image[..., : smaller(image.shape[-2]), : smaller(image.shape[-1])]
        for image in inputs(summary, 2)
    ]
    result = model(*shrunk)
    results = (result,) if isinstance(result, Tensor) else tuple(result)
    torch.stack([part.square().mean() for part in results]).sum().backward()  # type: ignore[no-untyped-call]
    missing = [key for key, value in model.named_parameters() if value.grad is None]
    assert not missing


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    out = str(tmp_path_factory.mktemp("outside"))
    for name in NAMES:
        archdsl.compile(spec_path(name), out)
    return out


@pytest.mark.parametrize(
    "command",
    [
        ("black", "--check", "--quiet", "--line-length", "88"),
        (
            "ruff",
            "check",
            "--isolated",
            "--no-cache",
            "--select",
            "E,F,W,I,UP,B,C4,SIM",
            "--ignore",
            "SIM108",
        ),
        ("mypy", "--strict", "--no-incremental", "--config-file="),
    ],
    ids=["black", "ruff", "mypy"],
)
def test_reads_as_written_by_hand(folder: str, command: tuple[str, ...]) -> None:
    files = sorted(glob.glob(os.path.join(folder, "*.py")))
    result = subprocess.run(
        [sys.executable, "-m", *command, *files], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr


LARGE = ("hrnet", "nasnet")


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[pytest.mark.slow] if name in LARGE else []) for name in NAMES],
)
def test_compiles_as_one_graph(name: str) -> None:
    summary = min(summaries(name), key=lambda entry: entry["macs"])
    torch.manual_seed(0)
    model = getattr(load(name), summary["variant"])().eval()
    images = inputs(summary, 1)
    torch.compiler.reset()
    compiled = torch.compile(model, fullgraph=True, backend="eager")
    with torch.no_grad():
        expected, found = model(*images), compiled(*images)
    for one, other in zip(_all(expected), _all(found), strict=True):
        assert torch.equal(one, other)


def _all(result: Any) -> tuple[Tensor, ...]:
    return (result,) if isinstance(result, Tensor) else tuple(result)


# Public implementations


class Public(NamedTuple):
    """A public network, and how its keys and values become ours. `in_order`: the keys are others,
    in our order. `reshape`: values keep their order, and get our shapes. `buffers`: the network has
    some that no `state_dict` holds."""

    spec: str
    variant: str
    package: str
    name: str
    rename: tuple[tuple[str, str], ...] = ()
    in_order: bool = False
    reshape: bool = False
    exact: bool = True
    buffers: bool = False


PUBLIC = (
    Public("mobilenet_v2", "mobilenet_v2", "torchvision", "mobilenet_v2"),
    Public("mobilenet_v3", "mobilenet_v3_large", "torchvision", "mobilenet_v3_large"),
    Public("mobilenet_v3", "mobilenet_v3_small", "torchvision", "mobilenet_v3_small"),
    Public("efficientnet", "efficientnet_b0", "torchvision", "efficientnet_b0"),
    Public("efficientnet", "efficientnet_b1", "torchvision", "efficientnet_b1"),
    Public("shufflenet_v2", "shufflenet_v2_x0_5", "torchvision", "shufflenet_v2_x0_5"),
    Public("shufflenet_v2", "shufflenet_v2_x1_0", "torchvision", "shufflenet_v2_x1_0"),
    Public("regnet", "regnet_y_400mf", "torchvision", "regnet_y_400mf", ((r"block\d-", "unit"),)),
    Public("regnet", "regnet_x_400mf", "torchvision", "regnet_x_400mf", ((r"block\d-", "unit"),)),
    Public("dpn", "dpn68", "timm", "dpn68"),
    Public("senet", "seresnet50", "timm", "seresnet50"),
    Public("ghostnet", "ghostnet_100", "timm", "ghostnet_100"),
    Public("resnest", "resnest14d", "timm", "resnest14d"),
    Public("cspdarknet", "cspdarknet53", "timm", "cspdarknet53"),
    Public("vovnet", "ese_vovnet19b_dw", "timm", "ese_vovnet19b_dw"),
    Public("resnet_blur", "resnetblur18", "timm", "resnetblur18", buffers=True),
    Public("repvgg", "repvgg_a0", "timm", "repvgg_a0", ((r"head\.fc", "fc"),)),
    Public("res2net", "res2net50_26w_4s", "timm", "res2net50_26w_4s"),
    Public("convmixer", "convmixer_768_32", "timm", "convmixer_768_32", in_order=True),
    Public("eca_resnet", "ecaresnet50d", "timm", "ecaresnet50d", in_order=True),
    Public("hardnet", "hardnet39ds", "pytorchcv", "hardnet39ds", in_order=True),
    Public("igcv3", "igcv3_wd2", "pytorchcv", "igcv3_wd2", in_order=True),
    Public("peleenet", "peleenet", "pytorchcv", "peleenet", in_order=True),
    Public("pyramidnet", "pyramidnet101_a360", "pytorchcv", "pyramidnet101_a360", in_order=True),
    Public("sknet", "sknet50", "pytorchcv", "sknet50", in_order=True),
    Public("squeezenext", "sqnxt23_w1", "pytorchcv", "sqnxt23_w1", in_order=True),
    # torch multiplies and adds in one step there.
    Public("convnext_v2", "convnextv2_atto", "timm", "convnextv2_atto", reshape=True, exact=False),
)


def public_model(public: Public) -> nn.Module:
    models = torchvision_models.models()
    if public.package == "timm":
        timm = pytest.importorskip("timm")
        arguments = {"model_name": public.name, "pretrained": False}
        if public.buffers:
            return timm.create_model(**arguments)  # type: ignore[no-any-return]
        return build(timm.create_model, **arguments)
    if public.package == "pytorchcv":
        provider = pytest.importorskip("pytorchcv.model_provider")
        model = build(provider.get_model, name=public.name)
        # Theirs takes one size of map, and sums in another order.
        model.get_submodule("features").add_module("final_pool", nn.AdaptiveAvgPool2d(1))
        return model  # type: ignore[no-any-return]
    # Some compute their widths with tensors, which the meta device has no values for.
    factory = getattr(models, public.name)
    return factory(weights=None) if public.spec == "regnet" else build(factory, weights=None)


@pytest.mark.parametrize("public", PUBLIC, ids=lambda public: public.variant)
def test_same_as_a_public_implementation(public: Public) -> None:
    theirs = public_model(public)
    factory = getattr(load(public.spec), public.variant)
    ours = factory() if public.buffers else build(factory)
    state = random_state(theirs)
    theirs.load_state_dict(state, assign=True)
    renamed = {}
    own = iter(ours.state_dict())
    reshape = public.reshape or public.in_order
    for key, value in state.items():
        if public.in_order:
            key = next(own)
        for pattern, replacement in public.rename:
            key = re.sub(pattern, replacement, key)
        renamed[key] = value.reshape(ours.state_dict()[key].shape) if reshape else value
    ours.load_state_dict(renamed, assign=True)
    x = torch.randn(2, 3, 96, 96, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        expected, found = theirs.eval()(x), ours.eval()(x)
    assert torch.isfinite(expected).all()
    if public.exact:
        assert torch.equal(found, expected)
    else:
        torch.testing.assert_close(found, expected)

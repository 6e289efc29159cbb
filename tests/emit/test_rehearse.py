"""Modules that aren't what was checked are found before they are written."""

from __future__ import annotations

import ast
import re
from typing import Any

import pytest
import torch
from torch import nn

from archdsl import driver
from archdsl.diagnostics import Bag
from archdsl.emit import guard, rehearse, standins

SPEC = """\
block Cell(width) {
    residual { conv(width, 3x3) -> bn -> relu -> conv(width, 3x3) -> bn } skip identity
    relu
}

model Net(deep = true): [3, 16, 16] -> [10] {
    stem: { conv(8, 3x3, stride=2) -> bn -> relu }
    concat { maxpool(2); conv(8, 3x3, stride=2) }
    cells: Cell(16) * 2
    if deep { aux side: { global_avgpool -> flatten -> linear(10) } }
    global_avgpool -> flatten
    fc: linear(10)
}

variant net = Net()
variant shallow = Net(deep=false)
"""


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Any]:
    spec = tmp_path_factory.mktemp("rehearsal") / "net.arch"
    spec.write_text(SPEC)
    bag = Bag()
    checked = driver.check(str(spec), bag)
    emitted = driver.emit(str(spec), bag)
    assert checked is not None and emitted is not None, bag.items
    return emitted[1], checked.designs


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("self.fc = nn.Linear(16, 10)", "self.fc = nn.Linear(16, 11)", "fc.weight of `net`"),
        ("self.fc = nn.Linear(16, 10)", "self.fc = nn.Linear(17, 10)", "fc.weight of `net`"),
        ("self.fc = nn.Linear(16, 10)", "self.fc = nn.Linear(16, 10, bias=False)", "fc.bias"),
        ("self.fc = nn.Linear", "self.head = self.fc = nn.Linear", "`net` has head.weight"),
        ("self.fc = nn.Linear", "self.fc = nn.Lineal", "`net` lacks fc.weight"),
        ("x = self.fc(x)", "x = self.fc(self.fc(x))", "fc gets (10,)"),
        ("x = self.fc(x)", "", "never comes to fc"),
        ("dim=1)", "dim=2)", "cells.0.conv1 gets (8, 8, 4)"),
        ("torch.flatten(self.avgpool(x), 1)", "self.avgpool(x)", "fc gets (16, 1, 1)"),
        ("self.maxpool(x), self", "x, self", "`forward` of `net` fails"),
        ("if self.training", "if not self.training", "never comes to side"),
        ("self.relu(x + out)", "x + out", "never comes to cells.0.relu"),
    ],
)
def test_a_module_that_differs_is_refused(
    written: tuple[str, Any], old: str, new: str, said: str
) -> None:
    text, designs = written
    changed = text.replace(old, new)
    assert changed != text
    with pytest.raises(rehearse.Mismatch, match=re.escape(said)):
        rehearse.check(ast.parse(changed), designs, set())


LAYERS = [
    ("Conv2d", (4, 8, 3), {}),
    ("Conv2d", (4, 8, (1, 3)), {"groups": 2, "bias": False}),
    ("ConvTranspose2d", (4, 8, 3), {"groups": 2}),
    ("ConvTranspose2d", (4, 8, (2, 4)), {"bias": False, "output_padding": 0}),
    ("Linear", (4, 8), {}),
    ("Linear", (4, 8), {"bias": False}),
    ("BatchNorm2d", (4,), {}),
    ("BatchNorm1d", (4,), {"affine": False}),
    ("BatchNorm2d", (4,), {"track_running_stats": False}),
    ("InstanceNorm2d", (4,), {}),
    ("InstanceNorm2d", (4,), {"affine": True, "track_running_stats": True}),
    ("LayerNorm", (4,), {}),
    ("LayerNorm", ((4, 2),), {"bias": False}),
    ("LayerNorm", (4,), {"elementwise_affine": False}),
    ("GroupNorm", (2, 4), {}),
    ("GroupNorm", (2, 4), {"affine": False}),
    ("PReLU", (), {}),
    ("PReLU", (4,), {}),
    ("ReLU", (), {"inplace": True}),
]


@pytest.mark.parametrize(("name", "arguments", "named"), LAYERS)
def test_stand_ins_hold_what_torch_holds(
    name: str, arguments: tuple[Any, ...], named: dict[str, Any]
) -> None:
    ours = getattr(stand_in("torch").nn, name)(*arguments, **named)
    theirs = getattr(nn, name)(*arguments, **named).state_dict()
    held = {key: value.sizes for key, value in ours.held.items() if value is not None}
    assert held == {key: tuple(value.shape) for key, value in theirs.items()}


TENSORS = [
    "torch.cat((x, x, x[:, 1:3]), dim=1)",
    "x[:, [3, 1]]",
    "x[:, 1::2]",
    "x[..., 0]",
    "x + x.mean((2, 3), keepdim=True)",
    "x.mean((2, 3)) * 2",
    "1 - torch.sigmoid(x)",
    "torch.flatten(x, 1)",
    "x.flatten(2).permute(0, 2, 1)",
    "x.view(2, -1, 5)",
    "torch.chunk(x, 3, dim=1)[1]",
    "x.split([1, 3], 1)[1]",
    "x.amax(1, keepdim=True)",
    "torch.softmax(x, 1) / x",
    "F.relu(x)",
    "F.interpolate(x, scale_factor=2.0)",
    "torch.matmul(x, x.permute(0, 1, 3, 2))",
]


@pytest.mark.parametrize("expression", TENSORS)
def test_stand_ins_have_torchs_shapes_where_they_follow(expression: str) -> None:
    library = stand_in("torch")
    names = {"torch": library, "F": library.nn.functional, "x": standins.Tensor(2, 4, 6, 5)}
    found = eval(expression, names).sizes
    x = torch.zeros(2, 4, 6, 5)
    real = eval(expression, {"torch": torch, "F": nn.functional, "x": x})
    assert found in (None, tuple(real.shape))


def test_most_shapes_are_followed() -> None:
    library = stand_in("torch")
    names = {"torch": library, "F": library.nn.functional, "x": standins.Tensor(2, 4, 6, 5)}
    unknown = [each for each in TENSORS if eval(each, names).sizes is None]
    assert unknown == [
        "x[..., 0]",
        "F.interpolate(x, scale_factor=2.0)",
        "torch.matmul(x, x.permute(0, 1, 3, 2))",
    ]


def test_nothing_of_pythons_is_within_reach() -> None:
    names = standins.names()
    assert set(names) == guard.BUILTINS | {"__build_class__", "__import__"}
    with pytest.raises(AttributeError):
        names["__import__"]("os").path.join("a", "b").real.upper  # noqa: B018


def stand_in(name: str) -> Any:
    return standins.names()["__import__"](name)

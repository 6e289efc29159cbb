"""Modules that aren't what was checked are found before they are written."""

from __future__ import annotations

import ast
import copy
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from emit_text import CONSTRUCTS, Emitted, emitted, images, module_of, results_of
from random_weights import random_state
from torch import nn

from archdsl import driver
from archdsl.diagnostics import Bag
from archdsl.emit import guard, rehearse, standins, traced

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
        ("self.fc = nn.Linear(16, 10)", "self.fc = nn.Linear(16, 11)", "fc.weight is"),
        ("self.fc = nn.Linear(16, 10)", "self.fc = nn.Linear(17, 10)", "fc.weight is"),
        (
            "self.fc = nn.Linear(16, 10)",
            "self.fc = nn.Linear(16, 10, bias=False)",
            "fc.bias is missing",
        ),
        ("self.fc = nn.Linear", "self.head = self.fc = nn.Linear", "head.weight was never"),
        ("self.fc = nn.Linear", "self.fc = nn.Lineal", "fc.weight is missing"),
        ("x = self.fc(x)", "x = self.fc(self.fc(x))", "fc gets (10,)"),
        ("x = self.fc(x)", "", "never comes to fc"),
        ("dim=1)", "dim=2)", "cells.0.conv1 gets (8, 8, 4)"),
        ("torch.flatten(self.avgpool(x), 1)", "self.avgpool(x)", "fc gets (16, 1, 1)"),
        ("self.maxpool(x), self", "x, self", "`forward` fails"),
        ("if self.training", "if not self.training", "never comes to side"),
        ("self.relu(x + out)", "x + out", "cells.1.conv1 gets (16, 4, 4) of cells.0.add, and"),
        ("side = self.side(x) if", "side = x if", "never comes to side.0"),
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


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "(self.maxpool(x), self.conv(x))",
            "(self.conv(x), self.maxpool(x))",
            "cells.0.conv1 gets",
        ),
        (
            "self.relu(x + out)",
            "self.relu(out)",
            "cells.0.relu gets (16, 4, 4) of cells.0.bn2, and",
        ),
        ("self.relu(x + out)", "self.relu(x - out)", "cells.0.relu gets (16, 4, 4), and"),
        ("stride=2", "stride=1", "stem.0 gets stride 1, and 2 was checked"),
        ("nn.MaxPool2d", "nn.AvgPool2d", "maxpool is a AvgPool2d, and a MaxPool2d was checked"),
    ],
)
def test_values_are_followed(written: tuple[str, Any], old: str, new: str, said: str) -> None:
    """Shapes alone would let these pass."""
    text, designs = written
    changed = text.replace(old, new)
    assert changed != text
    with pytest.raises(rehearse.Mismatch, match=re.escape(said)):
        rehearse.check(ast.parse(changed), designs, set())


@pytest.mark.parametrize("name", ["in_place", "in_place_views"])
def test_what_is_needed_stays(name: str) -> None:
    """The emitter has reasons where it leaves an activation out of place."""
    text, designs = emitted(os.path.join(CONSTRUCTS, f"{name}.arch"))
    places = [found.end() - 1 for found in re.finditer(r"nn\.ReLU\(\)", text)]
    assert places
    for place in places:
        changed = f"{text[:place]}inplace=True{text[place:]}"
        with pytest.raises(rehearse.Mismatch, match="Overwritten"):
            rehearse.check(ast.parse(changed), designs, set())


class Mutation(ast.NodeTransformer):
    """Changes the `chosen`-th place of a module where its meaning hangs on one word; `count` are
    all places."""

    def __init__(self, chosen: int) -> None:
        self.chosen = chosen
        self.count = 0
        self.method = ""
        self.locals: list[str] = []

    def here(self) -> bool:
        self.count += 1
        return self.count - 1 == self.chosen

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        self.method = node.name
        names = [each for each in ast.walk(node) if isinstance(each, ast.Name)]
        stored = {each.id for each in names if isinstance(each.ctx, ast.Store)}
        self.locals = sorted(stored | {each.arg for each in node.args.args} - {"self"})
        if self.method in ("__init__", "forward"):
            node.body = [self.visit(statement) for statement in node.body]
        return node

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        if isinstance(node.value, bool):
            return ast.Constant(not node.value) if self.here() else node
        if isinstance(node.value, (int, float)):
            return ast.Constant(node.value + 1) if self.here() else node
        return node

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.op, (ast.Sub, ast.Div)) and self.method == "forward" and self.here():
            node.left, node.right = node.right, node.left
        return node

    def visit_Tuple(self, node: ast.Tuple) -> ast.AST:
        """The first two of what is concatenated, taken apart or returned change places."""
        self.generic_visit(node)
        if self.method == "forward" and self.here():
            node.elts[:2] = reversed(node.elts[:2])
        return node

    def visit_Name(self, node: ast.Name) -> ast.AST:
        """Another of the function's values."""
        if self.method != "forward" or not isinstance(node.ctx, ast.Load):
            return node
        for other in self.locals:
            if other != node.id and node.id in self.locals and self.here():
                return ast.Name(other, ast.Load())
        return node


def mutants(text: str) -> Iterator[ast.Module]:
    tree = ast.parse(text)
    count = Mutation(-1)
    count.visit(copy.deepcopy(tree))
    for chosen in range(count.count):
        yield ast.fix_missing_locations(Mutation(chosen).visit(copy.deepcopy(tree)))


def outcome(text: str, design: Any) -> tuple[torch.Tensor, ...]:
    model = getattr(module_of(text), design.name)().eval()
    model.load_state_dict(random_state(model))
    torch.manual_seed(0)
    with torch.no_grad():
        return results_of(model(*images(design, 2)))


def same(text: str, other: str, designs: tuple[Any, ...]) -> bool:
    """Whether two modules compute the same in evaluation."""
    pairs = [(outcome(text, design), outcome(other, design)) for design in designs]
    return all(
        len(ours) == len(theirs) and all(map(torch.equal, ours, theirs)) for ours, theirs in pairs
    )


@pytest.mark.parametrize(
    "name", ["arithmetic", "merges", "ports", "side_heads", "sharing", "value_families"]
)
def test_a_changed_word_is_found_or_changes_nothing(name: str) -> None:
    """Whatever passes the rehearsal computes what the module computed before it was changed."""
    before: Emitted = emitted(os.path.join(CONSTRUCTS, f"{name}.arch"))
    changed = list(mutants(before.text))
    passed = []
    for tree in changed:
        try:
            rehearse.check(tree, before.designs, set())
        except rehearse.Mismatch:
            continue
        passed.append(ast.unparse(tree))
    for text in passed:
        assert same(before.text, text, before.designs), text
    assert len(passed) < len(changed) / 10


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
    holds = standins.role_of(ours).held
    held = {key: value.sizes for key, value in holds.items() if value is not None}
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
    names = {"torch": library, "F": library.nn.functional, "x": traced.Tensor(2, 4, 6, 5)}
    found = eval(expression, names).sizes
    x = torch.zeros(2, 4, 6, 5)
    real = eval(expression, {"torch": torch, "F": nn.functional, "x": x})
    assert found in (None, tuple(real.shape))


def test_most_shapes_are_followed() -> None:
    library = stand_in("torch")
    names = {"torch": library, "F": library.nn.functional, "x": traced.Tensor(2, 4, 6, 5)}
    unknown = [each for each in TENSORS if eval(each, names).sizes is None]
    assert unknown == [
        "x[..., 0]",
        "F.interpolate(x, scale_factor=2.0)",
        "torch.matmul(x, x.permute(0, 1, 3, 2))",
    ]


@pytest.mark.parametrize("target", ["torch.nn:unit", "torch.nn.utils:Unit", "library.parts:unit"])
def test_an_extern_is_a_layer_whatever_it_is_called(target: str, tmp_path: Path) -> None:
    spec = tmp_path / "net.arch"
    spec.write_text(
        f'extern Unit(p) = "{target}" shape same\n'
        "model Net: [3, 8, 8] -> [4, 8, 8] { conv(4, 3x3) -> Unit(2) }\nvariant net = Net()\n"
    )
    assert driver.emit(str(spec), Bag()) is not None


def test_nothing_of_pythons_is_within_reach() -> None:
    names = standins.names()
    assert set(names) == guard.BUILTINS | {"__build_class__", "__import__"}
    with pytest.raises(AttributeError):
        names["__import__"]("os").path.join("a", "b").real.upper  # noqa: B018


def stand_in(name: str) -> Any:
    return standins.names()["__import__"](name)

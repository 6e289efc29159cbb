"""What is brought into black's form piece by piece is what black makes of the whole."""

from __future__ import annotations

from pathlib import Path

import black
import pytest
from black.mode import Mode, TargetVersion

from archdsl import driver
from archdsl.diagnostics import Bag
from archdsl.emit import formatting

ROOT = Path(__file__).resolve().parent.parent.parent
SPECS = [
    path
    for folder in ("specs", "tests/outside/specs", "tests/emit/specs", "tests/train/specs")
    for path in sorted((ROOT / folder).glob("*.arch"))
]


def blackened(text: str, width: int) -> str:
    mode = Mode(target_versions={TargetVersion.PY310}, line_length=width)
    return black.format_str(text, mode=mode)


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: f"{spec.parent.parent.name}-{spec.stem}")
def test_modules_and_scripts_are_in_blacks_form(spec: Path) -> None:
    bag = Bag()
    emitted = driver.emit_both(str(spec), bag)
    assert emitted is not None, bag.items
    _, module, script = emitted
    assert blackened(module, 88) == module
    assert blackened(script, 100) == script


POWERS = """\
model M(w, n, d = 0.5): [3, 8, 8] -> [_, 8, 8] {
    conv(w * 2 ** (n - 2) + w, 1x1) -> conv(w ** 2, 1x1) -> conv(2 ** n, 1x1)
    conv(int(w ** d), 1x1) -> conv(int(w ** (-d)) + 4, 1x1) -> conv(max(w, n) ** 2, 1x1)
}
variant m = M(4, 3)
"""


def test_powers_are_in_blacks_form(tmp_path: Path) -> None:
    spec = tmp_path / "net.arch"
    spec.write_text(POWERS)
    emitted = driver.emit(str(spec), Bag())
    assert emitted is not None
    assert emitted[1].count("**") > 6
    assert blackened(emitted[1], 88) == emitted[1]


STATEMENTS = [
    "x = torch.cat((self.branch1(x), self.branch2(x), self.branch3(x), self.branch4(x)), dim=1)",
    "def forward(self, x: Tensor, y: Tensor, z: Tensor, another: Tensor) -> tuple[Tensor, Tensor]:",
    "if stride != 1 or in_channels != out_channels or groups != 1 or dilation not in (1, 2, 3, 4):",
    "for i, (width, stride) in enumerate(zip(widths_of_all_stages, strides_of_all_stages_too)):",
    "return self.layer4(self.layer3(self.layer2(self.layer1(self.maxpool(self.relu(self.conv(x)))))))",
    "self.a = nn.Sequential(*[Block(in_channels + i * growth, growth) for i in range(number_of_them)])",
]


@pytest.mark.parametrize("statement", STATEMENTS)
@pytest.mark.parametrize("depth", [0, 1, 2])
def test_long_statements_break_as_in_their_place(statement: str, depth: int) -> None:
    heads = ["class Net(nn.Module):", "    def method(self):"][:depth]
    inner = "    " * depth
    body = [f"{inner}{statement}"] + [f"{inner}    pass"] * statement.endswith(":")
    text = "\n".join([*heads, *body]) + "\n"
    assert formatting.formatted(text) == blackened(text, 88)


def test_an_elif_breaks_as_in_its_place() -> None:
    text = (
        "def f(x):\n    if x:\n        return 1\n"
        f"    elif {' or '.join(['x.channels == 128'] * 6)}:\n        return 2\n"
    )
    assert formatting.formatted(text) == blackened(text, 88)

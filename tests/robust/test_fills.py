"""What weights begin as is held against what torch takes, before it is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from archdsl import driver
from archdsl.diagnostics import Bag


def codes(tmp_path: Path, body: str, init: str = "") -> list[tuple[str, str]]:
    path = tmp_path / "net.arch"
    path.write_text(
        f"block B {{\n{body}\nconv(4, 3x3)\n}}\n"
        f"model M(rate = 0.5): [3, 8, 8] -> [4, 8, 8] {{ B\n{init} }}\nvariant m = M()\n"
    )
    bag = Bag()
    driver.check(str(path), bag)
    return [(i.code, i.label.span.text) for i in bag.items if i.severity == "error"]


@pytest.mark.parametrize(
    ("rule", "code", "place"),
    [
        ('conv: normal(std="x")', "E380", 'std="x"'),
        ("conv: normal(std=3x3)", "E380", "std=3x3"),
        ("conv: normal(std=-1)", "E381", "std=-1"),
        ('conv: kaiming_normal(mode="fan")', "E382", 'mode="fan"'),
        ('conv: kaiming_uniform(nonlinearity="gelu")', "E382", 'nonlinearity="gelu"'),
        ("conv: dirac(groups=0)", "E381", "groups=0"),
        ("conv: constant(none)", "E380", "none"),
        ("conv: zeros, bias=[1]", "E380", "[1]"),
        ("conv: xavier_normal(gain=sqrt(3x3))", "E402", "sqrt(3x3)"),
    ],
)
def test_rules_of_init(tmp_path: Path, rule: str, code: str, place: str) -> None:
    assert codes(tmp_path, "", f"init {{ {rule} }}") == [(code, place)]


@pytest.mark.parametrize(
    "rule",
    ["conv: normal(std=rate / 2), bias=rate", 'conv: kaiming_normal(mode="fan_out")', "conv: 1"],
)
def test_right_rules_of_init(tmp_path: Path, rule: str) -> None:
    assert codes(tmp_path, "", f"init {{ {rule} }}") == []


@pytest.mark.parametrize(
    ("fill", "codes_"),
    [
        ("normal(std=0.1)", []),
        ("zeros", []),
        ("0.5", []),
        ("[[1, 2], [3, 4]]", []),
        ("[1, 2, 3, 4]", []),
        ("[i / 2 for i in range(4)]", []),
        ('"abc"', ["E402"]),
        ("[1, 2, 3]", ["E402"]),
        ("[[1, 2, 3], [4]]", ["E402"]),
        ("[[1, 2], 3, 4]", ["E402"]),
        ('[1, 2, 3, "x"]', ["E402"]),
        ("true", ["E402"]),
        ("relu", ["E402"]),
        ("normal(std=true)", ["E380"]),
    ],
)
def test_tensors(tmp_path: Path, fill: str, codes_: list[str]) -> None:
    found = codes(tmp_path, f"const c [2, 2] = {fill}")
    assert [code for code, _ in found] == codes_


@pytest.mark.parametrize("index", ["relu", "3x3", "0.5", "none", '"a.b"', "[1]"])
def test_members_are_numbered_or_named(tmp_path: Path, index: str) -> None:
    assert codes(tmp_path, f"c[{index}]: conv(4, 1x1)") == [("E402", index)]

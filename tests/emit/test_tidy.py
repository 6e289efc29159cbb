"""The last look at a body: what it changes, and what it leaves."""

from __future__ import annotations

import pytest

from archdsl.emit.code import Block, Code, render
from archdsl.emit.tidy import taken_apart, tidied


def block(header: str, *body: str | Block) -> Block:
    return Block(header=header, body=list(body))


CHANGED: list[tuple[Code, str]] = [
    (
        [block("if self.a is not None:", "x = self.a(y)"), block("else:", "x = y")],
        "x = self.a(y) if self.a is not None else y",
    ),
    (
        ["xs: list[Tensor] = []", block("for a in self.a:", "xs.append(a(x))")],
        "xs = [a(x) for a in self.a]",
    ),
    (
        [
            "xs: list[Tensor] = []",
            "y = self.b(x)",
            block("for a in self.a:", "xs.append(a(y))"),
            "return xs",
        ],
        "y = self.b(x)\nxs = [a(y) for a in self.a]\nreturn xs",
    ),
    (["y = x", "z = y + 1", "return self.a(x)"], "return self.a(x)"),
    (
        [block("for i, a in enumerate(self.a):", "x = a(x)")],
        "for _, a in enumerate(self.a):\n    x = a(x)",
    ),
]

KEPT: list[Code] = [
    [block("if c:", "x = self.a(y)"), block("else:", "z = y"), "return x + z"],
    [block("if c:", "x = self.a(y)", "x = x + 1"), block("else:", "x = y")],
    [block("if c:", "x = y if d else z"), block("else:", "x = y")],
    [block("if c:", "x = self.a(y)"), block("elif d:", "x = y"), "return x"],
    [block("if c:", f"x = self.{'a' * 40}(y)"), block("else:", f"x = self.{'b' * 40}(y)")],
    ["xs: list[Tensor] = []", block("for a in self.a:", "xs.append(a(xs[-1]))")],
    ["xs: list[Tensor] = []", "xs.append(x)", block("for a in self.a:", "xs.append(a(x))")],
    ["xs: list[Tensor] = []", block("for a in self.a:", "x = a(x)", "xs.append(x)")],
    ["y = self.a(x)", "return x"],
    [block("for i, a in enumerate(self.a):", "x = a(x[i])")],
]


@pytest.mark.parametrize(("code", "text"), CHANGED)
def test_it_reads_as_written_by_hand(code: Code, text: str) -> None:
    assert "\n".join(render(tidied(code, 2))) == text


@pytest.mark.parametrize("code", KEPT)
def test_the_rest_stays(code: Code) -> None:
    assert render(tidied(code, 2)) == render(code)


def test_of_several_values_those_that_nothing_reads_have_no_name() -> None:
    code = [
        "height, width = x.shape[-2:]",
        block("for i in range(n):", "a, b = self.a[i](x)", "x = a + c"),
        "a, c = c, x",
        "return width",
    ]
    assert render(taken_apart(code)) == [
        "_, width = x.shape[-2:]",
        "for i in range(n):",
        "    a, _ = self.a[i](x)",
        "    x = a + c",
        "a, c = c, x",
        "return width",
    ]

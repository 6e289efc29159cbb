"""The last look at a body: what it changes, and what it leaves."""

from __future__ import annotations

import pytest

from archdsl.emit.code import Block, Code, Local, render
from archdsl.emit.tidy import named, taken_apart, tidied, unpacked


def block(header: str, *body: str | Block | Local) -> Block:
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
    ([block("for a in (None, b):", "x = self.c(x)")], "for _ in range(2):\n    x = self.c(x)"),
    (
        ["self.a = nn.Sequential(*[nn.ReLU() for _ in (c if d else e,)])"],
        "self.a = nn.Sequential(*[nn.ReLU() for _ in range(1)])",
    ),
    (
        [block("for i in range(2):", Local(name="c", text="w")), Local(name="c", text="w"), "f(c)"],
        "for _ in range(2):\n    c = w\nf(c)",
    ),
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
    [block("for _ in ([1, 2], 3):", "x = self.a(x)")],
    [block("for _ in range(n):", Local(name="c", text="w")), Local(name="c", text="w"), "f(c)"],
    [block("for i in range(2):", Local(name="c", text="i")), Local(name="c", text="i"), "f(c)"],
    [
        block("for _ in range(2):", Local(name="c", text="2 * c")),
        Local(name="c", text="2 * c"),
        "f(c)",
    ],
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


def part(name: str, text: str, among: int = 3) -> Local:
    return Local(name=name, text=text, among=among)


def test_a_row_is_taken_apart_at_once() -> None:
    code = [
        block("for row in rows:", part("k", "row[0]"), part("n", "row[2]"), "f(k, n)"),
        part("a", "row[0]", 1),
        part("b", "row[1]", 1),
        part("w", "row[1]"),
        "f(a, b, w)",
        part("a", "row[0]"),
        part("b", "row[0]"),
    ]
    assert render(unpacked(code)) == [
        "for row in rows:",
        "    k, _, n = row",
        "    f(k, n)",
        "a = row[0]",
        "b = row[1]",
        "w = row[1]",
        "f(a, b, w)",
        "a = row[0]",
        "b = row[0]",
    ]


NAMED: list[tuple[Code, str]] = [
    (["x = self.a(x)", "y = x", "x = self.b(y)"], "y = self.a(x)\nx = self.b(y)"),
    (
        ["x = q + p", block("if self.a:", "x = self.a(x)"), "z = x", "return p + z"],
        "z = q + p\nif self.a:\n    z = self.a(z)\nreturn p + z",
    ),
    (
        ["a, b = x, x", block("for c in self.c:", "a, b = c(a, b)"), "p = a", "q = b"],
        "p, q = x, x\nfor c in self.c:\n    p, q = c(p, q)",
    ),
    (
        [block("for a in self.a:", "x = a(x)", "y = x", "x = y + 1"), "return x"],
        "for a in self.a:\n    y = a(x)\n    x = y + 1\nreturn x",
    ),
]
ALIASES: list[Code] = [
    ["y = x", "x = self.b(y)"],
    ["x = self.a(x)", "y = x", "x = self.b(x) + y"],
    ["x = self.a(x)", "y = x", block("if c:", "x = self.b(y)"), "return x"],
    ["x = self.a(x)", block("if c:", "x = b"), block("else:", "x = d"), "y = x", "return y"],
    ["x = self.a(x)", "z = y", "y = x", "return y + z"],
    [block("for a in self.a:", "x = a(x)", "y = x"), "return x"],
    ["x: Tensor = a + b", "y = x", "return y"],
]


@pytest.mark.parametrize(("code", "text"), NAMED)
def test_a_value_has_its_name_from_the_start(code: Code, text: str) -> None:
    assert "\n".join(render(named(code))) == text


@pytest.mark.parametrize("code", ALIASES)
def test_what_is_read_under_both_names_keeps_them(code: Code) -> None:
    assert render(named(code)) == render(code)

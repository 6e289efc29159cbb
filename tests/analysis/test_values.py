"""Compile-time values: Python's meaning, without Python's reach."""

from __future__ import annotations

import math
from typing import Any

import pytest
from analysis_text import design, findings, wrong

from archdsl import values as v
from archdsl.ops.op import Size


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("7 // 2 + 7 % 2 * 2 ** 3 - -1", 12),
        ("7 / 2", 3.5),
        ("int(in.channels * 0.5)", 4),
        ("1 if in.height > 3 and not in.width < 3 else 0", 1),
        ("1 < 2 <= 2 != 3", True),
        ('"M" in [64, "M"]', True),
        ("[1, 2, 3, 4][1:3]", (2, 3)),
        ("[1, 2, 3, 4][-1]", 4),
        ("[i * w for i, w in enumerate([4, 5, 6]) if i > 0]", (5, 12)),
        ("zip([1, 2], [3, 4])", ((1, 3), (2, 4))),
        ("reversed(range(3))", (2, 1, 0)),
        ("range(2, 8, 3)", (2, 5)),
        ("sum([1, 2, 3]) + len([1]) + min(4, 3) + max([1, 9])", 19),
        ("round(2.5) + floor(2.9) + ceil(2.1)", 7),
        ("sqrt(16) + log2(8) + log(1)", 7.0),
        ("unique([3, 1, 3])", (3, 1)),
        ("count([3, 1, 3], 3)", 2),
        ("in.shape[0]", 8),
        ("[1] * 2 + [3]", (1, 1, 3)),
        ("1 and 0 or 5", 5),
        ("3x5", Size(3, 5)),
        ("double(4) + BASE", 11),
    ],
)
def test_expressions(text: str, value: Any) -> None:
    found = design(
        "fn double(x) = x * 2\nlet BASE = 3\n"
        f"model M: [8, 16, 16] -> [_, _, _] {{ let seen = {text}; relu }}\nvariant m = M()\n"
    )
    seen = [item for items in found.root.observed.values() for item in items if not item.outputs]
    assert [(type(item.value), item.value) for item in seen] == [(type(value), value)]


@pytest.mark.parametrize("width", [8, 13, 20, 24, 30.4, 96, 112.5, 0.5])
def test_round_to_is_the_rule_of_the_mobilenet_papers(width: float) -> None:
    nearest = max(8, int(width + 4) // 8 * 8)
    assert v.round_to(width, 8) == (nearest + 8 if nearest < 0.9 * width else nearest)
    assert v.round_to(width, 8) % 8 == 0


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        ("«3 // (in.channels - 8)»", "E401", "division by zero: 3 // 0"),
        ("«1 + [2]»", "E402", "`+` does not go between an int and a list"),
        ('«"a" % 3»', "E402", "`%` does not go between a string and an int"),
        ("«3x3 * 2»", "E402", "`*` does not go between a size and an int"),
        ("«[1, 2][2]»", "E403", "no item 2 in a list of 2"),
        ("«sqrt(0 - 1)»", "E404", "`sqrt(-1)` has no value"),
        ("«(0 - 8) ** 0.5»", "E404", "a fractional power of a negative number"),
        ("«10 ** 2000»", "E405", "a number of more than 1,000 digits"),
        ("«[0] * 200000»", "E405", "a list of 200,000 items"),
        ("«range(10 ** 9)»", "E405", "a list of more than 100,000 items"),
        ("«1e308 * 10»", "E405", "a number too large for a float"),
        ("«[1 for i in range(50000) for]»"[:0] or "«zip([1], [2, 3])»", "E402",
         "`zip` takes lists of one length, not of 1 and 2"),
        ("«min([])»", "E402", "`min` of an empty list"),
        ("«sum([\"a\"])»", "E402", "`sum` takes a number, not a string"),
    ],
)  # fmt: skip
def test_mistakes(text: str, code: str, message: str) -> None:
    found = wrong(f"let x = {text}; relu")
    assert (found.code, found.message) == (code, message)
    assert found.notes == ("in variant m",)


def test_lists_are_taken_apart_whole() -> None:
    found = wrong("let a, b = «[1, 2, 3]»; relu")
    assert (found.code, found.message) == (
        "E408",
        "`a, b` takes 2 values apart, and [1, 2, 3] has 3",
    )


def test_doubling_lists_end() -> None:
    lines = "\n".join(f"let a{i} = [a{i - 1}, a{i - 1}]" for i in range(1, 16))
    found = wrong(f"let a0 = [1]\n{lines}\nlet last = «[a15, a15]»\nrelu")
    assert (found.code, found.message) == ("E405", "a list of more than 100,000 items")


def test_steps_are_bounded() -> None:
    more = "fn f0(x) = x + 1\n" + "\n".join(
        f"fn f{i}(x) = f{i - 1}(x) + f{i - 1}(x)" for i in range(1, 40)
    )
    model = "model M(n): [8, 16, 16] -> [_, _, _] { let x = f39(n); relu }\n"
    found = findings(f"{more}\n{model}variant a = M(1)\nvariant b = M(2)\n")
    assert [item.code for item in found] == ["E407"]
    assert found[0].message == "this spec takes too many steps to compute"


def test_values_are_shown_as_written() -> None:
    assert v.show((1, "M", None, True, Size(1, 7))) == '[1, "M", none, true, 1x7]'
    assert v.text("M") == "M"


def test_builtins_are_those_of_the_language() -> None:
    names = "range enumerate zip reversed len min max sum int round floor ceil sqrt log log2"
    assert set(names.split()) | {"unique", "count", "round_to", "size"} == v.BUILTIN_NAMES
    assert v.call("log", (8, 2)) == pytest.approx(math.log(8, 2))


def test_a_size_of_computed_sides() -> None:
    assert v.call("size", (3, 1)) == Size(3, 1) and v.call("size", (0, 2)) == Size(0, 2)
    for height, width in ((2.0, 1), (-1, 1), ("3", 1)):
        with pytest.raises(v.Fault):
            v.call("size", (height, width))

"""Warnings that a whole network has to be seen for: biases in vain, and steps that nothing takes."""

from __future__ import annotations

import pytest

from archdsl import driver
from archdsl.diagnostics import Bag

SEEN = ("W601", "W609")
PRE = "block Pre(w) { residual { bn -> relu -> conv(w, 3x3) } }\n"
NORM = "block Norm { bn -> relu }\n"


def found(body: str, more: str = "") -> list[tuple[str, int]]:
    """The codes of what is said of a model with this body, and the lines of the body."""
    text = f"{more}model Net(n = 2): [4, 8, 8] -> [_, _, _] {{\n{body}\n}}\nvariant net = Net(2)\n"
    bag = Bag()
    assert driver.check("net.arch", bag, text=text) is not None, bag.items
    before = more.count("\n") + 1
    items = [(item.code, item.label.span) for item in bag.items if item.code in SEEN]
    return [(code, span.source.position(span.start)[0] - before) for code, span in items]


@pytest.mark.parametrize(
    ("body", "more", "lines"),
    [
        ("sum {\nconv(4, 3x3)\nidentity\n}\nbn", "", [2]),
        ("concat {\nconv(4, 3x3)\nconv(4, 1x1)\n}\nbn", "", [2, 3]),
        ("conv(4, 3x3)\nNorm", NORM, [1]),
        ("conv(4, 3x3)\n{ Norm }", NORM, [1]),
        ("Last -> bn", "block Last { relu -> conv(4, 3x3) }\n", [-1]),
        ("Last -> Norm", NORM + "block Last { relu -> conv(4, 3x3) }\n", [-1]),
        ("sum {\nconv(4, 3x3)\nidentity\n}\ngroup_norm(4)", "", [2]),
        ("sum {\nconv(4, 3x3)\nidentity\n}\ninstance_norm", "", [2]),
    ],
)
def test_a_bias_that_norms_always_take_away(body: str, more: str, lines: list[int]) -> None:
    assert found(body, more) == [("W601", line) for line in lines]


@pytest.mark.parametrize(
    ("body", "more"),
    [
        ("conv(4, 3x3) -> bn", ""),
        ("conv(4, 3x3)\nPre(4) * n -> relu", PRE),  # the shortcut carries it on
        ("conv(4, 3x3)\nPre(4) * n -> bn", PRE),  # the last unit's goes, the others' stay
        ("conv(4, 3x3) -> N", "block N { layer_norm -> relu }\n"),
        ("conv(4, 3x3) -> N", "block N { group_norm(2) -> relu }\n"),
        ("conv(4, 3x3) -> relu -> bn", ""),
        ("sum {\nconv(4, 3x3, bias=true)\nidentity\n}\nbn", ""),
        ("sum {\nconv(4, 3x3, bias=false)\nidentity\n}\nbn", ""),
        (
            "Both -> relu",
            "block Both { Last -> bn as a\nLast -> relu }\nblock Last { conv(4, 3x3) }\n",
        ),
        ("mul {\nconv(4, 3x3)\nidentity\n}\nbn", ""),
        ("conv(4, 3x3) as x\nfrom x -> bn as y\nfrom x + y", ""),
    ],
)
def test_a_bias_that_shows_somewhere(body: str, more: str) -> None:
    assert "W601" not in [code for code, _ in found(body, more)]


@pytest.mark.parametrize(
    ("body", "more", "lines"),
    [
        ("conv(4, 1x1)\nfrom in -> relu", "", [1]),
        ("conv(4, 1x1)\n-> relu\nfrom in -> relu", "", [2]),
        ("from 2 - in * 3\nfrom in -> relu", "", [1]),
        ("B -> relu\nfrom in -> relu", "block B { conv(4, 3x3) }\n", [1]),
        ("B", "block B { concat { relu; tanh }\nfrom in -> relu }\n", [-2]),
        ("if n > 1 { conv(4, 1x1) }\nfrom in -> relu", "", [1]),
        ("for i in range(n) { relu }\nfrom in -> bn", "", [1]),
    ],
)
def test_a_step_that_nothing_takes(body: str, more: str, lines: list[int]) -> None:
    assert found(body, more) == [("W609", line) for line in lines]


@pytest.mark.parametrize(
    ("body", "more"),
    [
        ("conv(4, 1x1) as x\nfrom in + x", ""),
        ("for i in range(n) { from in -> conv(4, 3x3) as xs[i] }\nfrom xs -> concat", ""),
        ("B(0) -> B(1)", "block B(k) { sigmoid as x\nif k == 0 { from in } else { from x } }\n"),
        ("split(2) as (a, b)\nfrom b", ""),
    ],
)
def test_a_step_that_something_takes(body: str, more: str) -> None:
    assert found(body, more) == []


def test_side_heads_are_taken_by_who_trains() -> None:
    head = "block Head { global_avgpool -> flatten -> linear(3) }\n"
    assert found("conv(4, 3x3) -> relu\naux(weight=0.3) side: Head\nconv(4, 3x3)", head) == []


def test_what_a_tap_cuts_off_is_the_models_own() -> None:
    text = """\
model Body: [3, 8, 8] -> [4, 1, 1] {
    conv(4, 3x3) -> relu as x
    from x -> conv(4, 1x1) as y
    from x + y
    global_avgpool
}
model Net: [3, 8, 8] -> (a: [4, 8, 8], b: [4, 8, 8]) { Body tap (x, y) as (a, b) }
variant net = Net()
"""
    bag = Bag()
    assert driver.check("net.arch", bag, text=text) is not None
    assert not bag.items

"""What is written as in other libraries, and what it is here; which name is meant."""

from __future__ import annotations

import pytest
from sema_text import program

from archdsl import driver
from archdsl.diagnostics import Bag, Diagnostic
from archdsl.ir import program as p
from archdsl.ir.walk import modules, parts


def finding(step: str) -> Diagnostic:
    """The one error of a model with that step."""
    text = f"model M: [3, 8, 8] -> [_, _, _] {{ {step} }}\nvariant m = M()\n"
    bag = Bag()
    driver.check("m.arch", bag, text=text)
    (found,) = bag.items
    return found


@pytest.mark.parametrize(
    ("step", "help", "fixed"),
    [
        (
            "conv(in_channels=3, out_channels=8, kernel_size=3, padding=1)",
            "input channels are never written: `conv(width=8, kernel=3, pad=1)`",
            "width=8, kernel=3, pad=1",
        ),
        (
            "conv(8, kernel_size=3, strides=2)",
            "it is `conv(8, kernel=3, stride=2)` here",
            "8, kernel=3, stride=2",
        ),
        ("bn(num_features=3)", "input channels are never written: `bn`", ""),
        ("leaky_relu(negative_slope=0.1)", "it is `leaky_relu(slope=0.1)` here", "slope=0.1"),
        ("softmax(dim=1)", "it is `softmax(axis=0)` here", "axis=0"),  # the batch isn't counted
        ("Dense(10)", "it is called `linear` here", "linear"),
        ("SpaceToDepth(2)", "it is called `pixel_unshuffle` here", "pixel_unshuffle"),
    ],
)
def test_other_names_are_ours_by_a_certain_mend(step: str, help: str, fixed: str) -> None:
    found = finding(step)
    assert found.help == help
    assert found.fix is not None and found.fix.text == fixed


@pytest.mark.parametrize(
    ("step", "help"),
    [
        ("conv(8, 3, activation=relu)", "an activation is a step of its own: `conv(...) -> relu`"),
        ("conv(8, 3, norm=bn)", "a norm is a step of its own: `conv(...) -> bn`"),
        ("dense(10)", "a fully connected layer is `linear(10)`; "),
        ("concat([relu, bn])", "branches stand in braces, a line each: `concat { ... }`"),
        ("concat { branch { relu } }", "a branch is a step or `{ ... }`, with or without a label"),
        ("aux { relu; bn }", "`aux name: { ... }`"),
    ],
)
def test_other_forms_are_told_without_a_mend(step: str, help: str) -> None:
    found = finding(step)
    assert found.help is not None and found.help.startswith(help)
    assert found.fix is None


def test_an_axis_of_the_batch_is_not_translated() -> None:
    assert finding("softmax(dim=0)").fix is None


def test_the_nearer_name_is_meant() -> None:
    """A parameter goes before a block or variant of its name."""
    text = """\
block S(w) { conv(w, 3x3) }
block U(w) { conv(w, 1x1) }
block T(S) { S(4) }
block V(S) { T(S(w=3)) }
model M(m): [3, 8, 8] -> [_, _, _] { T(U) -> m(4) }
variant m = M(S)
"""
    bodies = {found.name: found.body for found in program(text).definitions}
    called = [(item.kind, item.callee) for item in parts(bodies["T"]) if isinstance(item, p.Call)]
    assert called == [("param", "S")]
    bag = Bag()
    checked = driver.check("m.arch", bag, text=text)
    assert checked is not None and checked.designs[0].root.totals.params == 16 + 148


def test_modules_of_a_region() -> None:
    """Those of a loop, and members of families, are several."""
    text = """\
block B {
    first: conv(4, 3x3) -> relu
    for i in range(2) { cs[i]: conv(4, 3x3); inner: { conv(4, 1x1) } }
    sum { left: conv(4, 1x1); identity }
}
"""
    body = next(found.body for found in program(text).definitions if found.name == "B")
    found = [(name.base, several) for name, _, several in modules(body)]
    assert ("first", False) in found and ("left", False) in found
    assert ("cs", True) in found and ("inner", True) in found

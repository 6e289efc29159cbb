"""Keys renamed by patterns."""

from __future__ import annotations

import re
import time

import pytest
from analysis_text import program
from hypothesis import given
from hypothesis import strategies as st

from archdsl.analysis.elaborate import elaborate_all
from archdsl.analysis.renaming import match
from archdsl.diagnostics import Bag, Diagnostic
from archdsl.ir.program import Capture


def pattern(text: str) -> tuple[str | Capture, ...]:
    """`a.{i}.{n:int}` as a pattern."""
    parts: list[str | Capture] = []
    for piece in re.split(r"(\{[^}]*\})", text):
        if piece.startswith("{"):
            name, _, kind = piece[1:-1].partition(":")
            parts.append(Capture(name=name, number=kind == "int"))
        elif piece:
            parts.append(piece)
    return tuple(parts)


@pytest.mark.parametrize(
    ("written", "key", "found"),
    [
        ("fc.weight", "fc.weight", {}),
        ("fc.weight", "fc.weights", None),
        ("fc.weight", "xfc.weight", None),
        ("fc.{rest}", "fc.conv.weight", {"rest": "conv.weight"}),
        ("fc.{rest}", "fc.", None),
        ("{path}.gamma", "a.gamma.b.gamma", {"path": "a.gamma.b"}),
        ("{path}.gamma", ".gamma", None),
        ("{a}.{b}", "x.y.z", {"a": "x", "b": "y.z"}),
        ("s{i:int}.{j:int}.{rest}", "s2.10.w.b", {"i": 2, "j": 10, "rest": "w.b"}),
        ("s{i:int}.{j:int}.{rest}", "s2.x.w", None),
        ("s{i:int}.w", "s007.w", {"i": 7}),
        ("s{i:int}.w", f"s{'9' * 10}.w", None),
        ("s{i:int}.w", "s\u0663.w", None),
        ("{a}x{b}x", "1x2x", {"a": "1", "b": "2"}),
        ("{a}x{b}x", "xxxxx", {"a": "x", "b": "xx"}),
        ("{a}bc", "bc", None),
    ],
)
def test_match(written: str, key: str, found: dict[str, str | int] | None) -> None:
    assert match(pattern(written), key) == found


@given(
    st.lists(st.text("ab.", min_size=1, max_size=2), max_size=4),
    st.booleans(),
    st.booleans(),
    st.text("ab.", max_size=12),
)
def test_matches_as_the_shortest_captures_of_a_regular_expression(
    texts: list[str], first: bool, last: bool, key: str
) -> None:
    names = iter("pqrstu")
    written = "".join(
        (f"{{{next(names)}}}" if at or first else "") + text for at, text in enumerate(texts)
    )
    written += f"{{{next(names)}}}" if last else ""
    parts = pattern(written)
    regex = "".join(
        f"(?P<{part.name}>.+?)" if isinstance(part, Capture) else re.escape(part) for part in parts
    )
    expected = re.fullmatch(regex, key)
    assert match(parts, key) == (None if expected is None else expected.groupdict())


def test_time_is_in_proportion_to_the_key() -> None:
    """A regular expression would try all ways to part the key."""
    written = pattern("a".join(f"{{x{i}}}" for i in range(30)) + "b")
    start = time.perf_counter()
    assert match(written, "a" * 100_000) is None
    assert time.perf_counter() - start < 1


MODEL = """
model Net(n = 2): [3, 8, 8] -> [10] {
    layers: { repeat n { conv(4, 3x3, bias=false) -> bn } }
    global_avgpool -> flatten -> fc: linear(10)
}
variant net = Net()
variant longer = Net(4)
"""


def diagnose(text: str) -> list[Diagnostic]:
    bag = Bag()
    elaborate_all(program(text), None, bag)
    return bag.items


@pytest.mark.parametrize(
    ("target", "right"),
    [
        ("fc.weight", True),
        ("layers.{i}.{rest}", True),
        ("layers.{i * 2 + 1}.running_mean", True),
        ("{rest}", True),
        ("layers.7.bias", True),  # of the longer one alone
        ("layers.9.bias", False),
        ("layer.{rest}", False),
        ("fc.{i}.{rest}", False),
    ],
)
def test_what_no_variant_has_is_reported(target: str, right: bool) -> None:
    text = f'{MODEL}weights lib for Net {{ "their.{{i}}.{{rest}}": "{target}" }}'
    assert [item.code for item in diagnose(text)] == ([] if right else ["E418"])


def test_the_nearest_key_is_shown() -> None:
    (found,) = diagnose(f'{MODEL}weights lib for Net {{ "head.{{x}}": "fcc.weight" }}')
    assert found.help == "there is `fc.weight`"

"""What a model that is cut at a tap keeps of it."""

from __future__ import annotations

from pathlib import Path

import archdsl

SPEC = """\
model Net(w): [3, 16, 16] -> [4] {
    stage s1 { conv(w, 3x3, stride=2) -> relu }
    stage s2 { conv(w, 3x3, stride=2) -> relu }
    global_avgpool -> flatten -> fc: linear(4)
    init { conv: constant(0.5), bias=0; conv in s1: constant(0.25); linear in fc: ones }
}
model Cut: [3, 16, 16] -> [_, _, _] { net: Net(4) tap (s2) }
variant cut = Cut()
"""


def test_weights_begin_as_in_the_model(tmp_path: Path) -> None:
    spec = tmp_path / "cut.arch"
    spec.write_text(SPEC)
    state = archdsl.load(spec).cut().state_dict()
    begun = {key: set(value.unique().tolist()) for key, value in state.items()}
    assert begun["net.s1.0.weight"] == {0.25}
    assert begun["net.s2.0.weight"] == {0.5}
    assert begun["net.s2.0.bias"] == {0.0}
    assert len(begun) == 4

"""What a model that is cut at a tap keeps of it."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

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


LOOPED = """\
block Unit(width, act = relu) { conv(width, 3x3) -> bn -> act }
model Net(widths, acts): [3, 32, 32] -> [4] {
    stem { conv0: conv(4, 3x3, stride=2) -> norm0: bn -> relu }
    for i, width in enumerate(widths) {
        stage "layer{i + 1}" { Unit(width) -> Unit(width, acts[i]) }
        "step{i + 1}": conv(width, 1x1) -> bn
        if i + 1 < len(widths) { maxpool(2x2) }
    }
    global_avgpool -> flatten -> fc: linear(4)
}
model Cut: [3, 32, 32] -> (a: [_, _, _], b: [_, _, _], c: [_, _, _]) {
    net: Net([4, 6, 8], [relu, tanh, silu]) tap (conv0, layer1, step2) as (a, b, c)
}
variant whole = Net([4, 6, 8], [relu, tanh, silu])
variant cut = Cut()
"""


def test_names_that_a_loop_makes(tmp_path: Path) -> None:
    """The cut model has the model's weights up to the last tap, and what it computes there."""
    spec = tmp_path / "looped.arch"
    spec.write_text(LOOPED)
    module = archdsl.load(spec)
    torch.manual_seed(0)
    whole, cut = module.whole().eval(), module.cut().eval()
    seen: dict[str, Tensor] = {}
    for name in ("conv0", "layer1", "step2"):

        def keep(module: nn.Module, given: object, made: Tensor, name: str = name) -> None:
            seen[name] = made.clone()

        whole.get_submodule(name).register_forward_hook(keep)
    state = {f"net.{key}": value for key, value in whole.state_dict().items()}
    own = cut.state_dict().keys()
    assert own < state.keys() and not any("layer3" in key or "fc" in key for key in own)
    cut.load_state_dict({key: state[key] for key in own})
    images = torch.randn(2, 3, 32, 32)
    with torch.no_grad():
        whole(images)
        assert all(map(torch.equal, cut(images), seen.values()))

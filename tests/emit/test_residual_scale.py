"""A residual's `scale` is on its body, whatever becomes of the shortcut."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

import archdsl

SPEC = """\
block Unit(width, short = true) {
    residual(scale=0.25) { conv(width, 3x3) } skip identity else { conv(width, 1x1) } if short
}
block Bare(width) { residual(scale=0.25) { conv(width, 3x3) } skip none }
block Chosen(width, short = true) { residual(scale=0.25) { conv(width, 3x3) } skip identity if short }
model Net(unit, short = true): [8, 6, 6] -> [8, 6, 6] { unit: unit(8, short=short) }
model Plain: [8, 6, 6] -> [8, 6, 6] { unit: Bare(8) }

variant projected = Net(Unit)
variant apart = Net(Unit, short=false)
variant plain = Plain()
variant chosen = Net(Chosen)
variant refused = Net(Chosen, short=false)
"""


@pytest.mark.parametrize(
    ("variant", "added"),
    [("projected", 1), ("apart", 0), ("plain", 0), ("chosen", 1), ("refused", 0)],
)
def test_the_body_is_scaled(tmp_path: Path, variant: str, added: int) -> None:
    spec = tmp_path / "scaled.arch"
    spec.write_text(SPEC)
    model: nn.Module = getattr(archdsl.load(spec), variant)()
    x = torch.randn(2, 8, 6, 6)
    body = model.get_submodule("unit.conv")(x)
    torch.testing.assert_close(model(x), body * 0.25 + added * x)

"""The op reference: what stands in docs/ is what the table gives."""

from __future__ import annotations

from pathlib import Path

from archdsl.ops.reference import reference, signature
from archdsl.ops.table import ENTRIES

PAGE = Path(__file__).parents[2] / "docs" / "ops.md"


def test_the_committed_page_is_up_to_date() -> None:
    again = "python -m archdsl.ops.reference > docs/ops.md"
    assert PAGE.read_text(encoding="utf-8") == reference(), f"write it again: {again}"


def test_every_op_stands_in_it_once() -> None:
    lines = reference().splitlines()
    for op in ENTRIES:
        assert lines.count(f"### `{signature(op)}`") == 1


def test_formulas_are_those_of_the_papers() -> None:
    page = reference()
    assert "- parameters: `width * (C // groups) * kernel * kernel + width`" in page
    assert "(H + 2 * pad - dilation * (kernel - 1) - 1) // stride + 1" in page
    assert "`nn.Conv2d(C, width, kernel_size=kernel, padding=kernel // 2)`" in page

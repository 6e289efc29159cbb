"""Lists of the file whose ops need classes and functions that the file has to hold."""

from __future__ import annotations

from pathlib import Path

from emit_text import compare

SPEC = """\
let STEPS = [[std_conv, 8], [conv, 4]]
let ACTS = [relu, abs, prelu]
model M: [3, 16, 16] -> [4, _, _] {
    for op, width in STEPS { op(width, 3x3) }
    for act in ACTS { act }
}
variant m = M()
"""


def test_a_list_stands_below_what_it_names(tmp_path: Path) -> None:
    compare(SPEC, tmp_path)

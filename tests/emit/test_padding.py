"""`same` is a value like any other: in lists, under conditions, and handed on."""

from __future__ import annotations

from pathlib import Path

import pytest
from emit_text import compare

SPECS = {
    "items of a list": """\
model M(rows): [3, 32, 32] -> [8, _, _] {
    for p in [same, same] { conv(8, 3x3, pad=p) }
    for p in [same, 0] { conv(8, 1x5, pad=p) }
    for w, k, q in rows { conv(w, k, pad=q) }
}
variant m = M([[8, 3, same], [8, 5, 0], [8, 5, same]])
""",
    "rows of the file": """\
let ROWS = [[8, 3, same], [8, 5, 0]]
model M: [3, 32, 32] -> [8, _, _] { for row in ROWS { conv(row[0], row[1], pad=row[2]) } }
variant m = M()
""",
    "items handed to blocks": """\
block Fixed(width, p = same) { conv(width, 3x3, pad=p) }
block Sized(width, k, p) { conv(width, k, pad=p) -> relu }
model M(rows): [3, 32, 32] -> [8, _, _] {
    for p in [same, 0] { Fixed(8, p) }
    for row in rows { Sized(row[0], row[1], row[2]) }
    Sized(8, 5, same) -> Sized(8, 5, 0)
}
variant m = M([[8, 3, same], [8, 5, 0]])
""",
    "an arm of a condition": """\
block Some(width, dense) {
    conv(width, 3x3, pad=same if dense else 0)
    conv(width, 5x5, pad=1 if dense else same)
}
block Auto(width, k, p = none) { conv(width, k, pad=p if p != none else same) }
block Dilated(width, k, d) { conv(width, k, dilation=d, pad=same if d > 1 else 0) }
model M: [3, 32, 32] -> [8, _, _] {
    Some(8, true) -> Some(8, false)
    Auto(8, 3) -> Auto(8, 3, 0) -> Auto(8, 1, 2)
    for d in [1, 2, 4] { Dilated(8, 3, d) }
}
variant m = M()
""",
    "an argument of blocks that are arguments": """\
block Needed(width, k, p) { conv(width, k, pad=p) -> relu }
block Left(width, k, p = same) { conv(width, k, pad=p) -> relu }
model M(unit): [3, 32, 32] -> [8, _, _] { unit(8, 3, same) -> unit(8, 5, 0) -> unit(8, 5, same) }
model N(unit): [3, 32, 32] -> [8, _, _] { unit(8) -> unit(8) }
variant needed = M(Needed)
variant left = M(Left)
variant bound = N(Needed(k=3, p=same))
variant free = N(Left(k=5))
variant fixed = N(Left(k=5, p=1))
""",
}


@pytest.mark.parametrize("name", SPECS)
def test_same_is_what_the_kernel_needs(name: str, tmp_path: Path) -> None:
    compare(SPECS[name], tmp_path)

"""What names of a spec mean stays what they mean, whatever Python has under the same name."""

from __future__ import annotations

from pathlib import Path

import pytest
from emit_text import compare

SPECS = {
    "loops that are called like locals, arguments and the stream": """\
block B(ns) {
    for i in range(2) { for channels in ns { conv(channels, 3x3) -> relu } }
    a: { for layers in ns { conv(layers, 3x3) -> relu } }
    for a in ns { conv(a, 3x3) }
}
block C(ns) {
    for x in ns { conv(x, 1x1) -> reshape([x, 64]) -> reshape([x, 8, 8]) }
    for height in ns { conv(height, 1x1) -> reshape([height, in.height * in.width]) -> reshape([height, 8, 8]) }
}
block D(ns) { for in_channels in ns { conv(in_channels, 3x3) }; conv(in.channels, 1x1) }
model M: [3, 8, 8] -> [_, 8, 8] { B([4, 8]) -> B([8]) -> C([4, 8]) -> C([8]) -> D([2, 4]) }
variant m = M()
""",
    "lets that are called like locals and arguments": """\
block B(ns) {
    let channels = 2 * ns[0]
    let in_channels = 3 * ns[0]
    let x = ns[0] + in.channels
    for n in ns { conv(n, 3x3) }
    conv(channels, 1x1) -> conv(in_channels, 1x1) -> conv(in.channels, 1x1) -> conv(x, 1x1)
}
model M: [3, 8, 8] -> [_, 8, 8] { B([4, 8]) -> B([8]) }
variant m = M()
""",
    "comprehensions that would catch an argument": """\
fn times(xs, k) = [x * k for x in xs]
block B(x, ns) { for w in times(ns, x) { conv(w, 3x3) } }
block Side(xs, k) { concat { for i, x in enumerate(xs) { cs[i]: conv(x * k, 3x3) } } }
block C(x, xs) { Side([x + 1, 3 + x], x) -> Side(xs, x) -> conv(in.channels, 1x1) }
block D { from [in + x for x in [in, in]] -> concat -> conv(in.channels, 1x1) }
model M: [3, 8, 8] -> [_, 8, 8] { B(2, [4, 8]) -> B(3, [8]) -> C(2, [2, 3]) -> C(3, [2]) -> D }
variant m = M()
""",
    "arguments that are called like classes": """\
block B(w) { conv(w, 3x3) -> relu }
block Maxout(w) { conv(w, 1x1) }
let OPS = [B, Maxout]
block C(B, Scale) { for op in OPS { op(B) }; maxout(2) -> Maxout(Scale) -> scale(2) }
model M(B = 4): [3, 8, 8] -> [_, 8, 8] { C(B, 2 * B) }
variant m = M()
variant n = M(8)
""",
    "constants that are called like loops and arguments": """\
let n = [4, 8]
let channels = [2, 4]
let N = [1, 2]
block B(N) { for n in n { conv(N, 1x1) -> conv(n, 3x3) } }
model M: [3, 8, 8] -> [_, 8, 8] { B(3) -> B(5); for each in channels { conv(each, 1x1) }; for k in N { conv(k, 1x1) } }
variant m = M()
""",
    "`_` that is read": """\
block B(ns) { for _ in ns { conv(_, 3x3) }; for i, _ in enumerate(ns) { conv(_ + i, 1x1) } }
model M: [3, 8, 8] -> [_, 8, 8] { B([4, 8]) -> B([8]) }
variant m = M()
""",
}


@pytest.mark.parametrize("name", SPECS)
def test_names_mean_what_they_meant(name: str, tmp_path: Path) -> None:
    compare(SPECS[name], tmp_path)

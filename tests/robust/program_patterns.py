"""Whole blocks of random specs: exchanges between maps, cells, trees, ladders, grids, tables."""

from __future__ import annotations

from typing import NamedTuple

from program_lists import Lists
from program_merges import Statement
from program_text import Stream


class Pattern(NamedTuple):
    """A block, and the ways to use it: {0} are the channels there, {1} is a name, {2} a condition,
    {3} another width. The map's size stays."""

    text: str
    uses: tuple[str, ...]


PATTERNS = {
    "Exchange": Pattern(
        """\
block Exchange(width) in (xs[]) -> (ys[]) {
    for i in range(len(xs)) {
        sum {
            for j in range(len(xs)) {
                if j == i { from xs[j] } else { from xs[j] -> ups[i, j]: conv(width * 2 ** i, 1x1) }
            }
        }
        relu as ys[i]
    }
}""",
        (
            "conv(8, 1x1) as {1}; conv(16, 3x3) as {1}_b; from [{1}, {1}_b] -> Exchange(8) * 2"
            " as ({1}_c, {1}_d); from ({1}_d, {1}_c) -> concat",
            "conv(4, 1x1) as {1}s[0]; conv(8, 3x3) as {1}s[1]; from {1}s -> Exchange(4) as {1}t"
            "; from {1}t -> concat",
        ),
    ),
    "Picked": Pattern(
        """\
block Picked(ops) {
    for i, op in enumerate(ops) { from in -> op as hs[i] }
    from hs -> sum
}""",
        (
            "Picked([conv({3}, 3x3), conv({3}, 1x1)])",
            "Picked([identity, bn, maxpool(3x3, stride=1, pad=1), conv({0}, 3x3)])",
            "Picked([relu, silu if {2} else tanh])",
            "Picked(copies(conv({3}, 3x3), 2))",
        ),
    ),
    "Tree": Pattern(
        """\
block Tree(width, depth) {
    conv(width, 3x3) -> relu
    if depth > 0 {
        concat { inner: Tree(width + 4, depth - 1); conv(width, 1x1) }
    }
}""",
        ("Tree(8, 1)", "{1}: Tree(4, 2) -> bn", "Tree({3}, 0) * 2"),
    ),
    "Ladder": Pattern(
        """\
block Ladder(width) in (xs[]) -> (top, steps[]) {
    for i, x in enumerate(xs) { from x -> sides[i]: conv(width, 1x1) as ys[i] }
    from ys[-1] as steps[0]
    for i in range(len(xs) - 1) {
        from steps[i] + ys[len(xs) - 2 - i] -> outs[i]: conv(width, 3x3) -> relu as steps[i + 1]
    }
    from steps[-1] -> bn as top
}""",
        (
            "identity as {1}; conv({3}, 3x3) as {1}_b; from ({1}, {1}_b) -> Ladder(8)"
            " as ({1}_top, {1}_all); from {1}_all -> concat as {1}_c; from ({1}_top, {1}_c) -> concat",
        ),
    ),
    "Grid": Pattern(
        """\
block Grid(width, n) {
    conv(width, 1x1) as x[0, 0]
    for i in range(n) { from x[i, 0] -> down[i]: conv(width, 3x3) as x[i + 1, 0] }
    for j in range(n) {
        for i in range(n + 1) {
            from (x[i, j], x[n - i, j]) -> sum -> cross[i, j]: conv(width, 3x3) -> relu as x[i, j + 1]
        }
    }
    from [x[i, n] for i in range(n + 1)] -> concat
}""",
        ("Grid({3}, 2)", "Grid(4, 1) -> Grid(8, 2)"),
    ),
    "Table": Pattern(
        """\
block Table(rows, norm = bn) {
    for kernel, width, n, act in rows {
        repeat n { conv(width, kernel) -> norm -> act }
    }
}""",
        (
            "Table([[3x3, 8, 1, relu], [5x5, {3}, 2, silu]])",
            "Table([[3x3, {0}, 2, none]], norm=none)",
            "Table([[1x1, 8, 1, relu], [1x3, 16, 1, tanh]], norm=group_norm(2))",
        ),
    ),
    "Stacked": Pattern(
        """\
block Stacked(unit, widths, last = none) {
    for i, width in enumerate(widths) {
        first[i]: unit(width) -> relu
        if i + 1 < len(widths) { between[i]: conv(width, 1x1) }
    }
    last
}""",
        (
            "Stacked(conv(kernel=3x3), [8, {3}])",
            "Stacked(conv(kernel=1x1), WIDTHS, bn) -> Stacked(Little, [4], Little(8))",
            "Stacked(Little, WIDTHS[1:], relu) -> Stacked(Little(double=true), [8])",
        ),
    ),
    "Little": Pattern(
        """\
block Little(width, double = false) {
    conv(2 * width if double else width, 3x3) -> bn -> relu
}""",
        ("Little({3})", "Little({3}, {2})", "residual {{ Little({0}) }} skip identity"),
    ),
    "Mirror": Pattern(
        """\
block Mirror in (a, b) -> (c, d) {
    from b -> conv(a.channels, 1x1) as c
    from a -> conv(b.channels, 3x3) -> relu as d
}""",
        (
            "identity as {1}; conv({3}, 3x3) as {1}_b; from ({1}, {1}_b) -> Mirror * 2"
            " as ({1}_c, {1}_d); from ({1}_c, {1}_d) -> concat",
            "conv(8, 1x1) as {1}; bn as {1}_b; from ({1}, {1}_b) -> {1}_m: Mirror -> sum",
        ),
    ),
    "Masked": Pattern(
        """\
block Masked {
    const mask [1, in.height, in.width] = 2
    param bias [in.channels, 1, 1] = 0
    from in * mask + bias
}""",
        ("Masked", "relu -> Masked -> Masked", "{1}: Masked * 2"),
    ),
    "Seen": Pattern(
        """\
block Seen(inner, heads = 1) {
    require inner % heads == 0: "{inner} channels for {heads} heads"
    let n = in.height * in.width
    from in -> query: conv(inner, 1x1) -> reshape([heads, inner // heads, n]) as q
    from in -> key: conv(inner, 1x1) -> reshape([heads, inner // heads, n]) as k
    from in -> value: conv(inner, 1x1) -> reshape([heads, inner // heads, n]) -> permute([0, 2, 1]) as v
    from q -> permute([0, 2, 1]) -> matmul(k) -> softmax(axis=-1) -> matmul(v)
    permute([0, 2, 1]) -> reshape([inner, in.height, in.width])
}""",
        ("Seen(8)", "Seen(16, heads=2) -> conv({3}, 1x1)"),
    ),
}


class Patterns(Lists):
    """Writes uses of these blocks; who writes the file writes those that are `needed`."""

    def merging(self) -> list[Statement]:
        return [*super().merging(), self.pattern, self.pattern]

    def pattern(self, at: Stream, depth: int) -> None:
        """A block that stands in the file as it is, and that leaves a map of the same size."""
        use = self.dice.choice(PATTERNS[self.dice.choice(list(PATTERNS))].uses)
        self.lines_of(use, at, self.name("bs"))
        self.narrowed(at)

    def needed(self) -> list[str]:
        """The blocks that the lines so far use."""
        found: list[str] = []
        for name, pattern in PATTERNS.items():
            if any(name in line for line in self.lines):
                found.append(pattern.text)
        return found

"""What random specs compute: ops and blocks out of lists, parts of lists and families, sizes,
choices; and layers that come from Python."""

from __future__ import annotations

from program_merges import Merges, Statement
from program_text import Stream

# What the file has for all its definitions.
FILE = """let WIDTHS = [8, 16]
let ACTS = [relu, silu, leaky_relu(0.1)]
let ROWS = [[3x3, 8, relu], [1x1, 16, none]]
let FIRST, LAST = [1x1, 5x5]
fn doubled(n) = 2 * n
fn picked(c) = silu if c else relu
fn wider(ws, by) = [by * w for w in ws if w > 0]
fn copies(unit, n) = [unit for i in range(n)]
extern Noise(p = 0.1) = "torch.nn:FeatureAlphaDropout" shape same
extern Gated(dim) = "torch.nn:GLU" shape [in.channels // 2, in.height, in.width]
"""

# Lines of a body. {0} are the channels there, {1} is a name, {2} a condition, {3} another width.
# Those of the first kinds leave the channels as they are, those of the last don't.
LISTED = (
    "let {1}_act = ACTS[1]; conv({0}, 3x3) -> {1}_act",
    "let {1}_act = picked({2}); conv({0}, 3x3) -> {1}_act",
    "let {1}_act = gelu if {2} else none; conv({0}, 1x1) -> bn -> {1}_act",
    "let {1}_norm = bn if {2} else group_norm(1); conv({0}, 3x3) -> {1}_norm -> relu",
    "let {1}_acts = [relu, tanh]; let {1}_act = {1}_acts[-1]; {1}_act",
    "let {1}_a, {1}_b = [elu, silu]; {1}_a -> conv({0}, 1x1) -> {1}_b",
    "let {1}_ops = [conv(kernel=1x1), conv(kernel=3x3)]; let {1}_op = {1}_ops[0]; {1}_op({0})",
    "for f in ACTS[1:] {{ conv({0}, 1x1) -> f }}",
    "for f in reversed(ACTS) {{ f }}",
    "for i in range(3) {{ let f = ACTS[i]; {1}[i]: conv({0}, 3x3) -> f }}",
    "for i, f in enumerate(ACTS) {{ {1}[i]: {{ conv({0}, 3x3) -> f }} }}",
    "for op in [bn, dropout(0.1), identity] {{ op -> relu }}",
    "for op in copies(conv(kernel=3x3), 2) {{ op({0}) -> relu }}",
    "for k, f in zip([FIRST, 3x3, LAST], ACTS) {{ conv({0}, k) -> f }}",
    "for k in [3, 5] {{ conv({0}, size(1, k)) -> conv({0}, size(k, 1)) -> relu }}",
    "for d in [2 * j + 1 for j in range(3) if j != 1] {{ conv({0}, 3x3, dilation=d) -> relu }}",
    "for i, k in enumerate([1, 3]) {{ {1}[i]: conv({0}, k, pad=k // 2) }}",
    "conv({0}, 3x3, pad=[1, 1, 1, 1]) -> {1}: conv({0}, 5x5, pad=2) -> relu",
    "if {2} {{ {1}: conv({0}, 3x3) }} else {{ {1}: depthwise(3x3) }}",
    "if {2} {{ maxpool(3x3, stride=1, pad=1) }} else {{ conv({0}, 3x3) -> bn }}",
    "if {2} {{ bn }} else if len(ACTS) > 2 {{ relu }} else {{ conv({0}, 1x1) }}",
    "for i in range(3) {{ if i == 0 {{ bn }} else if i == 1 {{ silu }} else {{ conv({0}, 3x3) }} }}",
    "for i in range(2) {{ if {2} {{ {1}[i]: conv({0}, 3x3) -> relu }} }}",
    "if {2} {{ for f in ACTS {{ conv({0}, 1x1) -> f }} }}",
    "if {2} {{ repeat 2 {{ conv({0}, 3x3) -> relu }} }} else {{ bn -> relu }}",
    "Noise -> {1}: Noise(p=0.3)",
    "Noise(0.2) * 2",
    "{1}: {{ conv({0}, 3x3) -> {{ bn -> relu }} }} * 2",
    "instance_norm(affine=true) -> mish",
    "normalize -> softmax",
)
JOINED = (
    "residual {{ if {2} {{ bn }}; conv({0}, 3x3) }} skip none",
    "residual {{ conv({3}, 3x3) -> relu -> conv({0}, 1x1) }} skip identity if {2} and len(ACTS) > 1",
    "if {2} {{ residual {{ bn -> conv({0}, 3x3) }} }} else {{ sum {{ identity; conv({0}, 1x1) }} }}",
    "repeat 2 {{ if {2} {{ residual {{ conv({0}, 3x3) }} }}; relu }}",
    "sum {{ for f in ACTS {{ conv({0}, 3x3) -> f }} }}",
    "sum {{ identity; if {2} {{ conv({0}, 3x3) }} else if len(ACTS) > 1 {{ bn }} else {{ none }} }}",
    "mul {{ identity; {{ global_avgpool -> conv({0}, size(1, 1)) -> hardsigmoid }} }}",
    "share {1} = conv({0}, 3x3); if {2} {{ {1} }}; relu -> {1}",
    "share {1} = bn; repeat 2 {{ conv({0}, 3x3) -> {1} }}; residual {{ {1} -> relu }}",
    "share {1} = conv({0}, 3x3); for f in ACTS {{ {1} -> f }}",
    "identity as {1}; maxpool(3x3, stride=2, pad=1) -> resize(size({1}.height, {1}.width))",
    "identity as {1}; conv({1}.channels, 3x3) as {1}_new; from {1}_new - {1}",
    "identity as {1}; upsample(2) -> crop(like={1})",
    "identity as {1}; for i, f in enumerate(ACTS) {{ from {1} -> f -> conv({0}, 1x1) as {1}s[i] }}"
    "; from {1}s -> mul",
    "identity as {1}; relu -> reshape([{0}, {1}.height * {1}.width]) as {1}_k"
    "; from {1} -> conv({0}, 1x1) -> reshape([{0}, {1}.height * {1}.width]) -> permute([1, 0]) as {1}_q"
    "; from {1}_q -> matmul({1}_k) -> softmax(axis=-1) as {1}_seen"
    "; from {1}_seen -> matmul({1}_q) -> permute([1, 0])"
    " -> reshape([{0}, {1}.height, {1}.width]) as {1}_new; from {1} + {1}_new",
)
PARTS = (
    "from {1}s[1:] -> concat",
    "from {1}s[:2] -> sum as {1}_sum; from {1}_sum * {1}s[2]",
    "from {1}s[:-1] -> mean as {1}_mean; from ({1}_mean, {1}s[-1]) -> concat",
    "from {1}s[-1]",
    "from {1}s[-1] + {1}s[0]",
    "from [{1}s[j] for j in [0, 2]] -> concat",
    "from [y for y in {1}s[1:]] -> concat",
    "from [{1}s[j] for j in range(3) if j != 1] -> sum",
    "for i, y in enumerate({1}s[1:]) {{ from y -> {1}_more[i]: conv({0}, 1x1) as {1}t[i] }}"
    "; from {1}t -> sum",
    "for i, y, f in zip(range(3), {1}s, ACTS) {{ from y -> f -> conv(8, 1x1) as {1}t[i] }}"
    "; from {1}t[1:] -> concat as {1}_end; from ({1}_end, {1}t[0]) -> concat",
    "from {1}s -> concat -> split([{0}, 2 * ({0})]) as ({1}_a, {1}_b); from ({1}_b, {1}_a) -> concat",
)
CHANGING = (
    "conv(round_to({0} * 1.5, 8), 3x3) -> bn",
    "conv(min({0}, 24), 3x3) -> relu -> conv(max({0}, 16), 1x1)",
    "conv(sum(WIDTHS), 3x3) -> relu",
    "conv(8 * ceil(log2(len(ACTS) + 1)), 3x3) -> conv(int({0} * 0.5), 1x1)",
    "conv(8 * len([w for w in WIDTHS if w > 8]), 1x1)",
    "for w in wider(WIDTHS, 2) {{ conv(w, 3x3) -> relu }}",
    "for k, w, f in ROWS {{ conv(w, k) -> f }}",
    "for row in ROWS {{ let k, w, f = row; conv(w, k) -> f }}",
    "for i in range(len(ROWS)) {{ let w = ROWS[i][1]; {1}[i]: conv(w, 3x3) -> relu }}",
    "for row in ROWS[1:] {{ conv(row[1], row[0]) -> bn }}",
    "let {1}_wide = 2 * ({0}); let {1}_mid = {1}_wide // 2; conv({1}_wide, 3x3) -> conv({1}_mid, 1x1)",
    "conv(2 * ({0}), 3x3) -> Gated(dim=1) -> relu",
    "conv(2 * ({0}), 1x1) -> maxout(2) -> conv({3}, 3x3) -> glu",
    "let {1}_n = 4 if {2} else 2; conv(8 * {1}_n, 3x3) -> bn",
    "pixel_unshuffle(1) -> pad(1) -> conv({3}, 3x3, pad=0)",
    "select([1, 0]) -> conv({3}, 3x3)",
    "slice(1, stop=2) -> conv({3}, 3x3)",
    "for w in [{0}, {3}] {{ conv(w, 3x3) -> relu }}",
    "conv_transpose({3}, 3x3, pad=1) -> relu",
)


class Lists(Merges):
    """Writes what is computed. Each leaves a map of the same size."""

    def merging(self) -> list[Statement]:
        return [
            *super().merging(),
            self.listed,
            self.listed,
            self.joined,
            self.parts,
            self.changing,
            self.changing,
        ]

    def lines_of(self, text: str, at: Stream, name: str) -> None:
        self.line(
            *text.format(at.channels, name, at.condition, self.dice.choice(at.widths)[0]).split(
                "; "
            )
        )

    def listed(self, at: Stream, depth: int) -> None:
        """Ops out of lists, conditions, layers from Python."""
        self.lines_of(self.dice.choice(LISTED), at, self.name("ls"))

    def joined(self, at: Stream, depth: int) -> None:
        """Merges, shared modules and values under conditions."""
        self.lines_of(self.dice.choice(JOINED), at, self.name("js"))

    def parts(self, at: Stream, depth: int) -> None:
        """Members and slices of a family of values."""
        name = self.name("fs")
        self.line(f"identity as {name}s[0]")
        step = f"from {name}s[i] -> {name}_c[i]: conv({at.channels}, 3x3) as {name}s[i + 1]"
        self.block("for i in range(2)", step)
        self.lines_of(self.dice.choice(PARTS), at, name)
        self.narrowed(at)

    def changing(self, at: Stream, depth: int) -> None:
        """Widths and rows that are worked out."""
        self.lines_of(self.dice.choice(CHANGING), at, self.name("ws"))
        self.narrowed(at)

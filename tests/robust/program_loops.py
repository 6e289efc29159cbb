"""Repetition and choice in random specs, and families of modules and of values."""

from __future__ import annotations

from program_steps import Steps
from program_text import Stream

# What a loop may go over, a step in it, and the width that its last round leaves.
WIDENING = (
    ("w in [8, 16]", "conv(w, 3x3) -> bn -> relu", "16"),
    ("w in WIDTHS", "conv(w, 3x3) -> relu", "16"),
    ("w in reversed(WIDTHS)", "conv(w, 3x3) -> relu", "8"),
    ("w in WIDTHS[1:]", "conv(w, 3x3) -> bn", "16"),
    ("w in [8 * (j + 1) for j in range(3)]", "conv(w, 3x3) -> relu", "24"),
    ("w in [v for v in WIDTHS if v > 8]", "conv(w, 3x3) -> silu", "16"),
    ("k, w in zip([3x3, 1x1], WIDTHS)", "conv(w, k) -> bn -> relu", "16"),
    ("i, w in enumerate(WIDTHS)", "conv(w * (i + 1), 3x3) -> relu", "32"),
    ("i, k in enumerate([1x1, 3x3])", "conv(doubled(8 * (i + 1)), k) -> relu", "32"),
    ("k, w, f in [[3x3, 8, relu], [1x1, 16, silu]]", "conv(w, k) -> bn -> f", "16"),
    ("f in [relu, leaky_relu(0.1), none]", "conv(8, 3x3) -> f", "8"),
    ("u in [conv(kernel=3x3), conv(kernel=1x1)]", "u(16) -> relu", "16"),
    ("i in range(2)", "conv(16 if i == 0 else 8, 3x3) -> relu", "8"),
    ("i in range(3)", "conv(WIDTHS[i % 2], 3x3) -> bn", "8"),
    ("w in unique([8, 16, 8])", "conv(w, 3x3) -> relu", "16"),
)
# Heads of loops that keep the width, and what they hold: {0} is that width, {1} a name.
KEEPING = (
    ("for k in [1x1, 5x5]", "conv({0}, k) -> relu"),
    ("for i in range(3)", "{1}[i]: conv({0}, 3x3) -> relu"),
    ("for i in [1, 3]", "{1}[i]: conv({0}, 3x3) -> relu"),
    ("for i, k in enumerate([3x3, 1x1])", "{1}[i]: conv({0}, k) -> {1}_bn[i]: bn"),
    ("for i in range(2)", '"{1}{{i + 1}}": conv({0}, 3x3) -> relu'),
    ("for i in range(3)", "if i != 1 {{ {1}[i]: conv({0}, 3x3) -> relu }}"),
    ("for i in range(3)", "if i % 2 == 0 {{ {1}[i]: conv({0}, 3x3) }} else {{ {1}[i]: bn }}"),
    ("for i in range(2)", "for j in range(2) {{ {1}[i, j]: conv({0}, 1x1) -> relu }}"),
    ("for i in range(2)", "for k in [1x1, 3x3] {{ conv({0}, k) -> relu }}"),
    ("for i in range(2)", "repeat i + 1 {{ conv({0}, 3x3) -> relu }}"),
    (
        "for i, row in enumerate(zip([3x3, 1x1], [1, 2]))",
        "let k, d = row; conv({0}, k, dilation=d)",
    ),
    ("repeat 2 as i", "{1}[i]: {{ conv({0}, 3x3) -> bn -> relu }}"),
    ("repeat 2 as i", "conv({0}, 3x3, dilation=i + 1) -> relu"),
    ("repeat 2", "residual {{ conv({0}, 3x3) -> bn }}; relu"),
    ("repeat 2", "sum {{ identity; {{ conv({0}, 3x3) -> relu }} }}"),
    ("for i in range(2)", "{1}[i]: conv({0}, 3x3) -> relu; if i == 0 {{ dropout(0.1) }}"),
)
CONDITIONS = ("width > 8", "width % 16 == 0", "not (width > 8)", "len(WIDTHS) == 2 and width > 8")


class Loops(Steps):
    """Writes loops and conditions. Each leaves a map of the same size."""

    def repeated(self, at: Stream, depth: int) -> None:
        """A body that keeps its channels, several times."""
        times = self.dice.choice(("2", "3", "(1 + 1)"))
        if self.chance(0.5):
            self.line(f"{self.label()}{{ {self.conv(at, at.width)} }} * {times}")
        else:
            self.block(f"repeat {times}", self.plain(at, at.width))

    def widening(self, at: Stream, depth: int) -> None:
        """A loop that changes the channels."""
        over, step, width = self.dice.choice(WIDENING)
        self.block(f"for {over}", step)
        at.width = width, 8

    def looped(self, at: Stream, depth: int) -> None:
        """One that keeps them."""
        head, step = self.dice.choice(KEEPING)
        if at.sequential and any(word in step for word in ("sum", "residual", "[i")):
            return self.chain(at, depth)
        self.block(head, *step.format(at.channels, self.name("cs")).split("; "))

    def members(self, at: Stream, depth: int) -> None:
        """Members of a family that are made one by one."""
        stem = self.name("det")
        self.line(f"{stem}[0]: conv({at.channels}, 3x3) -> relu")
        self.line(f"{stem}[{self.dice.choice((1, 2))}]: conv({at.channels}, 1x1) -> bn")

    def optional(self, at: Stream, depth: int) -> None:
        before = at.width
        condition = at.condition if self.chance(0.6) else self.dice.choice(CONDITIONS)
        self.block(f"if {condition}", self.conv(at, before))
        if self.chance(0.5):
            self.lines[-1] += " else {"
            self.indent += "    "
            self.line(self.conv(at, before))
            self.indent = self.indent[:-4]
            self.line("}")

    # Families of values

    def chained(self, at: Stream, depth: int) -> None:
        """Values that each come from the one before."""
        x, n = self.name("xs"), self.dice.choice((2, 3))
        width = self.dice.choice((at.channels, at.channels, "8 * (i + 1)", "WIDTHS[i % 2]"))
        self.line(f"identity as {x}[0]")
        step = f"from {x}[i] -> {self.name('cs')}[i]: conv({width}, 3x3) -> relu as {x}[i + 1]"
        self.block(f"for i in range({n})", step)
        ways = [f"{x} -> concat", f"({x}[0], {x}[{n}]) -> concat", f"{x}[{n}]"]
        ways += [f"[{x}[i] for i in range({n + 1})] -> concat"]
        ways += [f"[y for y in reversed({x})] -> concat"]
        if width == at.channels:
            ways += [f"{x} -> sum", f"{x} -> mean", f"{x}[0] + {x}[{n}]", f"{x}[1] * {x}[{n}]"]
            ways += [f"{x}[1] - 2 * {x}[{n}]", f"1 - {x}[{n}]"]
        self.line(f"from {self.dice.choice(ways)}")
        self.narrowed(at)

    def appended(self, at: Stream, depth: int) -> None:
        """Values that are each made of all before."""
        x = self.name("xs")
        self.line(f"identity as {x}[0]")
        step = f"from {x} -> concat -> {self.name('cs')}[i]: conv(8, 3x3) -> relu as {x}[i + 1]"
        self.block("for i in range(2)", step)
        self.line(f"from {x} -> concat")
        self.narrowed(at)

    def mapped(self, at: Stream, depth: int) -> None:
        """Several values, each taken through layers of its own."""
        x, y, c = self.name("x"), self.name("ys"), self.name("cs")
        self.line(f"identity as {x}")
        if self.chance(0.4):
            head, step = "i, k in enumerate([1x1, 3x3])", f"from {x} -> {c}[i]: conv(8, k) -> relu"
        else:
            self.line(f"conv(16, 1x1) -> relu as {x}_new")
            head = f"i, v in enumerate([{self.dice.choice((f'{x}, {x}_new', f'{x}_new, {x}'))}])"
            step = self.dice.choice(
                (
                    f"from v -> {c}[i]: conv(8, 3x3)",
                    "from v -> bn -> conv(8, 3x3) -> relu",
                    "from 1 - v -> conv(8, 1x1)",
                )
            )
        self.block(f"for {head}", f"{step} as {y}[i]")
        self.line(f"from {y} -> {self.dice.choice(('concat', 'sum', 'mean', 'mul'))}")
        self.narrowed(at)

    def u_shape(self, at: Stream, depth: int) -> None:
        """Down and up again."""
        s, up, n = self.name("skips"), self.name("up"), self.dice.choice((2, 3))
        self.block(
            f"for i in range({n})",
            f"{self.name('down')}[i]: conv(8 * 2 ** i, 3x3) -> relu as {s}[i]",
            self.dice.choice(("maxpool(3x3, stride=2, pad=1)", "maxpool(2x2, ceil=true)")),
        )
        self.line(self.conv(at))
        over = self.dice.choice((f"reversed(range({n}))", f"range({n - 1}, -1, -1)"))
        self.block(
            f"for i in {over}",
            f"resize(like={s}[i]) as {up}_big[i]",
            f"from ({s}[i], {up}_big[i]) -> concat -> {up}[i]: conv(8 * 2 ** i, 3x3) -> relu",
        )
        at.width = "8", 8

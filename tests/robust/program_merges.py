"""Merges in random specs, and values that are named."""

from __future__ import annotations

from collections.abc import Callable

from program_loops import Loops
from program_text import Stream, Width

Statement = Callable[[Stream, int], None]

# Branches that a loop or a condition makes: {0} is their width, {1} a name, {2} a condition.
BRANCHES = (
    ("for k in [1x1, 3x3] {{", "    conv({0}, k) -> relu", "}}"),
    ("for i, k in enumerate([3x3, 1x1]) {{", "    {1}[i]: conv({0}, k) -> relu", "}}"),
    ("for i in range(2) {{", '    "{1}{{i}}": {{ conv({0}, 3x3) -> bn }}', "}}"),
    ("repeat 3 as i {{", "    {1}[i]: {{ conv({0}, 3x3, dilation=i + 1) -> bn }}", "}}"),
    ("repeat 2 {{", "    conv({0}, 3x3) -> relu", "}}"),
    ("for i in range(2) {{", "    if i == 0 {{ conv({0}, 1x1) }} else {{ conv({0}, 3x3) }}", "}}"),
    ("for k, f in zip([1x1, 3x3], [relu, tanh]) {{", "    conv({0}, k) -> f", "}}"),
    ("if {2} {{", "    conv({0}, 3x3) -> bn", "}}"),
    ("if {2} {{", "    {1}: conv({0}, 3x3)", "}} else {{", "    {1}: conv({0}, 1x1)", "}}"),
    ("none", "conv({0}, 1x1)"),
)


class Merges(Loops):
    """Writes merges. Each leaves a map of the same size."""

    def statement(self, at: Stream, depth: int) -> None:
        simple = [self.chain, self.called, self.repeated, self.looped, self.widening]
        choices = simple if at.sequential or depth <= 0 else simple + self.merging()
        self.dice.choice(choices)(at, depth)
        self.mark(at)

    def merging(self) -> list[Statement]:
        """Statements that a sequence can't hold."""
        return [
            *(self.residual, self.shortcut, self.concat, self.summed, self.dense, self.split),
            *(self.parted, self.tapped, self.gated, self.resized, self.optional, self.members),
            *(self.chained, self.appended, self.mapped, self.u_shape),
        ]

    def residual(self, at: Stream, depth: int) -> None:
        before = at.width
        options = self.dice.choice(("", "", "(scale=0.2)"))
        other = self.chance(0.4)

        def inner() -> None:
            if self.chance(0.5):
                self.statement(at, depth - 1)
            self.line(self.conv(at, None if other else before))

        if other:
            self.body(f"residual{options}", inner)
            self.lines[-1] += f" skip identity else {{ conv({at.channels}, 1x1) -> bn }}"
        else:
            tail = self.dice.choice(("", " skip identity", f" skip identity if {at.condition}"))
            self.body(f"{self.label()}residual{options}", inner, tail)
        if self.chance(0.5):
            self.line("relu")

    def shortcut(self, at: Stream, depth: int) -> None:
        """Residuals whose shortcut is no plain one."""
        x, (text, divisor) = self.name("x"), self.dice.choice(at.widths)
        tails = [
            f" skip {{ conv({text}, 1x1) -> bn }}",
            f" skip identity else {{ from {x} -> {x}_skip: conv({text}, 1x1) }}",
            f" skip {{ conv({text}, 1x1) }} if {at.condition}",
            f" skip {x}_skip: {{ bn -> conv({text}, 1x1) }}",
        ]
        self.body(
            self.dice.choice(("residual", "residual(scale=0.5)")),
            lambda: self.line(f"bn -> relu as {x}", self.conv(at, (text, divisor))),
            self.dice.choice(tails),
        )

    def branch(self, at: Stream, width: Width | None, depth: int) -> None:
        """One branch of a merge, of that width."""
        kind = self.dice.random()
        if kind < 0.3 or depth <= 0:
            return self.line(f"{self.name('branch')}: {{ {self.plain(at, width)} }}")
        if kind < 0.5:
            return self.line(self.plain(at, width))
        head = self.dice.choice(("", f"{self.name('branch')}:"))

        def inner() -> None:
            if head:
                self.chain(at, depth)
            else:
                self.statement(at, depth - 1)
            self.line(self.conv(at, width))

        self.body(head, inner)

    def several(self, at: Stream, width: str) -> None:
        """Branches that a loop or a condition makes."""
        lines = self.dice.choice(BRANCHES)
        self.line(*(line.format(width, self.name("paths"), at.condition) for line in lines))

    def concat(self, at: Stream, depth: int) -> None:
        before = at.width

        def inner() -> None:
            for _ in range(self.dice.randint(1, 3)):
                at.width = before
                kind = self.dice.random()
                if kind < 0.2:
                    self.line(self.dice.choice(("identity", "maxpool(3x3, stride=1, pad=1)")))
                elif kind < 0.5:
                    self.several(at, self.dice.choice(at.widths)[0])
                else:
                    self.branch(at, None, depth - 1)
            self.line("identity")

        self.body("concat", inner)
        self.narrowed(at)

    def summed(self, at: Stream, depth: int) -> None:
        before, width = at.width, self.dice.choice(at.widths)

        def inner() -> None:
            for _ in range(self.dice.randint(1, 2)):
                at.width = before
                self.branch(at, width, depth - 1)
            at.width = before
            if self.chance(0.4):
                self.several(at, width[0])
            self.line(self.plain(at, width))

        self.body(self.dice.choice(("sum", "mean", "mul")), inner)

    def dense(self, at: Stream, depth: int) -> None:
        growth = self.dice.choice(("4", "8"))
        step = self.dice.choice(
            (
                f"bn -> relu -> conv({growth}, 3x3, bias=false)",
                f"bn -> relu -> conv(16, 1x1) -> bn -> relu -> conv({growth}, 3x3)",
                f"conv({growth}, 3x3) -> relu -> residual {{ conv({growth}, 3x3) }}",
            )
        )
        if self.chance(0.3):
            self.block("repeat 2", f"dense {{ {step} }}")
        else:
            self.block("dense", step)
        self.narrowed(at)

    def split(self, at: Stream, depth: int) -> None:
        if at.divisor % 4:
            return self.chain(at, depth)
        half, quarter = f"({at.channels}) // 2", f"({at.channels}) // 4"
        step = f"{self.name('branch')}: {{ conv({half}, 3x3) -> bn -> relu }}"
        kind = self.dice.randrange(4)
        if kind == 0:
            self.block("split(2)", "identity", step)
        elif kind == 1:
            self.block("split(2, join=sum)", "identity", step)
            return self.narrowed(at)
        elif kind == 2:
            parts = f"[{quarter}, {at.channels} - {quarter}]"
            self.block(f"split({parts})", f"conv({half}, 3x3)", f"conv({half}, 1x1) -> relu")
        else:
            self.block("split(4)", "for i in range(4) {", f"    conv({quarter}, 1x1) -> relu", "}")
        if self.chance(0.5):
            self.line("shuffle(2)")

    # Values that are named

    def parted(self, at: Stream, depth: int) -> None:
        """Parts of the channels that go their own ways."""
        a, b = self.name("p"), self.name("q")
        self.line(
            f"split([2, {at.channels} - 2]) as ({a}, {b})",
            f"from {b} -> conv({at.channels}, 3x3) -> relu as {b}_new",
            f"from ({a}, {b}_new) -> concat",
        )
        self.narrowed(at)

    def tapped(self, at: Stream, depth: int) -> None:
        x, y = self.name("x"), self.name("y")
        self.line(f"{self.conv(at)} as {x}")
        self.line(f"{self.conv(at, at.width)} as {y}")
        sums = (f"{x} + {y}", f"{x} - 2 * {y}", f"{y} * {x} + {x}", f"(1 - {x}) * {y}")
        kind = self.dice.randrange(3)
        if kind == 0:
            self.line(f"from ({x}, {y}) -> concat")
            self.narrowed(at)
        elif kind == 1:
            self.line(f"from {self.dice.choice(sums)} as {x}_both")
            self.line(f"from {x}_both - {y} / 2 -> {self.plain(at)}")
        else:
            self.line(f"from {self.dice.choice(sums)}")

    def gated(self, at: Stream, depth: int) -> None:
        gate = f"global_avgpool -> conv({at.channels}, 1x1) -> sigmoid"
        kind = self.dice.randrange(4)
        if kind == 0:
            act = self.dice.choice(("", ", act=silu", ", gate=hardsigmoid"))
            return self.line(f"{self.label()}SqueezeExcite(4{act})")
        if kind == 1:
            return self.block("mul", "identity", gate)
        x = self.name("x")
        self.line(f"identity as {x}")
        if kind == 2:
            gate = "reduce_mean([0]) -> conv(1, 3x3) -> sigmoid"
        self.line(f"{gate} as {x}_gate", f"from {x} * {x}_gate")

    def resized(self, at: Stream, depth: int) -> None:
        x = self.name("x")
        self.line(f"identity as {x}")
        smaller = ("maxpool(3x3, stride=2, pad=1)", self.conv(at, at.width, stride="2"))
        self.line(self.dice.choice(smaller), f"resize(like={x})")

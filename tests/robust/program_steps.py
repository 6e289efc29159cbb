"""Steps of random specs that stand in one line."""

from __future__ import annotations

from program_text import Stream, Text, Width

ACTS = ("relu", "relu6", "silu", "gelu", "elu", "leaky_relu(0.2)", "hardswish", "tanh", "prelu")
NORMS = ("bn", "bn(eps=1e-3)", "group_norm(2)", "layer_norm")
KERNELS = ("1x1", "3x3", "5x5", "1x3", "3x1")
ARGUMENTS = {
    "kernel": ("1x1", "3x3", "5x5"),
    "act": ("relu", "silu", "none", "leaky_relu(0.3)", "gelu", "ACTS[1]", "picked(true)"),
    "norm": ("bn", "bn(eps=1e-3)", "group_norm(2)", "none"),
    "acts": ("[relu]", "[relu, silu, tanh]", "[leaky_relu(0.1), none]", "ACTS", "ACTS[1:]"),
    "kernels": ("[1x1]", "[3x3, 5x5]", "[1x1, 3x3, 5x5]"),
    "widths": ("[8]", "[16, 8]", "[8 * (i + 1) for i in range(3)]", "WIDTHS", "wider(WIDTHS, 2)"),
    "kind": ('"wide"', '"plain"', '"other"'),
    "hidden": ("8", "WIDTHS[1]", "doubled(8)"),
    "extra": ("true", "false"),
    "n": ("1", "2", "3"),
}


class Steps(Text):
    """Writes steps. Each leaves a map of the same size."""

    def act(self, at: Stream) -> str:
        return at.act if at.act is not None and self.chance(0.5) else self.dice.choice(ACTS)

    def norm(self, at: Stream, divisor: int) -> str:
        if divisor % 2:
            return "bn"
        return at.norm if at.norm is not None and self.chance(0.5) else self.dice.choice(NORMS)

    def conv(self, at: Stream, width: Width | None = None, stride: str = "") -> str:
        """A convolution with what follows it; the stream then has that width."""
        text, divisor = width or self.dice.choice(at.widths)
        options = f", stride={stride}" if stride else ""
        if self.chance(0.2) and at.divisor % 4 == 0 and divisor % 4 == 0:
            options += f", groups={self.dice.choice((2, 4))}"
        if self.chance(0.15):
            options += ", dilation=2"
        if self.chance(0.15):
            options += self.dice.choice((", bias=true", ", bias=false"))
        steps = [f"{self.label()}conv({text}, {self.dice.choice(KERNELS)}{options})"]
        if self.chance(0.7):
            steps.append(f"{self.label()}{self.norm(at, divisor)}")
        if self.chance(0.8):
            steps.append(self.act(at))
        at.width = text, divisor
        return " -> ".join(steps)

    def plain(self, at: Stream, width: Width | None = None) -> str:
        """The same without labels."""
        return " -> ".join(step.split(": ")[-1] for step in self.conv(at, width).split(" -> "))

    def keeping(self, at: Stream) -> str:
        """Steps in one line that leave the shape as it is."""
        simple = (*NORMS, "lrn(5)", "dropout(0.1)", "identity", "layer_scale", "scale(0.5)")
        choices = [
            lambda: self.dice.choice(simple if at.divisor % 2 == 0 else ("bn", "lrn(3)")),
            lambda: self.act(at),
            lambda: f"{self.label()}depthwise({self.dice.choice(('3x3', '5x5'))}) -> bn",
            lambda: self.dice.choice(
                ("maxpool(3x3, stride=1, pad=1)", "maxpool(5x5, stride=1, pad=2)")
            ),
            lambda: "avgpool(3x3, stride=1, pad=1, count_include_pad=false)",
            lambda: self.conv(at, at.width),
            lambda: f"shuffle({2 if at.divisor % 2 == 0 else 1})",
        ]
        return self.dice.choice(choices)()

    def arguments(self, options: tuple[str, ...]) -> list[str]:
        """Some of a unit's options, settled."""
        return [
            f"{option}={self.dice.choice(ARGUMENTS[option])}"
            for option in options
            if option in ARGUMENTS and self.chance(0.5)
        ]

    def call(self, at: Stream) -> str:
        """A call of a unit that was written before."""
        unit = self.dice.choice(self.units)
        self.uses_of(unit.name)
        at.width = self.dice.choice([pair for pair in at.widths if pair[1] % 8 == 0])
        arguments = [at.channels, *self.arguments(unit.options)]
        if "unit" in unit.options and self.chance(0.5):
            arguments.append(f"unit={self.callee()}")
        return f"{self.label()}{unit.name}({', '.join(arguments)})"

    def callee(self) -> str:
        """A block or an op that takes a width, as an argument."""
        if not self.units or self.chance(0.25):
            return f"conv(kernel={self.dice.choice(('1x1', '3x3'))})"
        unit = self.dice.choice(self.units)
        arguments = self.arguments(unit.options) if self.chance(0.5) else []
        return f"{unit.name}({', '.join(arguments)})" if arguments else unit.name

    def chain(self, at: Stream, depth: int) -> None:
        steps = [self.conv(at)]
        if self.chance(0.4):
            steps.append(self.keeping(at))
        if self.chance(0.2):
            steps.append("[_, _, _]")
        self.line(" -> ".join(steps))

    def narrowed(self, at: Stream) -> None:
        """From channels that have no short name to a width."""
        at.divisor = 1
        self.line(self.conv(at))

    def called(self, at: Stream, depth: int) -> None:
        if not self.units:
            return self.chain(at, depth)
        self.line(self.call(at) + (" * 2" if self.chance(0.3) else ""))

"""Blocks of random specs: what they take, and what they do with it."""

from __future__ import annotations

from program_merges import Statement
from program_patterns import Patterns
from program_text import Stream, Unit, Width

# Parameters that a block may have beside its width, and their defaults.
OPTIONS = {
    "stride": "1",
    "kernel": "3x3",
    "act": "relu",
    "norm": "bn",
    "acts": "[relu, gelu]",
    "kernels": "[1x1, 3x3]",
    "widths": "[8, 16]",
    "kind": '"plain"',
    "hidden": "2 * width",
    "extra": "true",
    "n": "2",
}
TYPES = {"kernel": "size", "hidden": "int", "kind": "str"}
DOCS = (
    "What it does.",
    "First line.\n\n    More of it, {in braces} and 'quoted'.",
    "Ends in \\\\ one.",
)


class Blocks(Patterns):
    """Writes blocks, and what only blocks and models hold."""

    def doc(self) -> None:
        if self.chance(0.4):
            self.line(f'"""{self.dice.choice(DOCS)}"""')

    def merging(self) -> list[Statement]:
        return [*super().merging(), self.shared, self.tensor]

    def shared(self, at: Stream, depth: int) -> None:
        """One module in several places."""
        s, x = self.name("same"), self.name("x")
        self.line(f"share {s} = conv({at.channels}, 3x3)")
        kind = self.dice.randrange(4)
        if kind == 0:
            self.line(f"{s} -> relu -> {s}")
        elif kind == 1:
            self.block("repeat 2", f"{s} -> {self.dice.choice(('relu', 'bn'))}")
        elif kind == 2:
            self.line(f"{s} as {x}", f"relu -> {s} as {x}_more", f"from {x} - {x}_more")
        else:
            self.block(self.dice.choice(("sum", "mul")), s, f"relu -> {s}", "identity")

    def tensor(self, at: Stream, depth: int) -> None:
        """A tensor of the block's own."""
        x, kind = self.name("x"), self.dice.choice(("param", "const"))
        self.line(f"identity as {x}")
        self.line(f"{kind} {x}_gain [{at.channels}, 1, 1] = {self.dice.choice(('1', '0.5'))}")
        way = self.dice.randrange(4)
        if way == 0:
            self.line(f"param {x}_shift [{at.channels}, 1, 1] = 0")
            self.line(f"from {x} * {x}_gain + {x}_shift")
        elif way == 1:
            self.line(f"from {x}_gain -> sigmoid as {x}_gate", f"from {x} * {x}_gate")
        elif way == 2:
            self.line(f"from {x} -> maximum({x}_gain)")
        else:
            self.line(f"from {x} / (1 + {x}_gain)" if kind == "const" else f"from {x} * {x}_gain")

    def unit(self) -> None:
        """A block or a sequence from a map to a map of `width` channels."""
        sequence = self.chance(0.25)
        name = self.name("Seq" if sequence else self.dice.choice(("Cell", "Layer", "Block")))
        options = [o for o in OPTIONS if self.chance(0.35) or (o == "extra" and not sequence)]
        self.owner = name
        parameters = ["width", *map(self._parameter, options)]
        if self.units and self.chance(0.3):
            parameters.append(f"unit = {self.callee()}")
            options.append("unit")
        at = Stream("in.channels", 1, self._widths())
        at.act = "act" if "act" in options else None
        at.norm = "norm" if "norm" in options else None
        at.condition = "extra" if "extra" in options else "width > 8"
        at.sequential = sequence

        def inner() -> None:
            self.doc()
            if "mid" in dict(at.widths):
                self.line("let mid = width // 2")
                if self.chance(0.3):
                    self.line('require mid % 2 == 0: "{mid} is odd"')
            if sequence and "extra" in options:
                self.block("if extra", "bn")
            for option in options:
                self._option(option, at)
            for _ in range(self.dice.randint(1, 3)):
                self.statement(at, 2)
            if not sequence:
                self.block(f"if {at.condition}", "bn -> relu")
            self.line(self.conv(at, ("width", 8)))

        self.body(f"{'sequence' if sequence else 'block'} {name}({', '.join(parameters)})", inner)
        self.lines.append("")
        self.units.append(Unit(name, tuple(options)))

    def _parameter(self, option: str) -> str:
        kind = f": {TYPES[option]}" if option in TYPES and self.chance(0.3) else ""
        return f"{option}{kind} = {OPTIONS[option]}"

    def _widths(self) -> tuple[Width, ...]:
        widths = [("width", 8), ("2 * width", 8), ("width // 2", 4), ("16", 8), ("in.channels", 1)]
        if self.chance(0.4):
            widths.append(("mid", 4))
        return tuple(widths)

    def _option(self, option: str, at: Stream) -> None:
        """What a block does with a parameter."""
        if option == "stride":
            return self.line(self.conv(at, stride="stride"))
        if option == "act":
            return self.line("act")
        if option == "extra":
            return None
        if option == "unit":
            ways = ("unit(width)", "unit(width) * 2", "first: unit(width) -> unit(width)")
            self.line(self.dice.choice(ways))
        elif option == "hidden":
            self.line("conv(hidden, 1x1) -> bn -> relu -> conv(width, 3x3)")
        elif option == "kind":
            self.block('if kind == "wide"', "conv(2 * width, 3x3) -> relu -> conv(width, 1x1)")
            self.block('else if kind != "plain"', "conv(width, 3x3) -> bn -> silu")
            self.block("else", "conv(width, 3x3)")
        elif option == "norm":
            self.line("conv(width, 1x1) -> norm")
        elif option == "acts":
            self.block("for a in acts", "conv(width, 3x3) -> a")
        elif option == "kernel":
            self.line("conv(width, kernel) -> bn")
        elif option == "kernels" and not at.sequential:
            self.block("concat", "for k in kernels {", "    conv(width, k) -> relu", "}")
            self.line("conv(width, 1x1)")
        elif option == "widths":
            self.block("for w in widths", "conv(w, 3x3) -> relu")
            self.line("conv(width, 1x1)")
        else:
            times = "n" if option == "n" else "len(kernels)"
            self.line("conv(width, 1x1)")
            self.block(f"repeat {times}", "conv(width, 3x3) -> bn -> relu")
        at.width = "width", 8
        return None

"""Random specs that are right, with every construct of the language.

A `Maker` writes text from the throws of its dice: a `random.Random`, or hypothesis's, which can
then make a failing spec smaller. While it writes a body it knows the channels of the value there,
as text and by what they divide, so that all it writes fits.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import NamedTuple

ACTS = ("relu", "relu6", "silu", "gelu", "elu", "leaky_relu(0.2)", "hardswish", "tanh", "prelu")
NORMS = ("bn", "bn(eps=1e-3)", "group_norm(2)", "instance_norm(affine=true)", "layer_norm")
KERNELS = ("1x1", "3x3", "5x5", "1x3", "3x1")
FAULTS = (
    "conv(9973, 1x1, groups=7)",
    "sum { conv(8, 1x1); conv(16, 1x1) }",
    "conv(8, 99x99, pad=0)",
    "identity -> [9973, _, _]",
    "select([9973])",
    "residual { conv(9973, 1x1) } skip identity",
    "maxpool(97x97)",
)


class Program(NamedTuple):
    """Files by name; `main.arch` is the spec. `places` are lines of it behind which a step on maps
    could stand, each with what it is indented by: all are run by some variant."""

    files: dict[str, str]
    places: tuple[tuple[int, str], ...]

    @property
    def text(self) -> str:
        return self.files["main.arch"]

    def planted(self, dice: random.Random) -> tuple[str, int]:
        """The spec with a fault of shapes, and the line of that."""
        line, indent = dice.choice(self.places)
        lines = self.text.split("\n")
        lines.insert(line, indent + dice.choice(FAULTS))
        return "\n".join(lines), line + 1


class Unit(NamedTuple):
    """A block or sequence that takes one map: what it may be called with."""

    name: str
    options: tuple[str, ...]
    modular: bool = True


class Stream:
    """The value at a point of a body: its channels, and what is at hand there."""

    def __init__(
        self, channels: str, divisor: int, widths: tuple[tuple[str, int], ...], act: str | None
    ) -> None:
        self.channels = channels
        self.divisor = divisor
        self.widths = widths
        self.act = act
        self.stride: str | None = None
        self.sequential = False
        self.certain = True


class Maker:
    """Writes one program."""

    def __init__(self, dice: random.Random) -> None:
        self.dice = dice
        self.count = 0
        self.lines: list[str] = []
        self.indent = ""
        self.units: list[Unit] = []
        self.marks: list[tuple[int, str, str]] = []
        self.owner = ""
        self.used: set[str] = set()
        self.uses: dict[str, set[str]] = {}

    # Helpers

    def chance(self, probability: float) -> bool:
        return self.dice.random() < probability

    def name(self, stem: str) -> str:
        self.count += 1
        return f"{stem}{self.count}"

    def label(self) -> str:
        return f"{self.name(self.dice.choice(('part', 'unit', 'c', 'Mixed_')))}: " * self.chance(
            0.25
        )

    def line(self, text: str) -> None:
        self.lines += (self.indent + text).split("\n")

    def mark(self, at: Stream) -> None:
        """A step could stand behind the last line."""
        if at.certain and not at.sequential:
            self.marks.append((len(self.lines), self.indent, self.owner))

    def body(self, head: str, write: Callable[[], None], tail: str = "") -> None:
        """Lines between braces."""
        self.line(f"{head} {{".lstrip())
        self.indent += "    "
        write()
        self.indent = self.indent[:-4]
        self.line(f"}}{tail}")

    def doc(self) -> None:
        if self.chance(0.4):
            self.line(f'"""{self.dice.choice(DOCS)}"""')

    # Steps in one line

    def act(self, at: Stream) -> str:
        return at.act if at.act is not None and self.chance(0.5) else self.dice.choice(ACTS)

    def conv(self, at: Stream, width: tuple[str, int] | None = None, stride: str = "") -> str:
        """A convolution with what follows it; the stream then has that width."""
        text, divisor = width or self.dice.choice(at.widths)
        kernel = self.dice.choice(KERNELS)
        options = f", stride={stride}" if stride else ""
        if self.chance(0.2) and at.divisor % 4 == 0 and divisor % 4 == 0:
            options += f", groups={self.dice.choice((2, 4))}"
        if self.chance(0.15):
            options += ", dilation=2"
        if self.chance(0.15):
            options += self.dice.choice((", bias=true", ", bias=false"))
        steps = [f"{self.label()}conv({text}, {kernel}{options})"]
        if self.chance(0.7):
            norm = self.dice.choice(NORMS)
            steps.append(f"{self.label()}{norm}" if divisor % 2 == 0 else "bn")
        if self.chance(0.8):
            steps.append(self.act(at))
        at.channels, at.divisor = text, divisor
        return " -> ".join(steps)

    def keeping(self, at: Stream) -> str:
        """Steps in one line that leave the shape as it is."""
        choices = [
            lambda: self.dice.choice((*NORMS, "lrn(5)", "dropout(0.1)", "identity", "layer_scale")),
            lambda: self.act(at),
            lambda: f"{self.label()}depthwise({self.dice.choice(('3x3', '5x5'))}) -> bn",
            lambda: f"maxpool({self.dice.choice(('3x3', '5x5'))}, stride=1, pad=1)".replace(
                "5x5, stride=1, pad=1", "5x5, stride=1, pad=2"
            ),
            lambda: "avgpool(3x3, stride=1, pad=1, count_include_pad=false)",
            lambda: self.conv(at, (at.channels, at.divisor)),
            lambda: f"shuffle({2 if at.divisor % 2 == 0 else 1})",
        ]
        return self.dice.choice(choices)()

    def call(self, at: Stream, stride: str = "") -> str:
        """A call of a unit that was written before."""
        unit = self.dice.choice(self.units)
        self.uses.setdefault(self.owner, set()).add(unit.name)
        wide = [pair for pair in at.widths if pair[1] % 8 == 0]
        text, divisor = self.dice.choice(wide)
        arguments = [text]
        for option in unit.options:
            if option == "stride" and stride:
                arguments.append(f"stride={stride}")
            elif option != "stride" and self.chance(0.5):
                arguments.append(f"{option}={self.dice.choice(ARGUMENTS[option])}")
        at.channels, at.divisor = text, divisor
        return f"{self.label()}{unit.name}({', '.join(arguments)})"

    # Statements: each leaves a map of the same size

    def statement(self, at: Stream, depth: int) -> None:
        simple = [self.chain, self.chain, self.called, self.repeated, self.looped]
        merging = [self.residual, self.concat, self.summed, self.dense, self.split, self.tapped]
        merging += [self.gated, self.tensor, self.resized, self.family, self.optional, self.parted]
        choices = simple if at.sequential or depth <= 0 else simple + merging
        self.dice.choice(choices)(at, depth)
        self.mark(at)

    def chain(self, at: Stream, depth: int) -> None:
        steps = [self.conv(at)]
        if self.chance(0.4):
            steps.append(self.keeping(at))
        if self.chance(0.2):
            steps.append("[_, _, _]")
        self.line(" -> ".join(steps))

    def called(self, at: Stream, depth: int) -> None:
        if not self.units:
            return self.chain(at, depth)
        times = self.chance(0.3)
        self.line(self.call(at) + (" * 2" if times else ""))

    def repeated(self, at: Stream, depth: int) -> None:
        """A body that keeps its channels, several times."""
        times = self.dice.choice(("2", "3", "(1 + 1)"))
        inner = self.conv(at, (at.channels, at.divisor))
        if self.chance(0.5):
            return self.line(f"{self.label()}{{ {inner} }} * {times}")
        if depth <= 0 or at.sequential:
            return self.body(f"repeat {times}", lambda: self.line(self._unlabelled(inner)))
        self.body(f"repeat {times}", lambda: self.kept(at, depth - 1))

    def _unlabelled(self, steps: str) -> str:
        return " -> ".join(step.split(": ")[-1] for step in steps.split(" -> "))

    def kept(self, at: Stream, depth: int) -> None:
        """A statement without labels, after which the channels are what they were."""
        self.line(self._unlabelled(self.conv(at, (at.channels, at.divisor))))

    def looped(self, at: Stream, depth: int) -> None:
        """Over a list of kernels or of widths."""
        if self.chance(0.5):
            kernels = ", ".join(self.dice.choice(("1x1", "3x3", "5x5")) for _ in range(2))
            step = f"conv({at.channels}, k) -> {self.dice.choice(('bn', 'relu'))}"
            self.body(f"for k in [{kernels}]", lambda: self.line(step))
            return
        widths = [self.dice.choice((8, 16, 24)) for _ in range(2)]
        self.body(
            f"for w in [{', '.join(map(str, widths))}]",
            lambda: self.line("conv(w, 3x3) -> bn -> relu"),
        )
        at.channels, at.divisor = str(widths[-1]), 8

    def residual(self, at: Stream, depth: int) -> None:
        before = at.channels, at.divisor
        options = self.dice.choice(("", "", "(scale=0.2)"))
        other = self.chance(0.4)

        def inner() -> None:
            if self.chance(0.5):
                self.statement(at, depth - 1)
            self.line(self.conv(at, None if other else before))

        target = " skip identity else {{ conv(%s, 1x1) -> bn }}"
        if not other:
            self.body(
                f"{self.label()}residual{options}", inner, self.dice.choice(("", " skip identity"))
            )
        else:
            self.body(f"residual{options}", inner)
            self.lines[-1] += target % at.channels
        if self.chance(0.5):
            self.line("relu")

    def branch(self, at: Stream, width: tuple[str, int] | None, depth: int) -> None:
        """One branch of a merge, of that width."""
        kind = self.dice.random()
        if kind < 0.4 or depth <= 0:
            self.line(f"{self.name('branch')}: {{ {self._unlabelled(self.conv(at, width))} }}")
        elif kind < 0.7:
            self.line(self._unlabelled(self.conv(at, width)))
        else:

            def inner() -> None:
                self.chain(at, depth - 1)
                self.line(self.conv(at, width))

            self.body(self.dice.choice(("", f"{self.name('branch')}:")), inner)

    def concat(self, at: Stream, depth: int) -> None:
        before = at.channels, at.divisor
        widths: list[tuple[str, int]] = []

        def inner() -> None:
            for _ in range(self.dice.randint(2, 3)):
                at.channels, at.divisor = before
                if self.chance(0.2):
                    self.line(self.dice.choice(("identity", "maxpool(3x3, stride=1, pad=1)")))
                else:
                    self.branch(at, None, depth - 1)
                widths.append((at.channels, at.divisor))

        self.body("concat", inner)
        at.channels = " + ".join(text for text, _ in widths)
        at.divisor = 4 if all(divisor % 4 == 0 for _, divisor in widths) else 1
        self.narrowed(at)

    def narrowed(self, at: Stream) -> None:
        """Back to a width that has a short name."""
        self.line(self.conv(at))

    def summed(self, at: Stream, depth: int) -> None:
        before = at.channels, at.divisor
        width = self.dice.choice(at.widths)

        def inner() -> None:
            for _ in range(2):
                at.channels, at.divisor = before
                self.branch(at, width, depth - 1)

        self.body(self.dice.choice(("sum", "mean", "mul")), inner)

    def dense(self, at: Stream, depth: int) -> None:
        growth = self.dice.choice((4, 8))
        self.body("dense", lambda: self.line(f"bn -> relu -> conv({growth}, 3x3, bias=false)"))
        at.divisor = 1
        self.narrowed(at)

    def split(self, at: Stream, depth: int) -> None:
        if at.divisor % 2:
            return self.chain(at, depth)
        half = f"({at.channels}) // 2"

        def inner() -> None:
            self.line("identity")
            self.line(f"{self.name('branch')}: {{ conv({half}, 3x3) -> bn -> relu }}")

        self.body("split(2)", inner)
        if self.chance(0.5):
            self.line("shuffle(2)")

    def parted(self, at: Stream, depth: int) -> None:
        """Parts of the channels that go their own ways."""
        a, b = self.name("p"), self.name("q")
        self.line(f"split([2, {at.channels} - 2]) as ({a}, {b})")
        self.line(f"from {b} -> conv({at.channels}, 3x3) -> relu as {b}_new")
        self.line(f"from ({a}, {b}_new) -> concat")
        at.divisor = 1
        self.narrowed(at)

    def tapped(self, at: Stream, depth: int) -> None:
        x, y = self.name("x"), self.name("y")
        self.line(f"{self.conv(at)} as {x}")
        width = at.channels, at.divisor
        self.line(f"{self.conv(at, width)} as {y}")
        if self.chance(0.5):
            self.line(
                f"from {self.dice.choice((f'{x} + {y}', f'{x} - 2 * {y}', f'{y} * {x} + {x}'))}"
            )
        else:
            self.line(f"from ({x}, {y}) -> concat")
            self.narrowed(at)

    def gated(self, at: Stream, depth: int) -> None:
        if self.chance(0.4):
            act = self.dice.choice(("", ", act=silu", ", gate=hardsigmoid"))
            return self.line(f"{self.label()}SqueezeExcite(4{act})")
        x = self.name("x")
        self.line(f"identity as {x}")
        self.line(f"global_avgpool -> conv({at.channels}, 1x1) -> sigmoid as {x}_gate")
        self.line(f"from {x} * {x}_gate")

    def tensor(self, at: Stream, depth: int) -> None:
        x = self.name("x")
        kind = self.dice.choice(("param", "const"))
        self.line(f"identity as {x}")
        self.line(f"{kind} {x}_gain [{at.channels}, 1, 1] = {self.dice.choice(('1', '0.5'))}")
        self.line(f"from {x} * {x}_gain")

    def resized(self, at: Stream, depth: int) -> None:
        x = self.name("x")
        self.line(f"identity as {x}")
        if self.chance(0.5):
            return self.line(f"maxpool(3x3, stride=2, pad=1) -> resize(like={x})")
        self.line(self.conv(at, stride="2"))
        self.line(f"resize(like={x})")

    def family(self, at: Stream, depth: int) -> None:
        stem = self.name("convs")
        if self.chance(0.5):
            self.body(
                "for i in range(3)",
                lambda: self.line(f"{stem}[i]: conv({at.channels}, 3x3) -> relu"),
            )
            return
        x = self.name("x")
        self.line(f"identity as {x}")
        self.body(
            "for i, k in enumerate([1x1, 3x3])",
            lambda: self.line(f"from {x} -> {stem}[i]: conv(8, k) -> relu as {x}_of[i]"),
        )
        self.line(f"from {x}_of -> {self.dice.choice(('concat', 'sum', 'mean'))}")
        at.channels, at.divisor = "8", 8
        if self.lines[-1].endswith("concat"):
            at.channels = "16"

    def optional(self, at: Stream, depth: int) -> None:
        if not any(text == "width" for text, _ in at.widths):
            return self.chain(at, depth)
        certain, at.certain = at.certain, False
        before = at.channels, at.divisor
        condition = self.dice.choice(("extra", "width > 8", "width % 16 == 0", "not extra"))
        self.body(f"if {condition}", lambda: self.line(self.conv(at, before)))
        if self.chance(0.5):
            self.lines[-1] += " else {"
            self.indent += "    "
            self.line(self.conv(at, before))
            self.indent = self.indent[:-4]
            self.line("}")
        at.certain = certain

    # Definitions

    def unit(self) -> None:
        """A block or a sequence from a map to a map of `width` channels."""
        sequence = self.chance(0.25)
        name = self.name("Seq" if sequence else self.dice.choice(("Unit", "Layer", "Block")))
        options = tuple(o for o in ARGUMENTS if self.chance(0.5) or (o == "extra" and not sequence))
        self.owner = name
        parameters = ["width", *(f"{o} = {DEFAULTS[o]}" for o in options)]
        at = self.stream(options)
        at.sequential = sequence

        def inner() -> None:
            self.doc()
            if "mid" in dict(at.widths):
                self.line("let mid = width // 2")
                if self.chance(0.3):
                    self.line('require mid % 2 == 0: "{mid} is odd"')
            if "stride" in options:
                self.line(self.conv(at, stride="stride"))
            if "act" in options:
                self.line("act")
            if "unit" in options:
                self.line("unit(width)")
                at.channels, at.divisor = "width", 8
            if "kernel" in options:
                self.line("conv(width, kernel) -> bn")
                at.channels, at.divisor = "width", 8
            if "n" in options:
                self.body("repeat n", lambda: self.line(f"conv({at.channels}, 3x3) -> bn -> relu"))
            for _ in range(self.dice.randint(1, 3)):
                self.statement(at, 2)
            if not sequence:
                extra = "if extra" if "extra" in options else "if width > 8"
                self.body(extra, lambda: self.line("bn -> relu"))
            self.line(self.conv(at, ("width", 8)))

        if "unit" in options and self.units:
            plain = self.dice.choice(self.units).name
            self.uses.setdefault(name, set()).add(plain)
            parameters = [p.replace("= Plain", f"= {plain}") for p in parameters]
        self.body(f"{'sequence' if sequence else 'block'} {name}({', '.join(parameters)})", inner)
        self.lines.append("")
        self.units.append(Unit(name, tuple(o for o in options if o != "unit")))

    def stream(self, options: tuple[str, ...]) -> Stream:
        widths = [("width", 8), ("2 * width", 8), ("width // 2", 4), ("16", 8), ("in.channels", 1)]
        if self.chance(0.4):
            widths.append(("mid", 4))
        return Stream("in.channels", 1, tuple(widths), "act" if "act" in options else None)

    def cross(self) -> str:
        """A block of several inputs and results."""
        name = self.name("Cross")
        self.owner = name
        self.line(f"block {name}(width) in (left, right) -> (first, second) {{")
        self.line("    from left -> conv_left: conv(width, 3x3) -> bn as a")
        self.line("    from right -> conv_right: conv(width, 3x3) as b")
        self.line(self.dice.choice(("    from a + b -> relu as first", "    from a * b as first")))
        self.line("    from (first, b) -> concat -> conv(width, 1x1) as second")
        self.lines += ["}", ""]
        return name

    def fuse(self) -> str:
        """A block of a list of maps."""
        name = self.name("Fuse")
        self.line(f"block {name}(width) in (c[]) -> (p[]) {{")
        self.line("    for i in range(len(c)) {")
        self.line("        from c[i] -> lateral[i]: conv(width, 1x1) -> relu as p[i]")
        self.lines += ["    }", "}", ""]
        return name

    def nested(self) -> str:
        """A block that uses itself."""
        name = self.name("Nested")
        self.line(f"block {name}(depth, width) {{")
        self.line("    if depth == 0 {")
        self.line("        conv(width, 3x3) -> bn -> relu")
        self.line("    } else {")
        self.line("        sum {")
        self.line("            here: { conv(width, 3x3) -> bn -> relu }")
        self.line(
            f"            {{ maxpool(3x3, stride=1, pad=1) -> inner: {name}(depth - 1, width) }}"
        )
        self.lines += ["        }", "    }", "}", ""]
        return name

    def model(self) -> None:
        """The model, and its variants."""
        cross = self.cross() if self.chance(0.4) else ""
        fuse = self.fuse() if self.chance(0.4) else ""
        nested = self.nested() if self.chance(0.3) else ""
        self.owner = "Net"
        side = self.dice.choice((16, 24, 32))
        aux = self.chance(0.4)
        if aux:
            self.line("block Side(num_classes) {")
            self.line(
                "    conv(8, 1x1) -> relu -> global_avgpool -> flatten -> linear(num_classes)"
            )
            self.lines += ["}", ""]
        two = self.chance(0.2)
        widths = (("width", 8), ("2 * width", 8), ("16", 8), ("width // 2", 4))
        at = Stream("width", 8, widths, None)
        ports = f"[3, {side}, {side}]"
        inputs = f"(left: {ports}, right: {ports})" if two else ports
        maps = self.chance(0.2)
        outputs = "[num_classes, _, _]" if maps else "[num_classes]"
        flags = ", side_heads = true" * aux
        head = (
            f"model Net(width, n = 2, extra = true{flags}, num_classes = 10): {inputs} -> {outputs}"
        )

        def inner() -> None:
            self.doc()
            if two:
                self.line("share stem = " + ("Enter(width)" if self.units else "conv(width, 3x3)"))
                self.line("from left -> stem as a")
                self.line("from right -> stem as b")
                self.line("from a + b")
            elif self.chance(0.5):
                self.body(
                    "stem",
                    lambda: self.line("conv1: conv(width, 3x3, stride=2) -> bn1: bn -> relu"),
                )
            else:
                self.line("conv(width, 3x3, stride=2) -> bn -> relu")
            self.mark(at)
            for number in range(self.dice.randint(1, 3)):
                self.stage(at, number, cross, fuse, nested)
                if aux and number == 0:
                    self.body(
                        "if side_heads",
                        lambda: self.line("aux(weight=0.3) side: Side(num_classes)"),
                    )
            if maps:
                self.line("out: conv(num_classes, 1x1)")
            elif self.chance(0.5):
                self.line("head { global_avgpool -> flatten -> fc: linear(num_classes) }")
            else:
                self.line(
                    "adaptive_avgpool(2x2) -> flatten -> dropout(0.2) -> fc: linear(num_classes)"
                )
            if self.chance(0.4):
                self.body("init", self.init)

        if two and self.units:
            self.line("block Enter(width) { conv(width, 3x3, stride=2) -> bn -> relu }")
            self.lines.append("")
        self.body(head, inner)
        self.lines.append("")
        self.line(f"variant net = Net({self.dice.choice((8, 16))})")
        self.line("variant net_wide = net(width=24, n=3)")
        self.line("variant net_other = net_wide(extra=false, num_classes=7)")
        if aux:
            self.line("variant net_alone = net(side_heads=false)")

    def stage(self, at: Stream, number: int, cross: str, fuse: str, nested: str) -> None:
        kind = self.dice.random()
        if kind < 0.35:
            at.sequential = True
            self.body(f"stage body{number}", lambda: self.statement(at, 1))
            at.sequential = False
        elif kind < 0.5 and cross:
            x = self.name("x")
            self.uses.setdefault("Net", set()).add(cross)
            self.line(f"{self.conv(at)} as {x}")
            self.line(f"from ({x}, {x}) -> {cross}(width) as ({x}_a, {x}_b)")
            self.line(f"from ({x}_a, {x}_b) -> concat")
            at.channels, at.divisor = "2 * width", 8
        elif kind < 0.6 and fuse:
            x = self.name("x")
            self.uses.setdefault("Net", set()).add(fuse)
            self.line(f"{self.conv(at)} as {x}")
            self.line(f"{self.conv(at)} as {x}_more")
            self.line(f"from [{x}, {x}_more] -> {fuse}(width) as ({x}_a, {x}_b)")
            self.line(f"from {x}_a + {x}_b")
            at.channels, at.divisor = "width", 8
        elif kind < 0.7 and nested:
            self.line(f"{self.label()}{nested}({self.dice.choice((1, 2))}, width)")
            at.channels, at.divisor = "width", 8
        else:
            self.body(self.dice.choice(("stage", "stage -> [_, _, _]")), lambda: self.steps(at))
        self.mark(at)

    def steps(self, at: Stream) -> None:
        for _ in range(self.dice.randint(1, 3)):
            self.statement(at, 2)

    def init(self) -> None:
        self.line(
            self.dice.choice(
                ('conv: kaiming_normal(mode="fan_out"), bias=0', "conv: xavier_uniform")
            )
        )
        if self.chance(0.5):
            self.line("linear: normal(std=0.01), bias=0")

    # All of it

    def program(self) -> Program:
        files: dict[str, str] = {}
        self.line('import "std:attention" (SqueezeExcite)')
        if self.chance(0.4):
            files["parts.arch"] = PARTS
            self.line('import "parts.arch" (Plain as Imported, widened)')
            self.units.append(Unit("Imported", ("stride",)))
        self.lines.append("")
        if self.chance(0.3):
            self.lines.insert(0, f'"""{self.dice.choice(DOCS)}"""\n')
            self.lines = "\n".join(self.lines).split("\n")
        self.line("let WIDTHS = [8, 16]")
        self.line("fn doubled(n) = 2 * n")
        self.lines.append("")
        for _ in range(self.dice.randint(1, 3)):
            self.unit()
        self.model()
        files["main.arch"] = "\n".join(self.lines) + "\n"
        return Program(files, self._places())

    def _places(self) -> tuple[tuple[int, str], ...]:
        """The marks in what the model uses."""
        reached = {"Net"}
        while more := {u for owner in reached for u in self.uses.get(owner, ())} - reached:
            reached |= more
        return tuple((line, indent) for line, indent, owner in self.marks if owner in reached)


DEFAULTS = {"stride": "1", "kernel": "3x3", "act": "relu", "extra": "true", "n": "2"}
ARGUMENTS = {
    "stride": ("1", "2"),
    "kernel": ("1x1", "3x3", "5x5"),
    "act": ("relu", "silu", "none", "leaky_relu(0.3)"),
    "extra": ("true", "false"),
    "n": ("1", "2", "3"),
}
DOCS = (
    "What it does.",
    "First line.\n\n    More of it, {in braces} and 'quoted'.",
    "Ends in \\\\ one.",
)
PARTS = """fn widened(width, by) = width * by

block Plain(width, stride = 1) {
    conv(width, 3x3, stride=stride) -> bn -> relu
}
"""


def make(seed: object) -> Program:
    """The program of a seed."""
    return Maker(random.Random(f"program {seed}")).program()

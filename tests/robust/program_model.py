"""The model of a random spec: its ports, its parts, its side heads, its variants."""

from __future__ import annotations

from program_blocks import Blocks
from program_text import Stream

FLAT = ("global_avgpool", "flatten")
INITS = (
    'kaiming_normal(mode="fan_out"), bias=0',
    "xavier_uniform",
    "orthogonal(gain=0.5)",
    "trunc_normal(std=0.02), bias=0.01",
    "uniform(-0.1, 0.1), bias=0.1",
)


class Models(Blocks):
    """Writes the model, and what stands around it."""

    # Blocks that it calls in ways of their own

    def cross(self) -> str:
        """A block of several inputs and results."""
        name = self.name("Cross")
        self.block(
            f"block {name}(width) in (left, right) -> (first, second)",
            "from left -> conv_left: conv(width, 3x3) -> bn as a",
            "from right -> conv_right: conv(width, 3x3) as b",
            self.dice.choice(("from a + b -> relu as first", "from a * b as first")),
            "from (first, b) -> concat -> conv(width, 1x1) as second",
        )
        return name

    def fuse(self) -> str:
        """A block of a list of maps."""
        name = self.name("Fuse")
        more = self.dice.choice(("relu", "bn", "residual { conv(width, 3x3) -> bn }"))
        self.block(
            f"block {name}(width) in (c[]) -> (p[])",
            "for i in range(len(c)) {",
            f"    from c[i] -> lateral[i]: conv(width, 1x1) -> {more} as p[i]",
            "}",
        )
        return name

    def twin(self) -> str:
        """A block of several inputs, which share their layers."""
        name = self.name("Twin")
        more = self.dice.choice(("conv(8, 3x3) -> relu", "Noise", "{ bn -> relu }"))
        self.block(
            f"block {name}(width) in (left, right) -> (both)",
            "share tower = conv(width, 3x3)",
            f"from left -> tower -> {more} -> tower_end: conv(width, 1x1) as a",
            "from right -> tower -> relu as b",
            self.dice.choice(("from a * b as both", "from (a, b) -> mean as both")),
            "init {",
            f"    conv: {self.dice.choice(INITS)}",
            "    conv in tower_end: zeros",
            "}",
        )
        return name

    def nested(self) -> str:
        """A block that uses itself."""
        name = self.name("Nested")
        self.block(
            f"block {name}(depth, width)",
            "if depth == 0 {",
            "    conv(width, 3x3) -> bn -> relu",
            "} else {",
            f"    {self.dice.choice(('sum', 'mean', 'mul'))} {{",
            "        here: { conv(width, 3x3) -> bn -> relu }",
            f"        {{ maxpool(3x3, stride=1, pad=1) -> inner: {name}(depth - 1, width) }}",
            "    }",
            "}",
        )
        return name

    # The model

    def model(self) -> None:
        """The model, and its variants."""
        makers = {
            "cross": self.cross,
            "fuse": self.fuse,
            "nested": self.nested,
            "twin": self.twin,
        }
        self.known = {kind: make() for kind, make in makers.items() if self.chance(0.4)}
        self.owner = "Net"
        self.named: list[str] = []
        self.side = self.dice.choice((16, 24, 32))
        self.two, self.maps = self.chance(0.2), self.chance(0.2)
        self.aux = self.chance(0.4)
        self.both = not self.aux and self.chance(0.2)
        self.passed = bool(self.units) and self.chance(0.3)
        if self.aux:
            steps = ("conv(8, 1x1) -> relu", *FLAT, "fc: linear(num_classes)")
            self.block("block Side(num_classes)", *steps)
        if self.two and self.units:
            self.block("block Enter(width)", "conv(width, 3x3, stride=2) -> bn -> relu")
        at = Stream("width", 8, (("width", 8), ("2 * width", 8), ("16", 8), ("width // 2", 4)))
        at.condition = "extra"
        self.body(self._signature(), lambda: self._model(at))
        self.lines.append("")
        self.variants()

    def _signature(self) -> str:
        flags = ", side_heads = true" * self.aux
        if self.passed:
            flags += f", unit = {self.callee()}"
        inputs = f"[3, {self.side}, {self.side}]"
        if self.two:
            inputs = f"(left: {inputs}, right: {inputs})"
        outputs = "[num_classes, _, _]" if self.maps else "[num_classes]"
        if self.both:
            outputs = f"(main: {outputs}, more: [num_classes])"
        parameters = f"width, n = 2, extra = true{flags}, num_classes = 10"
        return f"model Net({parameters}): {inputs} -> {outputs}"

    def _model(self, at: Stream) -> None:
        self.doc()
        if self.two:
            self.line("share stem = " + ("Enter(width)" if self.units else "conv(width, 3x3)"))
            self.line("from left -> stem as a", "from right -> stem as b", "from a + b")
        elif self.chance(0.5):
            self.block("stem", "conv1: conv(width, 3x3, stride=2) -> bn1: bn -> relu")
        else:
            self.line("conv(width, 3x3, stride=2) -> bn -> relu")
        self.mark(at)
        for number in range(self.dice.randint(1, 3)):
            self.stage(at, number)
            if self.aux and number < 2:
                label = self.dice.choice((f"extra{number}: ", ""))
                weight = self.dice.choice(("", "(weight=0.3)"))
                self.block("if side_heads", f"aux{weight} {label}Side(num_classes)")
        self._head(at)
        if self.chance(0.4):
            self.body("init", self.init)

    def _head(self, at: Stream) -> None:
        if self.both:
            self.line(f"{self.plain(at)} as last")
            self.line(" -> ".join(("from last", *FLAT, "more_fc: linear(num_classes) as more")))
            self.line("from last")
        tail = " as main" * self.both
        if self.maps:
            self.line(f"out: conv(num_classes, 1x1){tail}")
        elif self.chance(0.5):
            self.line(f"head {{ {' -> '.join(FLAT)} -> fc: linear(num_classes){tail} }}")
        else:
            steps = "adaptive_avgpool(2x2) -> flatten -> dropout(0.2) -> fc: linear(num_classes)"
            self.line(steps + tail)

    def stage(self, at: Stream, number: int) -> None:
        kind = self.dice.choice(("named", "named", "plain", "plain", *self.known))
        if self.passed and (number == 0 or self.chance(0.3)):
            kind = "passed"
        x = self.name("x")
        if kind == "named":
            at.sequential = True
            self.named.append(f"body{number}")
            self.body(f"stage body{number}", lambda: self.statement(at, 1))
            at.sequential = False
        elif kind == "plain":
            self.body(self.dice.choice(("stage", "stage -> [_, _, _]")), lambda: self.steps(at))
        elif kind == "passed":
            ways = ("unit(width) * n", "unit(width)", "repeat n { unit(width) }")
            self.line(self.dice.choice(ways))
            at.width = "width", 8
        elif kind == "cross":
            self.uses_of(self.known[kind])
            times = " * 2" * self.chance(0.3)
            self.line(f"{self.conv(at, ('width', 8))} as {x}")
            self.line(f"from ({x}, {x}) -> {self.known[kind]}(width){times} as ({x}_a, {x}_b)")
            self.line(f"from ({x}_a, {x}_b) -> concat")
            at.width = "2 * width", 8
        elif kind == "twin":
            self.uses_of(self.known[kind])
            self.line(f"{self.conv(at)} as {x}")
            self.line(f"relu -> {self.plain(at, at.width)} as {x}_more")
            self.line(f"from ({x}, {x}_more) -> {self.known[kind]}(width)")
            at.width = "width", 8
        elif kind == "fuse":
            self.uses_of(self.known[kind])
            self.fused(at, self.known[kind], x)
        else:
            self.uses_of(self.known[kind])
            depth = self.dice.choice(("1", "2", "n"))
            self.line(f"{self.label()}{self.known[kind]}({depth}, width)")
            at.width = "width", 8
        self.mark(at)

    def fused(self, at: Stream, block: str, x: str) -> None:
        self.line(f"{self.conv(at)} as {x}")
        if self.chance(0.2):
            self.line(f"{block}(width) as {x}_all", f"from {x}_all -> sum")
            at.width = "width", 8
            return
        self.line(f"{self.conv(at)} as {x}_more")
        if self.chance(0.5):
            given = self.dice.choice((f"[{x}, {x}_more]", f"[{x}, {x}_more, {x}]"))
            self.line(f"from {given} -> {block}(width) as {x}_all", f"from {x}_all -> sum")
        else:
            self.line(f"from [{x}, {x}_more] -> {block}(width) as ({x}_a, {x}_b)")
            self.line(f"from {x}_a + {x}_b")
        at.width = "width", 8

    def steps(self, at: Stream) -> None:
        for _ in range(self.dice.randint(1, 3)):
            self.statement(at, 2)

    def init(self) -> None:
        self.line(f"conv: {self.dice.choice(INITS)}")
        if self.chance(0.3):
            self.line("bn: constant(0.5), bias=0")
        if self.named and self.chance(0.4):
            self.line(f"conv in {self.dice.choice(self.named)}: normal(std=0.1)")
        if not self.maps and self.chance(0.5):
            self.line("linear: normal(std=0.01), bias=0")
        if not self.maps and self.chance(0.3):
            self.line("linear in fc: zeros")

    # Variants, and a model around it

    def variants(self) -> None:
        unit = f", unit={self.callee()}" if self.passed and self.chance(0.5) else ""
        self.line(f"variant net = Net({self.dice.choice((8, 16))})")
        self.line(f"variant net_wide = net(width=24, n=3{unit})")
        self.line("variant net_other = net_wide(extra=false, num_classes=7)")
        if self.aux:
            self.line("variant net_alone = net(side_heads=false)")
        elif not (self.two or self.both or self.maps):
            self.over()

    def over(self) -> None:
        """A model that has this one as a step, wholly or up to a part."""
        head = f"model Over(width, num_classes = 5): [3, {self.side}, {self.side}] -> [num_classes]"
        parts = self.named
        if len(parts) > 1 and self.chance(0.5):
            shared = self.chance(0.5)
            taken = f"Net(width) tap ({', '.join(parts)})"
            names = f"({', '.join(f'taken{part}' for part in parts)})"
            lines = [f"share backbone = {taken}", f"backbone as {names}"]
            self.block(
                head,
                *(lines if shared else [f"backbone: {taken} as {names}"]),
                f"from {names} -> concat -> conv(8, 1x1)",
                *FLAT,
                "last: linear(num_classes)",
            )
        elif parts and self.chance(0.7):
            more = self.dice.choice(("relu", "bn", "conv(8, 1x1)"))
            self.block(
                head,
                f"backbone: Net(width) tap ({parts[-1]}) as taken",
                f"from taken -> {more}",
                *FLAT,
                "last: linear(num_classes)",
            )
        elif self.chance(0.4):
            inner = self.dice.choice(("inner: Net(width)", "net_wide", "inner: net(num_classes=4)"))
            self.block(head, f"{inner} -> relu -> last: linear(num_classes)")
        else:
            return
        self.line("variant over = Over(8)")

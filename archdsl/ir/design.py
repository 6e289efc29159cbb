"""The design: a variant's definitions run on numbers, with a shape on every value.

Blocks and repeats are kept: an `Instance` is one definition with its arguments and input shapes,
made once and shared by all places that use it alike. `walk` expands it to single nodes.

Within an instance values are numbered: first the inputs, then what its nodes make, in order.
Nodes name their operands by these numbers, so that an instance means the same wherever it stands.
"""

from __future__ import annotations

from collections.abc import Iterator

from archdsl.ir.program import Definition, Item
from archdsl.node import Node
from archdsl.ops.op import Shape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from archdsl.ir.recipe import Recipe


class Callee(Node):
    """A block, op or extern as a compile-time value, with the arguments bound so far.

    `kind` is "op", "block" or "extern"; arguments are bound to parameters by name."""

    kind: str
    name: str
    arguments: tuple[tuple[str, Any], ...] = ()


class Observation:
    """What one run of an item saw: shapes before and after, its bound arguments; for a `For` or
    `Repeat` the list of values that the loop variable took, for an `If` the condition, for a
    `Residual` whether it was projected, for a `Let` its value. For a call of a definition or a
    parameter's callee, `value` is the `Instance` or the `Callee`."""

    __slots__ = ("arguments", "inputs", "outputs", "value")

    def __init__(
        self,
        inputs: tuple[Shape, ...],
        outputs: tuple[Shape, ...],
        arguments: dict[str, Any],
        value: Any = None,
    ) -> None:
        self.inputs = inputs
        self.outputs = outputs
        self.arguments = arguments
        self.value = value

    def __repr__(self) -> str:
        return f"Observation({self.inputs} -> {self.outputs}, {self.arguments}, {self.value!r})"


class Totals:
    """What a piece of a network amounts to, for one image.

    Side heads are counted apart (`aux_params`, `aux_macs`): they train, but don't run in use.
    `params` are those of the main network, each shared module once.
    """

    __slots__ = (
        "activations",
        "aux_macs",
        "aux_params",
        "buffers",
        "conv_activations",
        "conv_macs",
        "convs",
        "linears",
        "macs",
        "nodes",
        "params",
    )

    def __init__(self) -> None:
        self.nodes = 0
        self.params = 0
        self.buffers = 0
        self.macs = 0
        self.conv_macs = 0
        self.convs = 0
        self.linears = 0
        self.activations = 0
        self.conv_activations = 0
        self.aux_params = 0
        self.aux_macs = 0

    def add(self, other: Totals, reused: bool = False) -> None:
        """Add what another piece amounts to; a reused module brings no parameters."""
        self.nodes += other.nodes
        self.macs += other.macs
        self.conv_macs += other.conv_macs
        self.convs += other.convs
        self.linears += other.linears
        self.activations += other.activations
        self.conv_activations += other.conv_activations
        self.aux_macs += other.aux_macs
        if not reused:
            self.params += other.params
            self.buffers += other.buffers
            self.aux_params += other.aux_params

    def add_aux(self, other: Totals) -> None:
        """Add what a side head amounts to."""
        self.nodes += other.nodes
        self.buffers += other.buffers
        self.aux_params += other.params + other.aux_params
        self.aux_macs += other.macs + other.aux_macs


class Leaf:
    """One op, merge or tensor. `path` is relative to the instance; `first` numbers its first
    result. A `reused` module's parameters are counted at its first use."""

    __slots__ = ("cost", "first", "inputs", "item", "operands", "path", "reused")

    def __init__(
        self,
        item: Item,
        path: str,
        cost: Cost,
        operands: tuple[int, ...],
        first: int,
        inputs: tuple[Shape, ...],
        reused: bool = False,
    ) -> None:
        self.item = item
        self.path = path
        self.cost = cost
        self.operands = operands
        self.first = first
        self.inputs = inputs
        self.reused = reused


class Cost:
    """What an op does to a shape, and what that takes; the same for every use alike.

    `extent` and `stride` are its reach on a map; `stride` is None where it sees the whole map.
    `centres`: a constant that is added to each channel before it doesn't show.
    """

    __slots__ = (
        "activations",
        "arguments",
        "buffers",
        "centres",
        "counted",
        "extent",
        "linear",
        "local",
        "macs",
        "op",
        "outputs",
        "params",
        "stride",
        "weighted",
    )

    def __init__(
        self,
        op: str,
        outputs: tuple[Shape, ...],
        *,
        arguments: dict[str, Any] | None = None,
        params: int = 0,
        buffers: int = 0,
        macs: int = 0,
        activations: int = 0,
        extent: tuple[Any, Any] = (1, 1),
        stride: tuple[Any, Any] | None = (1, 1),
        weighted: bool = False,
        linear: bool = False,
        centres: bool = False,
    ) -> None:
        self.op = op
        self.outputs = outputs
        self.arguments = arguments if arguments is not None else {}
        self.params = params
        self.buffers = buffers
        self.macs = macs
        self.activations = activations
        self.extent = extent
        self.stride = stride
        self.local = extent == (1, 1) and stride == (1, 1)
        self.weighted = weighted
        self.counted = weighted or params > 0 or macs > 0 or buffers > 0
        self.linear = linear
        self.centres = centres


class Sub:
    """A definition's use; its results are numbered from `first`."""

    __slots__ = ("first", "instance", "item", "operands", "path", "reused")

    def __init__(
        self,
        item: Item,
        path: str,
        instance: Instance,
        operands: tuple[int, ...],
        first: int,
        reused: bool = False,
    ) -> None:
        self.item = item
        self.path = path
        self.instance = instance
        self.operands = operands
        self.first = first
        self.reused = reused


class Section:
    """A part, a named group, a container of repeats or a side head: nodes that belong together.

    `kind` is "stem", "stage", "head", "group", "repeat" or "aux"; unnamed parts have no path.
    """

    __slots__ = ("inputs", "item", "kind", "nodes", "outputs", "path", "totals")

    def __init__(self, item: Item, kind: str, path: str, inputs: tuple[Shape, ...]) -> None:
        self.item = item
        self.kind = kind
        self.path = path
        self.inputs = inputs
        self.outputs: tuple[Shape, ...] = ()
        self.nodes: list[Leaf | Sub | Section] = []
        self.totals = Totals()


class AuxHead(Node):
    """A side head: its path, what it returns, and the weight of its loss."""

    path: str
    output: Shape
    weight: float | None


class Instance:
    """One definition with arguments and input shapes.

    `observed` maps an item's uid to what its runs saw, in order, without repetition.
    `inputs` and `outputs` are flat; `structure` tells how they fall to the ports: for each port
    (inputs, then outputs) the number of values of a list, or None for a single value.
    `results` are the numbers of the values that leave it; `batched` tells which of them have a batch
    (what is made of learned tensors alone has none); `reach` says for each of them, and each input,
    how deep and how wide the way is between the two.
    """

    __slots__ = (
        "arguments",
        "aux",
        "batched",
        "definition",
        "failed",
        "inputs",
        "nodes",
        "observed",
        "outputs",
        "reach",
        "results",
        "structure",
        "totals",
    )

    definition: Definition
    arguments: dict[str, Any]
    inputs: tuple[Shape, ...]
    outputs: tuple[Shape, ...]
    observed: dict[int, list[Observation]]
    nodes: tuple[Any, ...]
    totals: Totals
    results: tuple[int, ...]
    batched: tuple[bool, ...]
    reach: tuple[Any, ...]
    structure: Any
    aux: tuple[AuxHead, ...]
    failed: bool

    @property
    def depth(self) -> int:
        """Weighted layers along the longest way from an input to an output."""
        return max((way[0] for reach in self.reach for way in reach if way is not None), default=0)

    @property
    def receptive_field(self) -> tuple[int, int]:
        """Height and width of the input that a place of the last local map depends on."""
        ways = [way for reach in self.reach for way in reach if way is not None]
        tall = max((way[1] for way in ways), default=0)
        wide = max((way[2] for way in ways), default=0)
        return 1 - int(-tall // 1), 1 - int(-wide // 1)


class Step:
    """One node of the expanded network.

    `path` is its module's path in the generated PyTorch; a functional node has one of its own.
    A module called several times has its path several times, its parameters once. `operands`
    are (index of the step, number of its result); an input of the model has index -1.
    """

    __slots__ = ("aux", "index", "inputs", "item", "leaf", "operands", "path", "reused")

    def __init__(
        self,
        index: int,
        path: str,
        leaf: Leaf,
        operands: tuple[tuple[int, int], ...],
        aux: bool,
        reused: bool,
    ) -> None:
        self.index = index
        self.path = path
        self.leaf = leaf
        self.item = leaf.item
        self.inputs = leaf.inputs
        self.operands = operands
        self.aux = aux
        self.reused = reused

    @property
    def op(self) -> str:
        return self.leaf.cost.op

    @property
    def outputs(self) -> tuple[Shape, ...]:
        return self.leaf.cost.outputs

    @property
    def output(self) -> Shape:
        return self.leaf.cost.outputs[0]

    @property
    def params(self) -> int:
        return 0 if self.reused else self.leaf.cost.params

    @property
    def macs(self) -> int:
        return self.leaf.cost.macs

    @property
    def weighted(self) -> bool:
        """Whether it counts towards the depth."""
        return self.leaf.cost.weighted

    @property
    def arguments(self) -> dict[str, Any]:
        return self.leaf.cost.arguments


class Row:
    """A node of the tree that the summary shows: the model, a part, a block, or a single op.

    `op` is the op's or definition's name, or the section's kind; `children` are made on demand.
    """

    __slots__ = ("_node", "aux", "op", "path", "reused")

    def __init__(
        self, path: str, op: str, node: Any, aux: bool = False, reused: bool = False
    ) -> None:
        self.path = path
        self.op = op
        self.aux = aux
        self.reused = reused
        self._node = node

    @property
    def kind(self) -> str:
        """ "op", "block", "sequence", "model", or a section's kind."""
        node = self._node
        if isinstance(node, Leaf):
            return "op"
        return node.kind if isinstance(node, Section) else str(node.definition.kind)

    @property
    def inputs(self) -> tuple[Shape, ...]:
        return tuple(self._node.inputs)

    @property
    def outputs(self) -> tuple[Shape, ...]:
        node = self._node
        return node.cost.outputs if isinstance(node, Leaf) else tuple(node.outputs)

    @property
    def totals(self) -> Totals:
        """What it amounts to; a reused module's parameters are in the figures of its first use."""
        node = self._node
        result = Totals()
        if isinstance(node, Leaf):
            count(result, node.cost, self.reused)
        else:
            result.add(node.totals, self.reused)
        return result

    @property
    def params(self) -> int:
        totals = self.totals
        return totals.params + totals.aux_params

    @property
    def macs(self) -> int:
        return self.totals.macs

    @property
    def arguments(self) -> dict[str, Any]:
        node = self._node
        if isinstance(node, Leaf):
            return node.cost.arguments
        return node.arguments if isinstance(node, Instance) else {}

    @property
    def depth(self) -> int:
        """Weighted layers along its longest way."""
        node = self._node
        if isinstance(node, Leaf):
            return int(node.cost.weighted)
        if isinstance(node, Instance):
            return node.depth
        return max((child.depth for child in self.children), default=0)

    @property
    def receptive_field(self) -> tuple[int, int] | None:
        """What a place of its output sees of its input; None for a section."""
        node = self._node
        if isinstance(node, Leaf):
            return node.cost.extent
        return node.receptive_field if isinstance(node, Instance) else None

    @property
    def children(self) -> Iterator[Row]:
        node = self._node
        if isinstance(node, Leaf):
            return
        prefix = self.path if isinstance(node, Instance) else None
        base = self.path[: len(self.path) - len(node.path)] if prefix is None else prefix
        for child in node.nodes:
            yield self._child(child, base.rstrip("."))

    def _child(self, child: Any, base: str) -> Row:
        path = join(base, child.path)
        if isinstance(child, Leaf):
            return Row(path, child.cost.op, child, self.aux, child.reused or self.reused)
        if isinstance(child, Section):
            aux = self.aux or child.kind == "aux"
            return Row(path, child.kind, child, aux, self.reused)
        name = child.instance.definition.name
        return Row(path, name, child.instance, self.aux, child.reused or self.reused)


def join(prefix: str, path: str, joint: str = ".") -> str:
    """Two parts of a path; either may be empty."""
    return f"{prefix}{joint}{path}" if prefix and path else prefix or path


def count(totals: Totals, cost: Cost, reused: bool) -> None:
    """Add one node's figures."""
    totals.nodes += 1
    totals.activations += cost.activations
    if not cost.counted:
        return
    totals.macs += cost.macs
    if not reused:
        totals.params += cost.params
        totals.buffers += cost.buffers
    if not cost.weighted:
        return
    if cost.linear:
        totals.linears += 1
        return
    totals.convs += 1
    totals.conv_macs += cost.macs
    totals.conv_activations += cost.activations


class Design(Node):
    """A variant, checked: the instance of its model, and what leaves it.

    `inputs` and `outputs` are names and shapes ("in" and None where unnamed). `overridden` tells
    that the input is not the declared one; `notes` say what was left unchecked for that. The first
    of the `recipes` is how it is trained unless another is asked for.
    """

    variant: str | None
    model: str
    root: Instance
    inputs: tuple[tuple[str, Shape], ...]
    outputs: tuple[tuple[str | None, Shape], ...]
    overridden: bool = False
    notes: tuple[str, ...] = ()
    recipes: tuple[Recipe, ...] = ()

    @property
    def name(self) -> str:
        return self.variant or self.model

    @property
    def totals(self) -> Totals:
        return self.root.totals

    @property
    def params(self) -> int:
        """Trainable parameters, those of side heads included."""
        return self.totals.params + self.totals.aux_params

    @property
    def macs(self) -> int:
        """Multiply-adds of one image in use: side heads don't run."""
        return self.totals.macs

    @property
    def depth(self) -> int:
        return self.root.depth

    @property
    def receptive_field(self) -> tuple[int, int]:
        return self.root.receptive_field

    @property
    def activations(self) -> int:
        """Elements of all values that the forward pass stores for one image."""
        return self.totals.activations

    @property
    def aux(self) -> tuple[AuxHead, ...]:
        return self.root.aux

    def walk(self) -> Iterator[Step]:
        """Every node of the expanded network, in the order it runs, made one at a time."""
        return walk(self.root)

    def idle(self) -> set[int]:
        """The indices of the steps whose results go nowhere: no output or side head has a use for
        them."""
        ends: list[tuple[int, int]] = []
        steps = list(walk(self.root, ends))
        used = {index for index, _ in ends}
        for step in reversed(steps):
            if step.aux or step.index in used:
                used.update(index for index, _ in step.operands)
                used.add(step.index)
        return {step.index for step in steps if step.index not in used}

    def tree(self) -> Row:
        """The network as blocks within blocks."""
        return Row("", self.model, self.root)

    def instances(self) -> Iterator[Instance]:
        """Every distinct instance, users after what they use."""
        seen: set[int] = set()
        yield from _instances(self.root, seen)


def _instances(instance: Instance, seen: set[int]) -> Iterator[Instance]:
    if id(instance) in seen:
        return
    seen.add(id(instance))
    for node in flat(instance.nodes):
        if isinstance(node, Sub):
            yield from _instances(node.instance, seen)
    yield instance


def flat(nodes: Any) -> Iterator[Leaf | Sub]:
    """The leaves and uses of an instance, without its sections."""
    for node in nodes:
        if isinstance(node, Section):
            yield from flat(node.nodes)
        else:
            yield node


class _Frame:
    """An instance being expanded: where it stands, and what its values are."""

    __slots__ = ("aux", "nodes", "prefix", "reused", "use", "values")

    def __init__(
        self,
        use: Sub | None,
        instance: Instance,
        prefix: str,
        values: list[tuple[int, int]],
        aux: bool,
        reused: bool,
    ) -> None:
        self.use = use
        self.prefix = prefix
        self.nodes = _marked(instance.nodes, aux)
        self.values: dict[int, tuple[int, int]] = dict(enumerate(values))
        self.aux = aux
        self.reused = reused


def _marked(nodes: Any, aux: bool) -> Iterator[tuple[Leaf | Sub, bool]]:
    for node in nodes:
        if isinstance(node, Section):
            yield from _marked(node.nodes, aux or node.kind == "aux")
        else:
            yield node, aux


def walk(root: Instance, ends: list[tuple[int, int]] | None = None) -> Iterator[Step]:
    """Expand an instance. Memory stays with the depth of the nesting, not with the size. What its
    results are is added to `ends`."""
    index = 0
    stack = [_Frame(None, root, "", [(-1, k) for k in range(len(root.inputs))], False, False)]
    while stack:
        frame = stack[-1]
        entry = next(frame.nodes, None)
        if entry is None:
            stack.pop()
            if frame.use is not None:
                _leave(frame.use, frame, stack)
            elif ends is not None:
                ends += [frame.values[number] for number in root.results]
            continue
        node, aux = entry
        operands = tuple(frame.values[number] for number in node.operands)
        path = join(frame.prefix, node.path)
        reused = frame.reused or node.reused
        if isinstance(node, Sub):
            stack.append(_Frame(node, node.instance, path, list(operands), aux, reused))
            continue
        for position in range(len(node.cost.outputs)):
            frame.values[node.first + position] = (index, position)
        yield Step(index, path, node, operands, aux, reused)
        index += 1


def _leave(use: Sub, frame: _Frame, stack: list[_Frame]) -> None:
    outer = stack[-1].values
    for position, number in enumerate(use.instance.results):
        outer[use.first + position] = frame.values[number]

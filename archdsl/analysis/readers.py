"""Who reads what: warnings that a whole network has to be seen for.

A convolution has its bias in vain if each of its uses leads to a norm that takes the bias away, and
to nothing else (W601). A step is there in vain if nothing takes what it makes, in any network of
the file (W609).
"""

from __future__ import annotations

from archdsl.analysis.merge import head
from archdsl.analysis.plans import default_bias
from archdsl.diagnostics import Diagnostic, Label
from archdsl.ir import program as p
from archdsl.ir.design import Instance, Leaf, Section, Sub

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from archdsl.ir.design import Design
    from archdsl.source import Span

# What hands a constant of each channel on as it is, to where a norm may take it away.
_PASSING = frozenset(("add", "sub", "concat"))
VANISHES, SHOWS = -1, -2


class _Graph:
    """An instance's nodes, and for each value the nodes that take it, with the place it takes."""

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self._readers: dict[int, list[tuple[Leaf | Sub, int]]] | None = None
        self.main: list[Leaf | Sub] = []
        self.side: list[Leaf | Sub] = []
        self.uses: list[tuple[_Graph, Sub]] = []
        self._add(instance.nodes, self.main)

    def _add(self, nodes: Iterable[Any], kept: list[Leaf | Sub]) -> None:
        for node in nodes:
            if isinstance(node, Section):
                self._add(node.nodes, self.side if node.kind == "aux" else kept)
                continue
            kept.append(node)

    @property
    def readers(self) -> dict[int, list[tuple[Leaf | Sub, int]]]:
        # Made when asked for: most instances are of definitions of which enough is known.
        if self._readers is None:
            self._readers = {}
            for node in (*self.main, *self.side):
                for place, number in enumerate(node.operands):
                    self._readers.setdefault(number, []).append((node, place))
        return self._readers

    def results_of(self, node: Leaf | Sub) -> range:
        outputs = node.instance.outputs if isinstance(node, Sub) else node.cost.outputs
        return range(node.first, node.first + len(outputs))


class Readers:
    """The networks of a file, each distinct part once."""

    def __init__(self, designs: Iterable[Design]) -> None:
        self.graphs: dict[int, _Graph] = {}
        self._fates: dict[tuple[int, int], int] = {}
        todo = [design.root for design in designs]
        self.roots = set(map(id, todo))
        while todo:
            instance = todo.pop()
            if id(instance) in self.graphs:
                continue
            graph = self.graphs[id(instance)] = _Graph(instance)
            todo += [node.instance for node in graph.main + graph.side if isinstance(node, Sub)]
        for graph in self.graphs.values():
            for node in graph.main + graph.side:
                if isinstance(node, Sub):
                    self.graphs[id(node.instance)].uses.append((graph, node))

    # Steps that nothing takes

    def untaken(self, program: p.Program) -> Iterator[Diagnostic]:
        """A finding for each step whose result no network of the file has a use for."""
        taken: set[int] = set()
        idle: dict[int, p.Item] = {}
        for graph in self.graphs.values():
            if not _written(graph.instance.definition, program):
                continue
            leaving = set(graph.instance.results)
            for node in graph.main:
                item = node.item
                if item.uid in taken:
                    continue
                others = (
                    number in leaving
                    or any(n.item.uid != item.uid for n, _ in graph.readers.get(number, ()))
                    for number in graph.results_of(node)
                )
                if any(others):
                    taken.add(item.uid)
                elif not item.targets and not isinstance(item, p.Tensor):
                    idle.setdefault(item.uid, item)
        for uid, item in sorted(idle.items()):
            if uid not in taken:
                yield _warning(
                    "W609",
                    "nothing takes what this makes",
                    _place(item),
                    "take it out, or name it with `as` and go on from it",
                )

    # Biases before norms

    def biases(self) -> Iterator[Diagnostic]:
        """A finding for each convolution whose bias the norms after it always take away."""
        vain: dict[Span, bool] = {}
        words: dict[Span, str] = {}
        for graph in self.graphs.values():
            for node in graph.main + graph.side:
                if isinstance(node, Leaf) and _bias_unasked(node):
                    assert isinstance(node.item, p.Call)
                    span = node.item.callee_span
                    if vain.get(span) is False:
                        continue
                    words[span] = "linear layer" if node.cost.linear else "convolution"
                    vain[span] = vain.get(span, True) and self._vanishes(graph, node.first)
        for span, word in words.items():
            if vain[span]:
                yield _warning(
                    "W601",
                    f"this {word} keeps its bias, and a norm that follows removes it",
                    span,
                    "say `bias=false`, or `bias=true` if it is meant",
                    text="has a bias",
                    notes=("the bias is left out where the norm is the next step by text",),
                )

    def _vanishes(self, graph: _Graph, number: int) -> bool:
        """Whether a constant of each channel in a value never shows, wherever the instance stands."""
        fate = self._fate(graph, number)
        if fate < 0:
            return fate == VANISHES
        if id(graph.instance) in self.roots:
            return False
        return all(self._vanishes(outer, use.first + fate) for outer, use in graph.uses)

    def _fate(self, graph: _Graph, number: int) -> int:
        """What becomes of such a constant in an instance: a norm takes it away, it shows, or it
        leaves by the result of this number."""
        key = (id(graph.instance), number)
        if key not in self._fates:
            self._fates[key] = self._followed(graph, number)
        return self._fates[key]

    def _followed(self, graph: _Graph, number: int) -> int:
        while True:
            readers = graph.readers.get(number, [])
            exits = [place for place, n in enumerate(graph.instance.results) if n == number]
            if len(readers) + len(exits) != 1:
                return SHOWS
            if exits:
                return exits[0]
            node, place = readers[0]
            if isinstance(node, Sub):
                inner = self._fate(self.graphs[id(node.instance)], place)
                if inner < 0:
                    return inner
                number = node.first + inner
            elif node.cost.centres and place == 0:
                return VANISHES
            elif node.cost.op in _PASSING:
                number = node.first
            else:
                return SHOWS


def warnings(program: p.Program, designs: Iterable[Design]) -> Iterator[Diagnostic]:
    """Both kinds, in this order."""
    readers = Readers(designs)
    yield from readers.biases()
    yield from readers.untaken(program)


def _bias_unasked(node: Leaf) -> bool:
    """Whether a layer has a bias that nobody wrote."""
    item = node.item
    if not isinstance(item, p.Call) or item.op is None or not node.cost.arguments.get("bias"):
        return False
    return bool(default_bias(item.op, tuple(a.parameter for a in item.arguments), item))


def _written(definition: p.Definition, program: p.Program) -> bool:
    """Whether a definition stands so in the spec itself: neither imported nor cut by a tap."""
    return definition.span.source == program.source and definition.span.text == definition.name


def _place(item: p.Item) -> Span:
    if isinstance(item, p.Call):
        return item.callee_span
    return item.span if isinstance(item, p.From) else head(item)


def _warning(
    code: str, message: str, span: Span, help: str, text: str = "", notes: tuple[str, ...] = ()
) -> Diagnostic:
    label = Label(span=span, text=text)
    return Diagnostic(
        code=code, severity="warning", message=message, label=label, notes=notes, help=help
    )

"""What a run of the elaborator shares: definitions, memos of instances and ops, limits, reports."""

from __future__ import annotations

from archdsl.analysis.costs import volume
from archdsl.analysis.notes import Frame, error, placed
from archdsl.analysis.origins import origins
from archdsl.analysis.value import Value
from archdsl.diagnostics import Bag, Diagnostic, SpecError
from archdsl.expr import Expr, Input, Name
from archdsl.ir.design import Callee, Cost, Instance
from archdsl.ir.evaluate import FAILED, Budget, Evaluator, Handle, Poisoned, Scope, spread
from archdsl.ir.program import Definition, Extern, Param, Program
from archdsl.ir.walk import every
from archdsl.limits import BLOCKS, LIMITS
from archdsl.node import replace
from archdsl.ops.op import SAME, Shape, Size
from archdsl.ops.table import OPS
from archdsl.source import Span
from archdsl.values import kind, show

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from archdsl.analysis.state import State


class Stop(Exception):
    """A limit was passed: nothing more of this variant is worked out."""

    def __init__(self, problem: SpecError, frames: list[Frame]) -> None:
        super().__init__(str(problem))
        self.diagnostic = placed(problem.diagnostic, frames)


class Session:
    """Elaborates any number of a program's variants; what they have in common is done once."""

    def __init__(
        self,
        program: Program,
        bag: Bag,
        max_nodes: int | None = None,
        max_depth: int = BLOCKS,
    ) -> None:
        self.program = program
        self.bag = bag
        self.max_nodes = LIMITS["nodes"] if max_nodes is None else max_nodes
        self.max_depth = max_depth
        self.frames: list[Frame] = []
        self.definitions = {entry.name: entry for entry in program.definitions}
        self.externs = {entry.name: entry for entry in program.externs}
        self.evaluator = Evaluator(
            {entry.name: entry for entry in program.functions}, self.callee, self.bind, Budget()
        )
        self._instances: dict[Any, Instance] = {}
        self._open: set[Any] = set()
        self._settled: set[str] = set()
        self._functional: dict[Any, Cost] = {}
        self._depth = 0
        self.plans = _plans(program)
        self.running: list[State] = []  # the definitions that are being run, each in the one before
        self.trails = 0  # findings that were told how a size came about
        # Findings about sizes that nothing has been proposed for.
        self.unexplained: list[Span] = []
        self.roots = self.evaluator.roots
        for constant in program.constants:
            if self.evaluator.budget.left < 0:
                break
            self._constant(constant.names, constant.value)

    def _constant(self, names: tuple[str, ...], value: Expr) -> None:
        try:
            found = self.evaluator.evaluate(value, self.roots)
            values = spread(names, found, value.span)
        except SpecError as problem:
            self.report(problem.diagnostic)
            values = (FAILED,) * len(names)
        except Poisoned:
            values = (FAILED,) * len(names)
        self.roots.names.update(zip(names, values))

    def report(self, diagnostic: Diagnostic) -> None:
        """Add a finding, with how it and its numbers got there."""
        notes = (*diagnostic.notes, *origins(self.running, self.frames, diagnostic))
        self.bag.add(placed(replace(diagnostic, notes=notes), self.frames))

    # Blocks and ops as values

    def callee(self, name: str, node: Expr | None = None) -> Callee | None:
        """The block, op or extern of a name."""
        if name in self.definitions:
            return Callee(kind="block", name=name)
        if name in self.externs:
            return Callee(kind="extern", name=name)
        op = OPS.get(name)
        if op is None and self.bag.failed:
            raise Poisoned  # an earlier phase may have found it wrong
        return Callee(kind="op", name=op.name) if op is not None else None

    def parameters(self, callee: Callee) -> tuple[str, ...]:
        """The names of a callee's parameters, in order."""
        if callee.kind == "op":
            return tuple(parameter.name for parameter in OPS[callee.name].parameters)
        owner: Definition | Extern
        if callee.kind == "block":
            owner = self.definitions[callee.name]
        else:
            owner = self.externs[callee.name]
        return tuple(param.name for param in owner.params)

    def bind(
        self,
        callee: Callee,
        given: Sequence[tuple[str | None, Any]],
        span: Span,
        spans: tuple[Span, ...] = (),
    ) -> Callee:
        """A callee with more arguments; positional ones go to the parameters not yet bound.

        `spans` are the places of the arguments, where they are known.
        """
        if not given:
            return callee
        names = self.parameters(callee)
        bound = dict(callee.arguments)
        free = [name for name in names if name not in bound]
        for place, (name, value) in enumerate(given):
            where = spans[place] if spans else span
            if isinstance(value, Handle) and callee.kind != "op":
                raise error("E402", f"`{callee.name}` takes its tensors from the stream", where)
            if name is None or name.isdigit():
                if not free:
                    raise error(
                        "E313",
                        f"`{callee.name}` takes {len(names)} arguments",
                        where,
                        notes=_signature(names),
                    )
                name = free.pop(0)
            elif name not in names:
                raise error(
                    "E310",
                    f"`{callee.name}` has no parameter `{name}`",
                    _beginning(where, name),
                    notes=_signature(names),
                    help=_meant(name, names),
                )
            elif name in free:
                free.remove(name)
            bound[name] = value
        return Callee(kind=callee.kind, name=callee.name, arguments=tuple(bound.items()))

    # Ops

    def functional(
        self,
        kind: str,
        outputs: tuple[Shape, ...],
        stored: bool = True,
        numbers: tuple[tuple[str, float], ...] = (),
        **more: Any,
    ) -> Cost:
        """A node that is no op of the table: a merge, arithmetic with its numbers, a tensor."""
        key = (kind, outputs, numbers, tuple(more.items()))
        found = self._functional.get(key)
        if found is None:
            elements = sum(map(volume, outputs)) if stored else 0
            found = Cost(kind, outputs, arguments=dict(numbers), activations=elements, **more)
            self._functional[key] = found
        return found

    # Instances

    def instance(
        self,
        definition: Definition,
        arguments: tuple[tuple[str, Any], ...],
        flows: tuple[Any, ...],
        span: Span,
        relaxed: bool,
    ) -> Instance:
        """A definition with arguments, and a value (or a tuple of them) for each input."""
        values = tuple(value for _, value in arguments)
        shapes = tuple(_signed(flow) for flow in flows)
        key = (
            definition.name,
            tuple(name for name, _ in arguments),
            values,
            tuple(map(type, values)),
            shapes,
            relaxed,
        )
        found = self._instances.get(key)
        if found is not None:
            return found
        full = self.complete(definition, arguments, flows, span)
        whole_key = (
            definition.name,
            None,
            tuple(full.values()),
            tuple(map(type, full.values())),
            shapes,
            relaxed,
        )
        found = self._instances.get(whole_key)
        if found is None:
            if whole_key in self._open:
                raise Stop(
                    error(
                        "E421",
                        f"`{definition.name}` uses itself with the same arguments and shapes: "
                        "it never ends",
                        span,
                        help="end it with an `if` on an argument that changes",
                    ),
                    self.frames,
                )
            self._open.add(whole_key)
            try:
                found = self._run(definition, full, flows, span, relaxed)
            finally:
                self._open.discard(whole_key)
            self._instances[whole_key] = found
        self._instances[key] = found
        return found

    def _run(
        self,
        definition: Definition,
        arguments: dict[str, Any],
        flows: tuple[Any, ...],
        span: Span,
        relaxed: bool,
    ) -> Instance:
        from archdsl.analysis.run import Runner

        self._settle(definition)
        if self._depth >= self.max_depth:
            raise Stop(
                error(
                    "E421",
                    f"blocks stand more than {self.max_depth} deep in each other",
                    span,
                    help=f"does the `if` that ends `{definition.name}` come true?",
                ),
                self.frames,
            )
        self._depth += 1
        self.frames.append(self._frame(definition, arguments, span))
        runner = Runner(self, definition, arguments, flows, relaxed, span)
        self.running.append(runner)
        try:
            return runner.run()
        finally:
            self.running.pop()
            self.frames.pop()
            self._depth -= 1

    def _settle(self, definition: Definition) -> None:
        """Evaluate each default that no argument takes part in, once, also one that no call leaves
        as it is: it is written, and then it is for Python to evaluate."""
        if definition.name in self._settled:
            return
        self._settled.add(definition.name)
        own = {param.name for param in definition.params}
        for param in definition.params:
            if param.default is None or any(
                isinstance(node, Input) or (isinstance(node, Name) and node.id in own)
                for node in every(param.default)
            ):
                continue
            try:
                self.evaluator.evaluate(param.default, Scope(self.roots))
            except Poisoned:
                pass  # reported where it failed

    def _frame(self, definition: Definition, arguments: dict[str, Any], span: Span) -> Frame:
        if self._depth == 1:
            return Frame("variant", "")
        changed = {
            param.name: arguments[param.name]
            for param in definition.params
            if param.default is None and param.name in arguments
        }
        return Frame("block", definition.name, span, changed)

    def complete(
        self,
        definition: Definition | Extern,
        arguments: tuple[tuple[str, Any], ...],
        flows: tuple[Any, ...],
        span: Span,
    ) -> dict[str, Any]:
        """The arguments with defaults filled in, in the order of the parameters."""
        given = dict(arguments)
        scope = Scope(self.roots)
        if flows:
            scope.names["in"] = flows[0]
        missing = []
        for param in definition.params:
            if param.name in given:
                value = given[param.name]
            elif param.default is not None:
                value = self.evaluator.evaluate(param.default, scope)
            else:
                missing.append(param.name)
                continue
            self._typed(definition.name, param, value, span)
            scope.names[param.name] = value
        if missing:
            names = ", ".join(f"`{name}`" for name in missing)
            raise error("E311", f"`{definition.name}` needs {names}", span)
        return {param.name: scope.names[param.name] for param in definition.params}

    def _typed(self, owner: str, param: Param, value: Any, span: Span) -> None:
        if isinstance(value, Handle):
            raise error("E402", f"`{owner}` takes its tensors from the stream", span)
        if param.type is None or value is None or _fits(param.type, value):
            return
        raise error(
            "E411",
            f"`{param.name}` of `{owner}` is declared as {param.type}, and this is {kind(value)}",
            span,
            f"`{param.name}` is {show(value, 24)} here",
            others=((param.span, "declared here"),),
        )


_LATEST: list[tuple[Program, dict[int, Any]]] = []


def _plans(program: Program) -> dict[int, Any]:
    """The plans of a program's calls, kept while the same program is elaborated again."""
    if not _LATEST or _LATEST[0][0] is not program:
        _LATEST[:] = [(program, {})]
    return _LATEST[0][1]


def _signature(names: tuple[str, ...]) -> tuple[str, ...]:
    if not names:
        return ()
    return ("the parameters are " + ", ".join(f"`{name}`" for name in names),)


def _meant(name: str, names: Sequence[str]) -> str | None:
    from difflib import get_close_matches

    close = get_close_matches(name, names, 1)
    return f"did you mean `{close[0]}`?" if close else None


_TYPES: dict[str, tuple[type, ...]] = {
    "int": (int,),
    "float": (int, float),
    "number": (int, float),
    "bool": (bool,),
    "str": (str,),
    "string": (str,),
    "list": (tuple,),
    "size": (Size, int),
    "block": (Callee,),
    "op": (Callee,),
}


def _fits(declared: str, value: Any) -> bool:
    types = _TYPES.get(declared)
    if types is None:
        return True
    if isinstance(value, bool):
        return bool in types
    if isinstance(value, Size):
        return Size in types
    return isinstance(value, types) or value is SAME


def _signed(flow: Any) -> Any:
    """What an instance's key holds of an input."""
    if isinstance(flow, Value):
        return flow.shape if flow.batched else ("loose", flow.shape)
    return ("list", *map(_signed, flow))


def _beginning(span: Span, name: str) -> Span:
    """The name that an argument begins with."""
    if not span.text.startswith(name):
        return span
    return Span(source=span.source, start=span.start, end=span.start + len(name))

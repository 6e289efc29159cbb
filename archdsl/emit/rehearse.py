"""A module is rehearsed before anyone gets it: built and run as Python does it, without torch.

Stand-ins (`standins.py`, `traced.py`) take the place of torch's classes. Each variant's
`state_dict` so found has to be the one of its design, each layer has to be made with the arguments
of its step, and `forward` has to give it, as often as the design says, the very values that the
design says: those that the same operations made of the same values (`course.py`). So have the
results. The two come from different sides, the text that was written and the network that was
checked, so that a fault of the emitter is an error here, and never a module that is silently wrong.

Only what `guard.check` has let through is rehearsed.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from archdsl.emit import standins
from archdsl.emit.course import Course, LayerCall
from archdsl.emit.standins import Module, Role, role_of
from archdsl.emit.traced import Tensor, worth
from archdsl.ir import keys
from archdsl.ir import program as p
from archdsl.ir.design import AuxHead, Design, Step, walk
from archdsl.ops.op import Argument, form
from archdsl.ops.table import OPS


class Mismatch(Exception):
    """The module that was written isn't the network that was checked: a fault of archdsl's own."""


def check(tree: ast.Module, designs: Sequence[Design], externs: Collection[str]) -> None:
    """Raise `Mismatch` unless each variant of the module is its design: parameters and buffers,
    key by key, and what runs in training and in evaluation. `externs` are layers that the spec
    declares: what they hold, only Python knows."""
    namespace: dict[str, Any] = {"__name__": "rehearsal", "__builtins__": standins.names()}
    exec(compile(tree, "<rehearsal>", "exec", dont_inherit=True), namespace)
    layers = _Layers()
    for design in designs:
        try:
            model = namespace[design.name]()
        except Exception as error:
            raise Mismatch(f"`{design.name}` can't be built: {error!r}") from error
        rehearsal = _Rehearsal(design, model, externs)
        rehearsal.compare_state()
        rehearsal.compare_layers(layers)
        for training in (True, False) if rehearsal.has_heads else (True,):
            rehearsal.run(training)


class _Rehearsal:
    """A variant's model beside its design."""

    def __init__(self, design: Design, model: Any, externs: Collection[str]) -> None:
        self.design = design
        self.externs = externs
        self.modules: dict[str, Module] = {}
        self.held: dict[str, Tensor] = {}
        self._collect(model, "")
        self.ends: list[tuple[int, int]] = []
        self.steps = list(walk(design.root, self.ends))
        self.has_heads = any(step.aux for step in self.steps)
        self.course = Course(design, self.steps, self.modules, externs)

    def _collect(self, module: Any, path: str) -> None:
        """All modules by path, and all parameters and buffers by key."""
        self.modules[path] = module
        for name, value in role_of(module).held.items():
            key = f"{path}.{name}" if path else name
            if isinstance(value, Module):
                self._collect(value, key)
            elif value is not None:
                self.held[key] = value

    def _differs(self, what: str) -> Mismatch:
        return Mismatch(f"`{self.design.name}`: {what}")

    # What it is made of

    def compare_state(self) -> None:
        state = keys.state_of(self.steps, self.externs)
        for key, shape in state.shapes.items():
            if key not in self.held:
                raise self._differs(f"{key} is missing")
            found = self.held[key].sizes
            if found not in (None, tuple(shape)):
                raise self._differs(f"{key} is {found}, and {shape} was checked")
        for key in self.held:
            if not state.known(key):
                raise self._differs(f"{key} was never checked")

    def compare_layers(self, layers: _Layers) -> None:
        """Each layer's class, and what its constructor was given."""
        for call in self.course.calls:
            path = call.step.path
            if said := layers.misfit(call.step, self.modules[path]):
                raise self._differs(f"{path} {said}")

    # What it does

    def run(self, training: bool) -> None:
        """Run `forward`: layers take what they make from the design, if they get what it says."""
        for path, module in self.modules.items():
            module.__dict__["training"] = training
            role = role_of(module)
            role.path, role.due = path, []
        for call in self.course.calls:
            if training or not call.step.aux:
                role = role_of(self.modules[call.step.path])
                role.play = self._play
                role.due.append(call)
        for step in self.steps:
            if isinstance(step.item, p.Tensor):
                given = self.course.values[step.index, 0]
                self.held[step.path].__dict__.update(given.__dict__)
        result = self._called()
        if any(role_of(module).due for module in self.modules.values()):
            self._compare_left(training)
        for module in self.modules.values():
            role_of(module).play = None
        self._compare_results(result, training)

    def _compare_left(self, training: bool) -> None:
        """A step whose result goes nowhere may be left out: W609 tells its author. Of steps of one
        module on the same values, it doesn't matter which."""
        idle = self.design.idle()
        free = Counter(
            (call.step.path, *call.marks)
            for call in self.course.calls
            if call.step.index in idle and (training or not call.step.aux)
        )
        for module in self.modules.values():
            for call in role_of(module).due:
                key = (call.step.path, *call.marks)
                free[key] -= 1
                if free[key] < 0:
                    raise self._differs(f"`forward` never comes to {call.step.path}")

    def _called(self) -> Any:
        places = range(len(self.design.inputs))
        inputs = [self.course.values[-1, place] for place in places]
        try:
            return self.modules[""](*inputs)
        except Mismatch:
            raise
        except Exception as error:
            raise self._differs(f"`forward` fails: {error!r}") from error

    def _play(self, role: Role, inputs: tuple[Any, ...]) -> Any:
        """What a layer does when it is called: the next of its steps that is on these values."""
        marks = [value.mark for value in inputs]
        for at, call in enumerate(role.due):
            if call.marks == marks:
                del role.due[at]
                break
        else:
            checked = " or ".join(self._shown(call.inputs) for call in role.due)
            raise self._differs(
                f"{role.path} gets {self._shown(inputs)}, and {checked or 'no further call'} "
                "was checked"
            )
        results = _results(role, call, inputs)
        return results[0] if len(results) == 1 else results

    def _compare_results(self, result: Any, training: bool) -> None:
        found = [each for each in _flat(result) if each is not None]
        checked = [{self.course.values[end].mark: end} for end in self.ends]
        if training:
            # Those of models that are steps here stay their own.
            checked += [self._head(head) for head in self.design.aux if "." not in head.path]
        if len(found) != len(checked):
            raise self._differs(f"{len(found)} results, and {len(checked)} were checked")
        for tensor, ends in zip(found, checked):
            if not isinstance(tensor, Tensor) or tensor.mark not in ends:
                due = " or ".join(self._shown([self.course.values[end]]) for end in ends.values())
                raise self._differs(f"it gives {self._shown([tensor])}, and {due} was checked")

    def _head(self, head: AuxHead) -> dict[int, tuple[int, int]]:
        """What may leave a side head: values that nothing of it takes; what it was given, if it has
        no step."""
        inside = [step for step in self.steps if f"{step.path}.".startswith(f"{head.path}.")]
        taken = {operand for step in inside for operand in step.operands}
        made = [(step.index, place) for step in inside for place in range(len(step.outputs))]
        if not inside:
            values = self.course.values.items()
            made = [end for end, value in values if value.shape[1:] == tuple(head.output)]
        return {self.course.values[end].mark: end for end in made if end not in taken}

    def _shown(self, values: Sequence[Any]) -> str:
        """Values by their shapes, and by what made them."""
        words = []
        for value in values:
            if not isinstance(value, Tensor):
                words.append(f"a {type(value).__name__}")
                continue
            maker = self.course.maker(value.mark)
            shape = "a value" if value.sizes is None else str(value.sizes[1:])
            words.append(shape if maker is None else f"{shape} of {maker.path}")
        return " and ".join(words)


class _Layers:
    """What layers are made with, against what was checked, each once for all that are alike."""

    def __init__(self) -> None:
        self._fit: set[Any] = set()

    def misfit(self, step: Step, module: Module) -> str:
        """How the layer of a step differs from what it should be, if it does."""
        role = role_of(module)
        given, named = role.given, role.named
        if step.op not in OPS:  # an extern: what it is made with, its class alone knows
            return ""
        made = (id(step.leaf.cost), type(module), given, *named, *named.values())
        try:
            if made in self._fit:
                return ""
        except TypeError:  # an argument is a list
            made = ()
        said = _misfit(type(module).__name__, given, named, *_constructor(step))
        if not said and made:
            self._fit.add(made)
        return said


def _results(role: Role, call: LayerCall, inputs: Sequence[Tensor]) -> list[Tensor]:
    """What a layer makes, in the memory where it stands."""
    first, op = inputs[0], call.op
    if call.made[0].mark == first.mark:
        return [first]
    held = op is None or op.saves_output
    if role.named.get("inplace"):
        first.overwrite(held)
    elif op is None or op.weighted or op.norm or op.activation or op.category == "pooling":
        for tensor in inputs:
            tensor.read()
        return [first.made(each.sizes, each.mark, held) for each in call.made]
    else:  # it may hand on what it gets: dropout in evaluation, a reshape
        first.check()
        first.memory.held |= held
    return [first.shared(each.sizes, each.mark) for each in call.made]


def _constructor(step: Step) -> tuple[str, tuple[Argument, ...]]:
    """The class of a step's layer, and its constructor's arguments."""
    op = OPS[step.op]
    torch = form(op, step.arguments, step.inputs[0])
    arguments = torch.arguments(step.arguments, step.inputs[0]) if torch.arguments else ()
    return (torch.module or "").removeprefix("nn."), arguments


def _misfit(
    name: str,
    given: tuple[Any, ...],
    named: dict[str, Any],
    kind: str,
    arguments: tuple[Argument, ...],
) -> str:
    # A helper class steps aside for a name of the spec.
    if name not in (kind, f"{kind}Layer"):
        return f"is a {name}, and a {kind} was checked"
    free = list(given)
    for argument in arguments:
        if argument.name in named:
            value = named[argument.name]
        elif free and argument.name is None:
            value = free.pop(0)
        else:
            value = argument.default
        if worth(value) != worth(argument.value):
            which = f"{argument.name} " if argument.name else ""
            return f"gets {which}{value}, and {argument.value} was checked"
    strange = set(named) - {argument.name for argument in arguments} - {"inplace"}
    return f"gets {free or sorted(strange)}, which was never checked" if free or strange else ""


def _flat(result: Any) -> Iterator[Any]:
    if isinstance(result, (tuple, list)):
        for each in result:
            yield from _flat(each)
    else:
        yield result

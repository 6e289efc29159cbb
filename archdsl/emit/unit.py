"""What the classes of one file share: definitions, instances, imports, helpers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, Any

from archdsl import expr as e
from archdsl.diagnostics import SpecError
from archdsl.emit import symbol as s
from archdsl.emit.classes import ClassCode, build
from archdsl.emit.evaluate import Evaluator, Loop, Scope
from archdsl.emit.factories import Function, function_name, function_of
from archdsl.emit.held import CalleeParam, as_callee, unique
from archdsl.emit.inputs import calls_of
from archdsl.emit.names import FileNames, asks_sizes, local_names
from archdsl.emit.op_calls import op_arguments
from archdsl.emit.passed import Adapt
from archdsl.emit.sizes import Sizes
from archdsl.emit.tensor import Tensor
from archdsl.ir import program as p
from archdsl.ir.design import Callee, Design, Instance
from archdsl.ir.walk import every, parts
from archdsl.node import replace
from archdsl.ops.op import Op, Size, Torch
from archdsl.ops.table import OPS
from archdsl.reserved import EMITTED_NAMES

if TYPE_CHECKING:
    from archdsl.emit.writer import ClassWriter


_KEYWORD = re.compile(r"\w+=(?!=)")


class Unit:
    """A file in the making. Classes are written on demand, callees before their users."""

    def __init__(
        self, program: p.Program, designs: Sequence[Design], adapted: AbstractSet[str] = frozenset()
    ) -> None:
        self.program = program
        self.names = FileNames(program)
        self.hidden: set[str] = set()
        self.mains: set[str] = set()
        # Sizes that have no text: what is wrong where one is needed.
        self.unwritten: dict[str, SpecError] = {}
        self.sized = asks_sizes(program)
        self.adapted = adapted
        self.functions_used: dict[Function, set[str]] = {}
        self.taken_names = {
            *(definition.name for definition in program.definitions),
            *(extern.name for extern in program.externs),
            *(variant.name for variant in program.variants),
            *(each.name for each in program.functions),
            *(name for constant in program.constants for name in constant.names),
            *(param.name for each in program.definitions for param in each.params),
            *(name for names in self.names.loops.values() for name in names),
            *(name for each in program.definitions for name in local_names(each)),
            *self.names.top,
            *EMITTED_NAMES,
        }
        self.definitions = {definition.name: definition for definition in program.definitions}
        self.externs = {extern.name: extern for extern in program.externs}
        self.functions = {function.name: function for function in program.functions}
        self.codes: dict[str, ClassCode] = {}
        self.needs: set[str] = set()
        self.helpers: dict[str, str] = {}
        self.extern_imports: dict[str, set[str]] = {}
        self._failed: dict[str, SpecError] = {}
        self._by_rank: dict[Any, tuple[Tensor, ...] | None] = {}
        self._instances: dict[str, list[Instance]] = {}
        self._callable: dict[str, set[str]] = {}
        for design in designs:
            for instance in design.instances():
                found = self._instances.setdefault(instance.definition.name, [])
                if instance not in found:
                    found.append(instance)
        self.constants: Scope = {}
        evaluator = self._evaluator = Evaluator(
            self.functions,
            lambda node, scope: self.bind_callee(None, node, scope),
            constants=self.constants,
        )
        for constant in program.constants:
            value = evaluator.evaluate(constant.value, self.constants)
            names = constant.names
            values = (value,) if len(names) == 1 else value
            for name, each in zip(names, values):
                self.constants[name] = named_list(name, self.names.constant(name), each)
        self.sizes = Sizes(self)
        self.handed = {
            callee.name
            for each in self._instances.values()
            for instance in each
            for value in instance.arguments.values()
            for callee in _callees_in(value)
        }
        self.called = self.handed.union(*(calls_of(each.body) for each in program.definitions))
        self._sites: dict[str, list[Scope]] = {}
        for definition in reversed(program.definitions):
            self._note_sites(definition, evaluator)

    def instances(self, name: str) -> list[Instance]:
        """All that a definition was run on, over the whole file."""
        return self._instances.get(name, [])

    def uses(self, name: str) -> list[Scope]:
        """The arguments that a definition was run with; where no variant runs it, those that its
        calls give, as far as they are known."""
        return [instance.arguments for instance in self.instances(name)] or self._sites.get(
            name, []
        )

    def _note_sites(self, definition: p.Definition, evaluator: Evaluator) -> None:
        """Remember what a body gives to blocks that no variant runs."""
        for node in parts(definition.body):
            if (
                isinstance(node, p.Call)
                and node.kind == "block"
                and not self.instances(node.callee)
            ):
                for use in [*self.uses(definition.name)] or [{}]:
                    given: Scope = {}
                    for argument in node.arguments:
                        try:
                            scope = {**self.constants, **use}
                            given[argument.parameter] = evaluator.evaluate(argument.value, scope)
                        except (ArithmeticError, LookupError):
                            continue
                    self._sites.setdefault(node.callee, []).append(given)

    def callees_seen(self, name: str, uid: int) -> tuple[Callee, ...]:
        """All blocks and ops that a call went to, over the instances of a definition."""
        values = self.observed(name, uid)
        return unique([value for value in values if isinstance(value, Callee)])

    def values_named(self, definition: p.Definition, name: str) -> list[Any]:
        """All blocks and ops that a `let` of a definition has held, None among them."""
        found: list[Any] = []
        for node in parts(definition.body):
            if isinstance(node, p.Let) and name in node.names:
                for value in self.observed(definition.name, node.uid):
                    held = value if len(node.names) == 1 else value[node.names.index(name)]
                    found += [held] if held is None or isinstance(held, Callee) else []
        return found

    def observed(self, name: str, uid: int) -> list[Any]:
        """The values of an item, over the instances of its definition."""
        seen = [instance.observed.get(uid, ()) for instance in self.instances(name)]
        return [observation.value for each in seen for observation in each]

    def callable_in(self, name: str) -> set[str]:
        """The definitions that one may call: by their names, or as what its parameters, loops and
        lists hold."""
        if name not in self._callable:
            definition = self.definitions[name]
            calls = [node for node in parts(definition.body) if isinstance(node, p.Call)]
            held = [tuple(self.observed(name, node.uid)) for node in calls if node.kind == "param"]
            given = [tuple(use.values()) for use in self.uses(name)]
            found = {callee.name for callee in _callees_in((*held, *given))}
            for node in every([param.default for param in definition.params]):
                if isinstance(node, (e.Name, e.CallExpr)):
                    found.add(node.id if isinstance(node, e.Name) else node.function)
            self._callable[name] = calls_of(definition.body) | (found & self.definitions.keys())
        return self._callable[name]

    def code(self, name: str) -> ClassCode:
        """A definition's class, written now if it has not been."""
        if name not in self.codes:
            definition = self.definitions[name]
            code = self.codes[name] = ClassCode(definition)
            try:
                build(self, definition, code)
            except SpecError as error:
                self._failed[name] = error
        if name in self._failed:
            raise self._failed[name]
        return self.codes[name]

    def outputs_for(
        self, definition: p.Definition, ranks: tuple[int, ...]
    ) -> tuple[Tensor, ...] | None:
        """What leaves a block that is used on vectors as well as on maps."""
        key = (definition.name, ranks)
        if key not in self._by_rank:
            code = ClassCode(definition)
            code.ranks = ranks
            build(self, definition, code)
            self._by_rank[key] = code.outputs
        return self._by_rank[key]

    def op(self, name: str) -> Op:
        return OPS[name]

    def need(self, *names: str) -> None:
        """Note what the file imports: a known name, or a whole import line."""
        self.needs.update(names)

    def need_for_annotation(self, kind: str) -> None:
        """Note the imports of a type annotation."""
        for name in ("Sequence", "Callable", "Literal"):
            if re.search(rf"\b{name}\b", kind):
                self.need(name)

    def use_helper(self, torch: Torch) -> None:
        """Note a helper that the file has to hold: a class, or a function of `forward`."""
        name = self.names.helper(torch)
        self.helpers[name] = self.names.helper_source(torch)
        self.need(*torch.imports)

    def class_name(self, w: ClassWriter | None, name: str) -> str:
        """What the constructor being written calls a class: another name where an argument of it
        has the class's own."""
        if w is None or name not in {param.name for param in w.definition.params}:
            return name
        self.hidden.add(name)
        return self.names.beside(name)

    def step_class(self, w: ClassWriter | None, code: ClassCode) -> str:
        """What the constructor being written calls the class of a step. Of a model with side heads
        it is one that gives them to no one: what follows takes what evaluation returns."""
        name = code.name
        if code.aux:
            self.mains.add(name)
            name = self.names.derived(name, "Main")
        return self.class_name(w, name)

    def use_extern(self, extern: p.Extern) -> None:
        self.extern_imports.setdefault(extern.module, set()).add(extern.attribute)

    def module_attributes(self, definition: p.Definition) -> set[str]:
        """The labels of a definition's own modules: no kept value may have their names."""
        return set(_module_names(definition.body))

    # Blocks and ops as values

    def bind_callee(self, w: ClassWriter | None, node: Any, scope: Scope) -> Any:
        """A block or op named as a value, with its bound arguments."""
        name = node.id if isinstance(node, e.Name) else node.function
        value = scope.get(name)
        if w is not None:
            value = as_callee(w, value)
        given = [] if isinstance(node, e.Name) else list(node.arguments)
        if (
            isinstance(value, CalleeParam)
            or name in self.definitions
            or name in self.externs
            or name in OPS
        ):
            pass
        elif w is not None and name in w.families:
            return w.families[name]
        elif w is not None and name in w.family_names:
            return w.open_family(name)
        else:
            raise KeyError(name)
        if isinstance(value, CalleeParam) and not given:
            return value
        evaluator = self._evaluator if w is None else w.evaluator
        kind = "block" if name in self.definitions else "extern" if name in self.externs else "op"
        param = value if isinstance(value, CalleeParam) else None
        callee = Callee(kind=kind, name=name)
        names = self.parameters(callee) if param is None else self.free_names(param)
        arguments = []
        for position, argument in enumerate(given):
            key = argument.name or names[position]
            arguments.append((key, evaluator.evaluate(argument.value, scope)))
        if param is not None:
            return param.bind(tuple(arguments))
        return replace(callee, arguments=tuple(arguments))

    def free_names(self, param: CalleeParam) -> list[str]:
        """The parameters that what an argument holds has still to be given."""
        callee = param.candidates[0]
        bound = {*dict(callee.arguments), *dict(param.bound)}
        return [each for each in self.parameters(callee) if each not in bound]

    def parameters(self, callee: Callee) -> list[str]:
        """The parameters of a block or op, bound ones too."""
        if callee.kind == "op":
            return [param.name for param in OPS[callee.name].parameters]
        block = callee.kind == "block"
        owner: Any = self.definitions[callee.name] if block else self.externs[callee.name]
        return [param.name for param in owner.params]

    def callee_type(self, callees: list[Callee]) -> str:
        """The type of what a parameter's block makes."""
        kinds = []
        for callee in callees:
            kind = "nn.Module"
            if callee.kind == "block":
                kind = self.step_class(None, self.code(callee.name))
            if kind not in kinds:
                kinds.append(kind)
        return "nn.Module" if "nn.Module" in kinds else " | ".join(kinds)

    def callee_annotation(self, callees: list[Callee]) -> str:
        """The type of a parameter that holds a block or op."""
        self.need("Callable")
        return f"Callable[..., {self.callee_type(callees)}]"

    def argument_text(
        self, w: ClassWriter | None, definition: str, parameter: str, value: Any
    ) -> str:
        """Python text of an argument, its sizes as the parameter has them in this file."""
        return self.value_text(w, self.sizes.written(definition, parameter, value))

    def adapt(self, callee: Callee, arguments: Iterable[str]) -> str:
        """Note a use of an op's function, with these arguments; its name."""
        function = function_of(callee)
        self.functions_used.setdefault(function, set()).update(arguments)
        return function_name(self, function)

    def value_text(self, w: ClassWriter | None, value: Any) -> str:
        """Python text of an argument: constants, symbols, and blocks or ops as values."""
        if isinstance(value, CalleeParam):
            return self._param_text(w, value)
        if isinstance(value, Callee):
            return self._callee_text(w, value)
        if isinstance(value, Tensor):
            return value.text
        if isinstance(value, s.NamedList):
            return value.written
        if isinstance(value, tuple) and not isinstance(value, Size):
            items = [self.value_text(w, item) for item in value]
            return f"({items[0]},)" if len(items) == 1 else f"({', '.join(items)})"
        return s.text(self.named(w, value))

    def _param_text(self, w: ClassWriter | None, param: CalleeParam) -> str:
        """An argument that holds a block or op, with what is bound to it beside."""
        if not param.bound:
            return param.name
        callee = param.candidates[0]
        if callee.kind == "op" and callee.name not in self.adapted:
            given = {**dict(callee.arguments), **dict(param.bound)}
            known = op_arguments(OPS[callee.name], dict(callee.arguments), None)
            held = [
                text
                for text, runtime in op_arguments(OPS[callee.name], given, None)
                if not runtime and (text, runtime) not in known
            ]
        else:
            held = [
                f"{key}={self.argument_text(w, callee.name, key, value)}"
                for key, value in param.bound
            ]
        self.need("partial")
        return f"partial({', '.join([param.name, *held])})"

    def named(self, w: ClassWriter | None, value: Any) -> Any:
        """A symbol, with the names of the blocks and ops that it chooses from in their place."""
        if isinstance(value, (CalleeParam, Callee)):
            return s.name(self.value_text(w, value))
        if isinstance(value, tuple) and not isinstance(value, (Size, s.NamedList)):
            return tuple(self.named(w, each) for each in value)
        if not isinstance(value, s.Symbol) or value.op == "name":
            return value
        if value.op == "loop":
            loop = value.args[0]
            element = self.named(w, loop.element)
            return s.Symbol("loop", Loop(loop.names_bound, element, loop.iterable, loop.conditions))
        return s.Symbol(value.op, *(self.named(w, each) for each in value.args))

    def _callee_text(self, w: ClassWriter | None, callee: Callee) -> str:
        if callee.kind == "op" and callee.name in self.adapted:
            name = self.adapt(callee, dict(callee.arguments).keys())
            fixed = dict(function_of(callee).fixed)
            held = [
                f"{key}={self.value_text(w, self.function_size(w, callee.name, key, value))}"
                for key, value in callee.arguments
                if key not in fixed
            ]
        elif callee.kind == "op":
            op = OPS[callee.name]
            if op.torch.helper:
                self.use_helper(op.torch)
            arguments = op_arguments(op, dict(callee.arguments), None)
            held = [text for text, runtime in arguments if not runtime]
            if any(runtime for _, runtime in arguments) and not all(map(_KEYWORD.match, held)):
                raise Adapt({callee.name})  # what is held would take the input's place
            name = self.names.helper(op.torch)
        elif callee.kind == "extern":
            extern = self.externs[callee.name]
            self.use_extern(extern)
            given = {**self.extern_defaults(extern, callee), **dict(callee.arguments)}
            if callee.name in self.adapted:
                name = self.adapt(callee, given)
            else:
                name = self.class_name(w, extern.attribute)
            held = [f"{key}={self.value_text(w, value)}" for key, value in given.items()]
        else:
            code = self.code(callee.name)
            name = self.step_class(w, code)
            held = [
                f"{key}={self.argument_text(w, callee.name, key, value)}"
                for key, value in callee.arguments
                if key not in code.dropped
            ]
        if not held:
            return name
        self.need("partial")
        return f"partial({name}, {', '.join(held)})"

    def extern_defaults(self, extern: p.Extern, callee: Callee) -> Scope:
        """What a layer of Python gets where a spec says nothing: its class may have another default."""
        scope: Scope = {**self.constants, **dict(callee.arguments)}
        found: Scope = {}
        for param in extern.params:
            if param.name not in scope and param.default is not None:
                found[param.name] = scope[param.name] = self._evaluator.evaluate(
                    param.default, scope
                )
        return found

    def function_size(self, w: ClassWriter | None, op: str, key: str, value: Any) -> Any:
        """What an op's function is given: sizes are pairs, if any that it is given may be oblong."""
        mark = f"{op} {key}"
        pair = w is not None and w.pairs.form(value) == "size"
        if mark not in self.adapted:
            if pair or (isinstance(value, Size) and not s.same(*value)):
                raise Adapt({mark})
            return value
        if pair:
            return value
        return s.Pair(*value) if isinstance(value, Size) else s.Pair(value, value)

    # Pieces of text

    def let(self, w: ClassWriter, item: p.Let) -> None:
        """A compile-time value: a local of the constructor where it depends on its arguments."""
        value = w.value(item.value)
        if len(item.names) > 1:
            values = (
                value
                if isinstance(value, tuple)
                else [s.index(value, i) for i in range(len(item.names))]
            )
        else:
            values = (value,)
        among = len(values)
        for name, each in zip(item.names, values):
            if isinstance(each, s.Symbol) and each.op != "name":
                text, key = self.value_text(w, each), f"let {name}"
                w.scope[name] = w.local(name, each, text, key, among)
            else:
                w.scope[name] = each

    def _embedded(self, w: ClassWriter, value: Any, template: e.Template) -> str:
        """Text of a value within an f-string: no string of the spec may end it early."""
        text = s.text(value)
        if any(char in text for char in "\"'\\{}"):
            raise w.error(
                "E526",
                "an expression in a label or message cannot hold a string",
                template.span,
                "give it a name first: `let name = ...`, then `{name}`",
            )
        return text

    def fstring(self, w: ClassWriter, template: e.Template) -> str:
        """A template as a string, or an f-string where it has parts that vary."""
        pieces, varies = [], False
        for part in template.parts:
            value = part if isinstance(part, str) else w.value(part)
            if isinstance(part, str) or not s.symbolic(value):
                pieces.append(("text", str(value)))
            else:
                varies = True
                pieces.append(("value", self._embedded(w, value, template)))
        if not varies:
            return s.quoted("".join(text for _, text in pieces))
        inner = ""
        for kind, text in pieces:
            if kind == "text":
                inner += s.quoted(text)[1:-1].replace("{", "{{").replace("}", "}}")
            else:
                inner += "{" + text + "}"
        return f'f"{inner}"'


def named_list(name: str, written: str, value: Any) -> Any:
    """A list of plain values stands in the file under its name; all else is written in place."""
    if not isinstance(value, tuple) or isinstance(value, Size) or not _plain(value):
        return value
    result = s.NamedList(value)
    result.name, result.written = name, written
    return result


def _callees_in(value: Any) -> list[Callee]:
    if isinstance(value, Callee):
        return [value]
    if isinstance(value, tuple) and not isinstance(value, Size):
        return [callee for item in value for callee in _callees_in(item)]
    return []


def _plain(value: Any) -> bool:
    if isinstance(value, tuple):
        return all(_plain(item) for item in value)
    if isinstance(value, Callee):
        return value.kind == "op"  # a class of the file stands below its lists
    return value is None or isinstance(value, (int, float, str, bool))


def _module_names(region: Any) -> list[str]:
    """Every attribute name that a region's items were given, however deep."""
    found: list[str] = []
    stack: list[Any] = [region]
    while stack:
        node = stack.pop()
        if isinstance(node, p.ModuleName) and isinstance(node.base, str):
            found.append(node.base)
        elif isinstance(node, tuple):
            stack += node
        elif isinstance(node, (p.Item, p.Region, p.Branch, p.BranchLoop, p.BranchIf)):
            stack += [getattr(node, field) for field in type(node)._fields if field != "op"]
    return found

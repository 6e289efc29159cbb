"""The state of one class being written: its constructor, its `forward`, and its names."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from archdsl.diagnostics import Diagnostic, Label, SpecError
from archdsl.emit import symbol as s
from archdsl.emit.code import (
    Code,
    Frame,
    Local,
    Names,
    Variable,
    fits,
    render,
    rewritten,
    variables_in,
)
from archdsl.emit.conditions import Arm
from archdsl.emit.evaluate import Evaluator, Scope, spread
from archdsl.emit.families import Loop, declare_member
from archdsl.emit.guard import BUILTINS
from archdsl.emit.inputs import family_rank, family_targets
from archdsl.emit.names import implied_names
from archdsl.emit.pairs import Pairs, known
from archdsl.emit.tensor import (
    HEIGHT,
    LOOPED,
    WIDTH,
    Flow,
    Tensor,
    TensorList,
    parts,
    several_results,
)
from archdsl.emit.values import Family
from archdsl.expr import Expr, Template
from archdsl.ir import program as p
from archdsl.ops.op import Size
from archdsl.reserved import MODULE_ATTRIBUTES, PYTHON_KEYWORDS, refusal_of_label
from archdsl.source import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archdsl.emit.classes import ClassCode
    from archdsl.emit.unit import Unit

# Begins the names of copies until the class is whole: no name of a spec can.
_COPY = "\u02b0"
_RESERVED = ("self", "torch", "nn", "F", "math", "partial", "Tensor", *BUILTINS, *PYTHON_KEYWORDS)
_MARK = re.compile("\0(\\w+)\1(.*?)\1(.*?)\0", re.DOTALL)


class ClassWriter:
    """Writes one definition as a class."""

    def __init__(
        self,
        unit: Unit,
        code: ClassCode,
        walk: Callable[[ClassWriter, p.Region, Flow], Flow],
    ) -> None:
        self.unit = unit
        self.code = code
        self.definition = code.definition
        self.pairs = Pairs(self)
        self.evaluator = Evaluator(
            unit.functions, self.bind_callee, self.forward_text, unit.constants, self.pairs
        )
        self.scope: Scope = dict(unit.constants)
        self.frames = [Frame()]
        self.init: Code = []
        self.base: Code = self.init
        self.lines: Code = []
        own = {param.name for param in self.definition.params}
        ports = {port.name for port in self.definition.inputs if port.name is not None}
        self.loop_names = unit.names.loops[self.definition.name]
        around = {*_RESERVED, *unit.names.top, *self.loop_names}
        self.locals = Names(around | own | implied_names(self.definition, unit.sized))
        self.names = Names((around | {"x"}) - ports)
        self.variable = "x"
        self.protected: set[str] = set()
        self.attributes: set[str] = set()
        self.contexts: list[Arm | Loop] = []
        self.captured: dict[str, str] = {}
        self.aux: dict[str, Any] = {}
        self.arm_names: dict[str, str] = {}
        self.families: dict[str, Family] = {}
        self.family_names = family_targets(self.definition.body)
        self.family_shapes: dict[str, tuple[Any, ...]] = {}
        self.assumed: dict[str, Any] = {}
        self.read_whole: dict[str, set[Any]] = {}
        self.kept: set[str] = set()
        self.module_families: dict[str, Family] = {}
        self._kept_lists: dict[str, Variable] = {}
        self.head: Code = []
        self.unread = False
        self.only_heads = False
        self.head_condition: Any = None
        self.reusable: dict[str, tuple[str, ...]] = {}
        self.list_variable: str | None = None
        self.sizes: set[str] = set()
        self.root_scope = self.scope
        self.lists: set[str] = set()
        self.runs: tuple[int, ...] = ()
        self._walk = walk
        self.trying = False
        self.samples = [{**unit.constants, **use} for use in unit.uses(self.definition.name)]
        self._versions: dict[str, Variable] = {}
        self._names: dict[str, str] = {}
        self._made: list[Variable] = []
        self._copies: dict[str, Variable] = {}
        self._unsafe: set[str] = set()

    # Walking and evaluating

    def walk(self, region: p.Region, flow: Flow) -> Flow:
        """Write a region's items; the stream that leaves it."""
        return self._walk(self, region, flow)

    def value(self, node: Expr) -> Any:
        """The value of an expression: a constant, a symbol, a callee or a tensor."""
        return self.evaluator.evaluate(node, self.scope)

    def bind_callee(self, node: Any, scope: Scope) -> Any:
        return self.unit.bind_callee(self, node, scope)

    @contextmanager
    def inner_scope(self) -> Iterator[Scope]:
        """Names bound inside are forgotten after."""
        outer = self.scope
        self.scope = dict(outer)
        try:
            yield self.scope
        finally:
            self.scope = outer

    # The constructor

    @property
    def init(self) -> Code:
        """Where the constructor's next line goes."""
        return self.frames[-1].code

    @init.setter
    def init(self, code: Code) -> None:
        self.frames[-1].code = code

    @contextmanager
    def body(self, *carried: str) -> Iterator[Frame]:
        """A loop or an arm of the constructor: what is defined inside is gone after. Of the
        locals in `carried` every run sets what the next one reads."""
        before = dict(self._versions)
        first = len(self._made)
        frame = Frame()
        self.frames.append(frame)
        for wish in carried:
            entry = self._versions.get(wish)
            self.version(wish).entry = entry
        try:
            yield frame
        finally:
            self.frames.pop()
            self.frames[-1].assigned |= frame.assigned
            ended = self._versions
            self._versions = before
            for version in self._made[first:]:
                version.gone = not self.trying
            for wish in sorted(frame.assigned & before.keys()):
                self.version(wish).assumed = ended[wish].assumed

    @contextmanager
    def arms(self) -> Iterator[Callable[[], None]]:
        """The arms of an `if`: each starts from what was known before, by a call of what this
        gives. After, a local that any of them set is known to none."""
        before = dict(self._versions)
        names = {wish: version.args for wish, version in before.items()}
        outer, self.frames[-1].assigned = self.frames[-1].assigned, set()

        def start() -> None:
            self._versions = dict(before)
            for wish, version in before.items():
                version.args = names[wish]

        try:
            yield start
        finally:
            changed = self.frames[-1].assigned & before.keys()
            for wish in sorted(changed):
                version = before[wish]
                if version.copy is not None:
                    version.args = (version.copy,)
                if self._versions[wish] is version:
                    self._define(wish)
                self._versions[wish].assumed = None
            self.frames[-1].assigned |= outer

    def local(
        self,
        wish: str,
        value: Any,
        written: str | None = None,
        key: str | None = None,
        among: int = 0,
    ) -> Variable:
        """A local of the constructor that stands for a value; dropped if nothing reads it. One of
        the spec's has a `key` of its own: no local of ours goes by its name. It may be one `among`
        several that a `let` takes apart."""
        text, key = written or s.text(value), key or wish
        if key not in self._names:
            self._names[key] = self.locals.take(wish)
        return self._set(key, text, meaning=value, among=among)

    def empty_list(self, wish: str) -> Variable:
        """A list of the constructor that what follows fills with channels."""
        version = Variable(self.locals.take(wish), frame=self.frames[-1])
        self._made.append(version)
        self.init.append(f"{version.local}: list[int] = []")
        return version

    def index_name(self) -> str:
        """A name for a loop that has none."""
        around = {variable for loop in self.loops for variable in loop.names}
        names = [each for each in ("i", "j", "k", "l", "m", "n") if each not in around]
        free = [
            each
            for each in names
            if each not in self.scope and (self.locals.free(each) or each in self.loop_names)
        ]
        return free[0] if free else self.locals.copy().take("i")

    def hold(self, wish: str, value: Any) -> None:
        """See that a local has a value: a loop is about to follow it."""
        current = self._versions.get(wish)
        if current is None:
            self.local(wish, value, _written(value))
        elif not s.same(current, value):
            self._assign(wish, current, value)

    def held(self) -> set[str]:
        """The locals that hold a value."""
        return set(self._versions)

    def unknown(self) -> Variable:
        """The local that a trial would have for a width."""
        version = Variable("channels")
        self._made.append(version)
        return version

    def chosen(self, name: str) -> Variable:
        """The local that both arms of an `if` have set."""
        self._names[name] = name
        return self._define(name)

    def latest(self, wish: str) -> Variable:
        """The current version of a running local."""
        return self._versions[wish]

    def version(self, wish: str) -> Variable:
        """A new version of a local, about whose value nothing is known."""
        self._supersede(wish)
        return self._define(wish)

    @property
    def reassigned(self) -> tuple[Variable, ...]:
        """The current versions of all running locals: compare to see whether any changed."""
        return tuple(self._versions.values())

    def update(self, wish: str, current: Variable, value: Any) -> None:
        """Assign the local anew, unless it has that value."""
        latest = self._versions[wish]
        if not (value is latest or s.same(latest, value)):
            self._assign(wish, current, value)

    def update_all(self, values: dict[str, Any], currents: dict[str, Variable]) -> None:
        """Assign several running locals at once: each new value may read the old ones."""
        if len(values) < 2:
            for wish, value in values.items():
                self.update(wish, currents[wish], value)
            return
        changed = {
            wish: value for wish, value in values.items() if not s.same(value, currents[wish])
        }
        targets = ", ".join(self._names[wish] for wish in changed)
        line = f"{targets} = {', '.join(s.text(value) for value in changed.values())}"
        for wish in changed:
            self._supersede(wish)
        self.init.append(line)
        for wish in changed:
            self._define(wish)

    def _assign(self, wish: str, current: Variable, value: Any) -> None:
        name = self._names[wish]
        step = value - current
        grows = name in s.names_in(value, expand=True) and current.args[0] == name
        if grows and name not in s.names_in(step, expand=True):
            if not (isinstance(step, int) and step < 0):
                self._set(wish, s.text(step), op="+=")
                return
        self._set(wish, _written(value))

    def _set(
        self, wish: str, text: str, op: str = "=", meaning: Any = None, among: int = 0
    ) -> Variable:
        self._supersede(wish)
        self.init.append(Local(name=self._names[wish], text=text, op=op, among=among))
        return self._define(wish, meaning)

    def _define(self, wish: str, meaning: Any = None) -> Variable:
        """The version of a local that has just been assigned."""
        for frame in self.frames:
            frame.assigned.add(wish)
        version = Variable(self._names[wish], meaning, self.frames[-1])
        self._versions[wish] = version
        self._made.append(version)
        return version

    def _supersede(self, wish: str) -> None:
        """Before a local is assigned anew: a copy of the value that it has, dropped if no one
        reads it. It stands in the frame of its version, so that all that follows may."""
        version = self._versions.get(wish)
        if version is not None and not version.gone:
            self._copied(version)

    def _copied(self, version: Variable) -> None:
        """A version's own local, from its frame on."""
        if version.args[0] != version.local:
            return
        assert version.frame is not None
        version.copy = f"{_COPY}{len(self._copies)}"
        self._copies[version.copy] = version
        version.frame.code.append(Local(name=version.copy, text=version.local))
        version.args = (version.copy,)

    def name_copies(self, code: ClassCode) -> None:
        """Give the copies that are left of a finished class their names."""
        names: dict[str, str] = {}
        for placeholder in re.findall(rf"{_COPY}\d+", "\n".join(render(code.init))):
            if placeholder not in names:
                version = self._copies[placeholder]
                names[placeholder] = self.locals.take(f"{version.local}_before")
        for placeholder, name in names.items():
            self._copies[placeholder].args = (name,)
        if names:

            def named(text: str) -> str:
                return re.sub(rf"{_COPY}\d+", lambda found: names[found[0]], text)

            code.init, code.forward = rewritten(code.init, named), rewritten(code.forward, named)

    def settled_after(self, last: Variable, value: Any, trips: Any, names: tuple[str, ...]) -> Any:
        """What a running value is once its loop is over: itself, or what every run leaves."""
        depends = s.gone(value) or s.names_in(value, expand=True) & {last.args[0], *names}
        if last.assumed is not None and s.names_in(last.assumed) & set(names):
            last.assumed = _after_last(last.assumed, trips, names)
        if depends or (not isinstance(trips, s.Symbol) and not trips):
            return last
        if isinstance(trips, s.Symbol):
            last.assumed = value
            return last
        return value

    def snapshot(self, trial: bool = True) -> dict[str, Any]:
        """What a trial walk could change."""
        kept = {
            "init": self.init,
            "base": self.base,
            "lines": self.lines,
            "attributes": set(self.attributes),
            "captured": dict(self.captured),
            "contexts": list(self.contexts),
            "aux": dict(self.aux),
            "arm_names": dict(self.arm_names),
            "families": dict(self.families),
            "head": list(self.head),
            "assumed": dict(self.assumed),
            "read_whole": dict(self.read_whole),
            "kept": set(self.kept),
            "module_families": dict(self.module_families),
            "variable": self.variable,
            "protected": set(self.protected),
            "trying": self.trying,
            "_versions": dict(self._versions),
            "_names": dict(self._names),
            "_unsafe": set(self._unsafe),
            "names": self.names.copy(),
            "locals": self.locals.copy(),
        }
        kept["texts"] = [
            (version, version.args, version.copy) for version in self._versions.values()
        ]
        kept["frames"] = [(frame, set(frame.assigned)) for frame in self.frames]
        kept["made"] = len(self._made)
        kept["loops"] = [
            (
                loop,
                dict(loop.stepped),
                list(loop.keyed),
                dict(loop.shared),
                loop.counts,
                loop.hidden,
            )
            for loop in self.loops
        ]
        kept["bindings"] = (self.scope, dict(self.scope))
        self.init, self.lines, self.base = [], [], []
        self.trying = self.trying or trial
        return kept

    def commit(self, kept: dict[str, Any]) -> None:
        """Keep what a trial walk did; its lines go where they would have gone."""
        for field in ("init", "lines"):
            outer = kept[field]
            outer += getattr(self, field)
            setattr(self, field, outer)
        base = kept["base"]
        if base is not kept["init"]:
            base += self.base
        self.base = base

    def restore(self, kept: dict[str, Any]) -> None:
        """Forget a trial walk."""
        for version, args, copy in kept.pop("texts"):
            version.args, version.copy = args, copy
        for frame, assigned in kept.pop("frames"):
            frame.assigned = assigned
        made = kept.pop("made")
        if not kept["trying"]:
            for version in self._made[made:]:
                version.gone = True
            del self._made[made:]
        for loop, stepped, keyed, shared, counts, hidden in kept.pop("loops"):
            loop.stepped, loop.keyed, loop.shared = stepped, keyed, shared
            loop.counts, loop.hidden = counts, hidden
        self.scope, bindings = kept.pop("bindings")
        self.scope.clear()
        self.scope.update(bindings)
        for field, value in kept.items():
            setattr(self, field, value)

    def declare(self, name: p.ModuleName, text: str, kind: str) -> str:
        """Make a module an attribute; the text that denotes it in `forward`."""
        attribute = self.attribute_of(name)
        if name.shared:
            if attribute not in self.attributes:
                self.attributes.add(attribute)
                self.base.append(f"self.{attribute} = {text}")
            return f"self.{attribute}"
        repeated = self.loop is not None or self.runs
        if (repeated and not isinstance(name.base, Template)) or name.indices:
            keyed = any(isinstance(each, Arm) for each in self.contexts)
            return declare_member(self, name, attribute, text, keyed)
        if attribute in self.attributes:
            if isinstance(name.base, Template):
                raise self._argued(name)
            raise self.error(
                "E510",
                f"two modules of `{self.definition.name}` would be named `{attribute}`",
                name.span,
                "give them labels",
            )
        self.own(attribute, kind)
        self.init.append(f"self.{attribute} = {text}")
        return f"self.{attribute}"

    def own_shared(self, modules: dict[str, tuple[str, str]]) -> None:
        """Make what a loop or an arm shares with others, before it: texts and types by attribute."""
        for attribute, (text, kind) in modules.items():
            self.own(attribute, kind)
            self.init.append(f"self.{attribute} = {text}")

    def own(self, attribute: str, kind: str) -> None:
        """Note an attribute; within an arm of an `if` it may be absent."""
        self.attributes.add(attribute)
        arms = [context for context in self.contexts if isinstance(context, Arm)]
        for arm in arms:
            arm.declared.setdefault(attribute, kind)
        for arm in arms[:-1]:
            arm.nested.add(attribute)

    def attribute_of(self, name: p.ModuleName) -> str:
        """The attribute's name; computed labels must be known here."""
        if not isinstance(name.base, Template):
            return name.base
        pieces = []
        for part in name.base.parts:
            value = part if isinstance(part, str) else self.settled(self.value(part))
            if s.symbolic(value):
                raise self._argued(name)
            pieces.append(str(value))
        label = "".join(pieces)
        reason = refusal_of_label(label, sequential=False)
        if reason is not None:
            raise self.error("E322", f"`{label}` cannot be a label: {reason}", name.span)
        return label

    def _argued(self, name: p.ModuleName) -> SpecError:
        return self.error(
            "E511",
            "this label depends on an argument of the constructor",
            name.span,
            "make it an indexed family, `name[i]:`, or put the steps into a named part",
        )

    def settled(self, value: Any) -> Any:
        """A value that is the same in all uses as what it is there."""
        if not s.symbolic(value):
            return value
        found = [each for sample in self.samples for each in known(value, sample)]
        alike = len(found) == len(self.samples) > 0 and all(s.same(found[0], e) for e in found)
        return found[0] if alike else value

    @property
    def loop(self) -> Loop | None:
        """The innermost loop that the constructor is in."""
        for context in reversed(self.contexts):
            if isinstance(context, Loop):
                return context
        return None

    @property
    def loops(self) -> list[Loop]:
        """The loops around, outermost first."""
        return [context for context in self.contexts if isinstance(context, Loop)]

    @property
    def around(self) -> tuple[Any, ...]:
        """The loops around, and the arms, each with whether its condition holds."""
        return tuple(
            (each.choice, each.holds) if isinstance(each, Arm) else each
            for each in self.contexts
            if isinstance(each, Loop) or each.choice is not None
        )

    @property
    def conditional(self) -> bool:
        """Whether what is written now exists under a condition only."""
        return any(isinstance(context, Arm) for context in self.contexts)

    def inplace(self, attribute: str, safe: bool, yes: str, no: str, shared: bool) -> str:
        """Text that is `yes` if every use of the attribute may work in place."""
        if not shared:
            return yes if safe else no
        if not safe:
            self._unsafe.add(attribute)
        return f"\0{attribute}\1{yes}\1{no}\0"

    def settle(self, text: str) -> str:
        """The text with in-place marks decided."""
        return _MARK.sub(lambda m: m[3] if m[1] in self._unsafe else m[2], text)

    # The forward

    def emit(self, line: str) -> None:
        """A statement of `forward`."""
        self.lines.append(line)

    def variable_for(self, name: str) -> str:
        """A variable of `forward` for a value's name; both arms of an `if` share one."""
        if name in self.arm_names:
            return self.arm_names[name]
        if name == self.variable and name not in self.protected:
            return name
        variable = self.names.take(name)
        if self.conditional:
            self.arm_names[name] = variable
        return variable

    def flush(self, tensor: Tensor, variable: str | None = None) -> Tensor:
        """Assign a value to a variable, unless it is that variable already."""
        target = variable or self.variable
        if isinstance(tensor, TensorList) and variable is None:
            target = self.list_name()
        if tensor.simple and (variable is None or tensor.text == variable):
            return tensor
        if variable is None and target in self.protected and target == self.variable:
            self.variable = target = self.names.take("out")
        self.emit(f"{target} = {tensor.text}")
        return tensor.but(text=target, simple=True)

    def list_name(self) -> str:
        """The variable that holds a stream of several values."""
        if self.list_variable is None:
            self.list_variable = self.names.take("xs")
        return self.list_variable

    def settle_flow(self, flow: Flow) -> Flow:
        """A flow whose values are all named."""
        if isinstance(flow, Tensor):
            return self.flush(flow)
        if several_results(flow):
            texts = {part.text for part in parts(flow)}
            reusable = self.reusable.get(next(iter(texts)))
            names = list(
                reusable or (self.names.take(f"x{number}") for number in range(1, len(flow) + 1))
            )
            self.emit(f"{', '.join(names)} = {texts.pop()}")
            return tuple(part.but(text=name, simple=True) for part, name in zip(flow, names))
        return tuple(
            (
                part
                if not isinstance(part, Tensor) or part.simple
                else self.flush(part, self.names.take("y"))
            )
            for part in flow
        )

    def handed_on(self, text: str, flow: Flow, count: int) -> None:
        """A block that returns as many values as it takes may return them to the same variables."""
        names = tuple(tensor.text for tensor in parts(flow))
        if len(set(names)) == count and not self.protected & set(names):
            self.reusable[text] = names

    def settle_several(self, flow: Flow) -> Flow:
        """A flow in which what one call returned has been taken apart."""
        return self.settle_flow(flow) if several_results(flow) else flow

    def apply(self, function: str, tensor: Tensor, *more: str) -> str:
        """`function(tensor, ...)`; the value before it gets a statement if the line grows too long."""
        text = f"{function}({', '.join((tensor.text, *more))})"
        if not tensor.simple and not fits(f"{self.variable} = {self.settle(text)}", 2):
            tensor = self.flush(tensor)
            text = f"{function}({', '.join((tensor.text, *more))})"
        return text

    @contextmanager
    def buffer(self) -> Iterator[Code]:
        """Statements of `forward` written inside go to a list of their own."""
        outer, self.lines = self.lines, []
        try:
            yield self.lines
        finally:
            self.lines = outer

    @contextmanager
    def stream(self, variable: str, *protect: str) -> Iterator[None]:
        """Inside, the stream is assigned to `variable` and the names in `protect` stay as they are."""
        outer, kept = self.variable, set(self.protected)
        self.variable = variable
        self.protected |= set(protect)
        self.protected.discard(variable)
        try:
            yield
        finally:
            self.variable, self.protected = outer, kept

    def forward_text(self, value: Any, outer: int = 0) -> str:
        """Text of a value in `forward`: what the constructor knew is kept as attributes."""
        if isinstance(value, Tensor):
            return value.text
        value = self._kept(value)
        mapping = {}
        for name in sorted(s.names_in(value)):
            if name.startswith(LOOPED):
                continue
            if name.endswith((HEIGHT, WIDTH)):
                self.sizes.add(name)
                mapping[name] = s.name(size_name(name))
            elif name not in self.used_names:
                mapping[name] = s.Symbol("attribute", s.name("self"), self.capture(name))
        value = s.substitute_shallow(value, mapping)
        return s.text(self.unit.named(self, value), outer)

    def _kept(self, value: Any) -> Any:
        """A value in terms of what an attribute can keep: the constructor's locals change in loops,
        and heights and widths from input to input."""
        while True:
            mapping: dict[str, Any] = {}
            for version in variables_in(value):
                if _hangs_on_sizes(version.meaning):
                    mapping[version.args[0]] = version.meaning
                elif version.frame in (None, self.frames[0]):
                    if version.meaning is None and not self.trying:
                        self._copied(version)
                elif not s.opaque(version):
                    mapping[version.args[0]] = version.meaning or version.assumed
                elif not self.trying:
                    raise s.Gone(version.args[0])
            if not mapping:
                return value
            value = s.substitute_shallow(value, mapping)

    @property
    def used_names(self) -> set[str]:
        """Names of loops around, which `forward` repeats."""
        return {
            variable
            for context in self.contexts
            if isinstance(context, Loop)
            for variable in context.names
        }

    def use_form(self, made: Any) -> None:
        """Note the helper class that a module needs, if it does."""
        if made.form is not None and made.form.helper:
            self.unit.use_helper(made.form)

    def sometimes_oblong(self, kernel: Any, uid: int) -> bool:
        """Whether an op's kernel, where it is not a parameter, is oblong in some use."""
        return any(
            isinstance(value, Size) and value[0] != value[1]
            for instance in self.unit.instances(self.definition.name)
            for observation in instance.observed.get(uid, ())
            for value in (observation.arguments.get("kernel"),)
        )

    def side_by_side(self, pad: s.Symbol) -> bool:
        """Whether a padding is a number for each side in some use."""
        found = [each for sample in self.samples for each in known(pad, sample)]
        return any(isinstance(each, tuple) and not isinstance(each, Size) for each in found)

    def family_variable(self, name: str) -> str:
        """The variable of a family of values: a plural, where the name itself is taken."""
        return self.names.take(name if self.names.free(name) else f"{name}s")

    def open_family(self, name: str) -> Family:
        """A family that is read above where it is made: a run reads what an earlier one left."""
        family = Family(self, name, self.family_variable(name))
        self.families[name] = family
        keys = key_kind(family_rank(self.definition.body, name))
        kind = "list[Tensor] = []" if family.ordered else f"dict[{keys}, Tensor] = {{}}"
        self.head.append(f"{family.variable}: {kind}")
        return family

    def kept_channels(self, name: str, ordered: bool) -> Variable:
        """The constructor's list, or dict, of the channels of a family of values."""
        if name not in self._kept_lists:
            local = self.locals.take(f"{name}_channels")
            self._kept_lists[name] = Variable(local, frame=self.frames[0])
        kept = self._kept_lists[name]
        self.locals.reserve(kept.local)
        if name not in self.kept:
            self.kept.add(name)
            kind, empty = "list[int]", "[]"
            if not ordered:
                rank = family_rank(self.definition.body, name)
                kind, empty = f"dict[{key_kind(rank)}, int]", "{}"
            self.base.append(f"{kept.local}: {kind} = {empty}")
        return kept

    def flag(self, condition: Any) -> str:
        """A condition of the constructor, as `forward` asks it."""
        return self.forward_text(condition)

    def emit_aux(
        self, variable: str, reference: str, text: str, condition: Any, weight: Any
    ) -> None:
        """A side head's statement: it runs in training only, and only where it exists."""
        self.aux[variable] = (condition, weight)
        tests = ["self.training"]
        if self.conditional:
            tests.append(f"{reference} is not None")
        self.emit(f"{variable} = {reference}({text}) if {' and '.join(tests)} else None")

    def capture(self, name: str) -> str:
        """The attribute that keeps a constructor's value for `forward`."""
        if name not in self.captured:
            attribute = name
            taken = self.unit.module_attributes(self.definition) | self.attributes
            while attribute in taken or attribute in MODULE_ATTRIBUTES:
                attribute += "_value"
            self.captured[name] = attribute
        return self.captured[name]

    # Findings

    def error(self, code: str, message: str, span: Span, help: str | None = None) -> SpecError:
        """A finding of the emitter at a place of the spec."""
        return SpecError(Diagnostic(code=code, message=message, label=Label(span=span), help=help))


def key_kind(rank: int) -> str:
    """The type of the keys of a dict whose members have so many indices."""
    return "int" if rank == 1 else f"tuple[{', '.join(['int'] * rank)}]"


def _written(value: Any) -> str:
    """The text of what a running local is set to: widths that change are a list."""
    if isinstance(value, tuple) and not isinstance(value, (Size, s.NamedList)):
        return f"[{', '.join(map(s.text, value))}]"
    return s.text(value)


def _hangs_on_sizes(value: Any) -> bool:
    """Whether an input's height or width is in a value."""
    return any(name.endswith((HEIGHT, WIDTH)) for name in s.names_in(value, expand=True))


def _after_last(value: Any, trips: Any, names: tuple[str, ...]) -> Any:
    """What a value in a loop's names is once the loop is over; None where that is not known."""
    if isinstance(trips, s.Symbol) or not trips:
        return None
    item = trips[-1]
    count = len(item) if isinstance(item, tuple) else 1
    known = s.substitute(value, spread(names[:count], item))
    return None if s.names_in(known) & set(names) else known


def size_name(name: str) -> str:
    """The local of `forward` that holds an input's height or width."""
    prefix, side = name.split("@")
    return f"{prefix.rstrip('.')}_{side}" if prefix else side

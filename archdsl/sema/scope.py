"""Local names: what is bound in a definition, where it is visible, and what sort it is.

No visible name hides another one of its definition, so a name means one thing at each place.
A label names its step's value only where no other name of that spelling is visible.
"""

from __future__ import annotations

from archdsl import expr as e
from archdsl.node import Node
from archdsl.reserved import refusal_of_keyword, refusal_of_name
from archdsl.sema.errors import error
from archdsl.syntax import ast

TYPE_CHECKING = False
if TYPE_CHECKING:
    from archdsl.source import Span

# Sorts: "number" for compile-time values, "tensor" for values that flow, "any" where only the
# elaborator can tell (a loop over a list), "shared" for modules made by `share`.


class Binding:
    """A local name. `labelled` is the uid of the item whose label this is, if it is a label's.

    `sequential` is the place of the `nn.Sequential` around, out of which no value can be taken.
    `steady`: the same in every iteration, as parameters are. `foreign`: a name that a class of
    Python gave.
    """

    __slots__ = (
        "callable",
        "foreign",
        "labelled",
        "members",
        "name",
        "sequential",
        "sort",
        "span",
        "steady",
        "what",
    )

    def __init__(
        self,
        name: str,
        sort: str,
        what: str,
        span: Span,
        *,
        labelled: int | None = None,
        sequential: Span | None = None,
        steady: bool = False,
        callable: bool | None = None,
        foreign: bool = False,
        members: tuple[Binding, ...] = (),
    ) -> None:
        self.name = name
        self.sort = sort
        self.what = what
        self.span = span
        self.labelled = labelled
        self.sequential = sequential
        self.steady = steady
        self.callable = callable
        self.foreign = foreign
        self.members = members


class Scope:
    """Names visible at a place; `parent` is what is around."""

    __slots__ = ("all", "names", "parent")

    def __init__(self, parent: Scope | None = None) -> None:
        self.parent = parent
        self.names: dict[str, Binding] = {}
        # Every binding of the definition, to say where a name that is out of sight was bound.
        self.all: dict[str, Binding] = {} if parent is None else parent.all

    def child(self) -> Scope:
        return Scope(self)

    def find(self, name: str) -> Binding | None:
        scope: Scope | None = self
        while scope is not None:
            binding = scope.names.get(name)
            if binding is not None:
                return binding
            scope = scope.parent
        return None

    def visible(self) -> set[str]:
        names: set[str] = set()
        scope: Scope | None = self
        while scope is not None:
            names.update(scope.names)
            scope = scope.parent
        return names

    def bind(self, binding: Binding) -> None:
        """Add an explicit name, which may hide none but a label's."""
        other = self.find(binding.name)
        if other is not None and other.labelled is None and not other.members:
            help = "take another name"
            if binding.what == "value" and other.what == "value":
                help = f"take another name, or number them: `as {binding.name}[0]`"
            raise error(
                "E304",
                f"`{binding.name}` has a meaning here already",
                binding.span,
                "named again",
                others=((other.span, f"{article(other.what)} of that name"),),
                help=help,
            )
        if binding.what != "value":
            check_name(binding.name, binding.span, foreign=binding.foreign)
        self.put(binding)

    def label(self, binding: Binding) -> None:
        """Let a label name its step's value, unless an explicit name of that spelling is visible."""
        other = self.find(binding.name)
        if other is None or other.labelled is not None or other.members:
            self.put(binding)

    def put(self, binding: Binding) -> None:
        self.names[binding.name] = binding
        self.all.setdefault(binding.name, binding)

    def release(self, sequential: Span | None = None) -> None:
        """Close braces that only group: values and labels stay visible in the parent."""
        assert self.parent is not None
        for name, binding in self.names.items():
            if binding.sort == "number" or name in self.parent.names:
                continue
            if sequential is not None and binding.sequential is None:
                binding.sequential = sequential
            self.parent.names[name] = binding

    def join(self, then: Scope, otherwise: Scope) -> None:
        """After an `if`: what both arms bind is visible."""
        for name, first in then.names.items():
            second = otherwise.names.get(name)
            if second is None or name in self.names:
                continue
            sort = first.sort if first.sort == second.sort else "any"
            sequential = first.sequential or second.sequential
            self.names[name] = Binding(
                name,
                sort,
                first.what,
                first.span,
                sequential=sequential,
                members=(first, second),
            )


def check_name(name: str, span: Span, *, foreign: bool = False) -> None:
    """Refuse what the generated Python could not be written with. `foreign`: it stands there as a
    keyword of someone else's call alone."""
    reason = refusal_of_keyword(name) if foreign else refusal_of_name(name)
    if reason is not None:
        help = None if foreign else "rename it"
        raise error("E305", f"`{name}` cannot be used as a name: {reason}", span, help=help)


def article(what: str) -> str:
    return f"an {what}" if what[0] in "aeiou" else f"a {what}"


class Use:
    """How an expression may use names.

    `tensors`: values that flow may stand in it; `callables`: blocks and ops may. `sizes`: only
    the shape of the value counts. `sequential`: the place of the `nn.Sequential` around.
    """

    __slots__ = ("callables", "sequential", "sizes", "tensors")

    def __init__(
        self,
        tensors: bool = False,
        callables: bool = True,
        sizes: bool = False,
        sequential: Span | None = None,
    ) -> None:
        self.tensors = tensors
        self.callables = callables
        self.sizes = sizes
        self.sequential = sequential


NUMBERS = Use()
LISTS = Use(tensors=True)
SIZES = Use(tensors=True, callables=False, sizes=True)


def names_in(node: Node) -> set[str]:
    """Every name that an expression or a piece of tree mentions, also as a function or step."""
    found: set[str] = set()
    todo: list[object] = [node]
    while todo:
        item = todo.pop()
        if isinstance(item, e.Name):
            found.add(item.id)
        elif isinstance(item, e.Input):
            found.add("in")
        elif isinstance(item, ast.Ident):
            found.add(item.text)
        elif isinstance(item, Node):
            if isinstance(item, e.CallExpr):
                found.add(item.function)
            todo.extend(getattr(item, field) for field in item._fields if field != "span")
        elif isinstance(item, tuple):
            todo.extend(item)
    return found

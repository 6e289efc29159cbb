"""The phases in order: from the path of a spec to what each verb wants of it.

Everything wrong goes to the bag; a result is None where nothing useful could be made. Phases are
imported where they run, so that a verb waits for no library it doesn't need.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from archdsl.diagnostics import Bag, Diagnostic, Full, Label, SpecError
from archdsl.files import holds, read, whole
from archdsl.node import Node, replace
from archdsl.source import Source

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from archdsl.ir.design import Design
    from archdsl.ir.program import Program
    from archdsl.output import Job
    from archdsl.source import Span
    from archdsl.syntax import ast

Input = tuple[int, ...] | Mapping[str, tuple[int, ...]]
STAGES = ("ast", "program", "design", "module")


class Checked(Node):
    """A spec that holds: its program, and a design for each variant, in the order written."""

    program: Program
    designs: tuple[Design, ...]

    def named(self, variant: str | None) -> tuple[Design, ...]:
        """The design of a variant, if there is one; all for None."""
        return tuple(design for design in self.designs if variant in (None, design.name))


class Compiled(Node):
    """What a compile did (or would do): a file's path, its text before and after.

    `before` is None where there was no file. One that was `edited` stays as it is: only training
    scripts are meant to be. A module has a `script` where the spec says how to train.
    """

    path: str
    before: str | None
    text: str
    warnings: tuple[Diagnostic, ...] = ()
    edited: bool = False
    script: Compiled | None = None

    @property
    def changed(self) -> bool:
        return self.before != self.text and not self.edited

    @property
    def standing(self) -> str:
        """What stands there after the compile."""
        return self.before if self.edited and self.before is not None else self.text

    def __repr__(self) -> str:
        return f"Compiled(path={self.path!r}, changed={self.changed})"


class Formatted(Node):
    """A spec's text as it stands, and in canonical form."""

    before: str
    after: str


def parse(path: str, bag: Bag, at: Span | None = None, text: str | None = None) -> ast.File | None:
    """Text to tree. `at` is the import that asks for the file, if one does; `text` stands for
    what is on disk."""
    from archdsl.syntax import parser

    source = read(path, bag, at) if text is None else Source(path, text)
    return None if source is None else parser.parse(source, bag)


def load_program(
    path: str, bag: Bag, root: str | None = None, text: str | None = None
) -> Program | None:
    """Text to program: the spec, with all that it imports."""
    file = parse(path, bag, None, text)
    return None if file is None else _lowered(file, path, bag, root)


def _lowered(file: ast.File, path: str, bag: Bag, root: str | None) -> Program | None:
    from archdsl.sema import lower

    if root is not None and not holds(root, path, bag):
        return None
    return lower.lower(
        file,
        lambda imported, at: parse(imported, bag, at),
        bag,
        root or os.path.dirname(path),
    )


def check(
    path: str,
    bag: Bag,
    input: Input | None = None,
    root: str | None = None,
    text: str | None = None,
) -> Checked | None:
    """Text to designs: every variant with a shape on every value, and every claim held. A `text`
    is checked as if it stood in the file."""
    from archdsl import lint
    from archdsl.analysis.elaborate import elaborate_all

    with Guard(path, bag):
        file = parse(path, bag, None, text)
        program = None if file is None else _lowered(file, path, bag, root)
        if file is None or program is None:
            return None
        designs = elaborate_all(program, input, bag)
        if not program.variants and not bag.failed:
            bag.add(_no_variant(program))
        elif not bag.failed:
            for warning in lint.warnings(file):
                bag.add(warning)
        bag.items[:] = [item for item in bag.items if not lint.allowed(item)]
        return None if bag.failed else Checked(program=program, designs=designs)
    return None


def smallest_input(checked: Checked, design: Design) -> tuple[int, ...] | None:
    """The smallest square input that a variant accepts; None where its input isn't one map."""
    from archdsl.analysis import smallest

    variant = next(item for item in checked.program.variants if item.name == design.variant)
    return smallest.smallest_input(checked.program, variant)


def figures(checked: Checked, design: Design) -> dict[str, Any]:
    """A variant's figures as plain data."""
    from archdsl.figures import figures as plain

    return plain(design, smallest_input(checked, design))


def emit(path: str, bag: Bag, root: str | None = None) -> tuple[Program, str] | None:
    """Text to text: the program, and the module that it becomes."""
    emitted = emit_both(path, bag, root)
    return None if emitted is None else emitted[:2]


def emit_both(path: str, bag: Bag, root: str | None = None) -> tuple[Program, str, str] | None:
    """The program, its module, and its training script; that is empty where nothing is said of
    training."""
    checked = check(path, bag, root=root)
    if checked is None:
        return None
    if not checked.designs:
        warning = next(item for item in bag.items if item.code == "W602")
        bag.items[bag.items.index(warning)] = replace(warning, code="E595", severity="error")
        return None
    from archdsl.emit import emit as emitter
    from archdsl.emit import script

    with Guard(path, bag):
        text = emitter.emit(checked.program, checked.designs, bag)
        trained = script.emit(checked.program, checked.designs)
        return None if bag.failed else (checked.program, text, trained)
    return None


def compile(job: Job, bag: Bag, *, write: bool = True) -> Compiled | None:
    """A spec's module and training script in their places, each written only where what stands
    there differs."""
    from archdsl import cache, output
    from archdsl.render import report

    emitted = emit_both(job.spec, bag, job.root)
    if emitted is None:
        return None
    program, text, trained = emitted
    with Guard(job.spec, bag):
        before = output.current(job)
        script = _script(output.of_script(job), output.sealed(trained)) if trained else None
        result = Compiled(
            path=job.target, before=before, text=text, warnings=tuple(bag.items), script=script
        )
        if result.changed and write:
            output.write(job, text)
        if script is not None and script.changed and write:
            output.write(output.of_script(job), script.text)
        texts = [(source.path, source.text) for source in program.sources]
        standing = None if script is None else script.standing
        cache.remember(job, texts, text, report(bag.items), standing)
        return result
    return None


def _script(job: Job, text: str) -> Compiled:
    from archdsl import output

    before, own = output.current_script(job)
    return Compiled(path=job.target, before=before, text=text, edited=not own)


def format(path: str, bag: Bag) -> Formatted | None:
    """A spec in canonical form. That it says the same is made sure, not believed."""
    from archdsl.syntax import parser, printer

    with Guard(path, bag):
        file = parse(path, bag)
        if file is None or bag.failed:
            return None
        text = printer.print_file(file)
        again = parser.parse(Source(path, text), Bag())
        if again is None or again.items != file.items or again.doc != file.doc:
            raise RuntimeError(f"the canonical text of {path} does not say what the spec says")
        return Formatted(before=file.source.text, after=text)
    return None


def dump(path: str, stage: str, bag: Bag, root: str | None = None) -> str | None:
    """What the phases up to a stage made of a spec, as text to read."""
    from archdsl.ir import dump as writer

    with Guard(path, bag):
        if stage == "ast":
            file = parse(path, bag)
            return None if file is None else writer.dump_ast(file)
        if stage == "program":
            program = load_program(path, bag, root)
            return None if program is None or bag.failed else writer.dump_program(program)
        if stage == "design":
            checked = check(path, bag, root=root)
            return None if checked is None else "\n".join(map(writer.dump_design, checked.designs))
        emitted = emit(path, bag, root)
        return None if emitted is None else emitted[1]
    return None


class Guard:
    """Ends a phase at the first finding that it can't go on from: it is kept in the bag."""

    def __init__(self, path: str, bag: Bag) -> None:
        self.path = path
        self.bag = bag

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> bool:
        if isinstance(error, Full):
            self.bag.items += [item for item in error.items if item not in self.bag.items]
            return True
        if not isinstance(error, (SpecError, RecursionError)):
            return False
        found = error.diagnostic if isinstance(error, SpecError) else _too_deep(self.path)
        try:
            self.bag.add(found)
        except Full:
            pass  # there are findings enough
        return True


def _no_variant(program: Program) -> Diagnostic:
    model = next((item for item in program.definitions if item.kind == "model"), None)
    needed = [param.name for param in model.params if param.default is None] if model else []
    made = f"variant {model.name.lower()} = {model.name}({', '.join(needed)})" if model else ""
    return Diagnostic(
        code="W602",
        severity="warning",
        message="the spec has no variant: nothing is made of it, and no shape was checked",
        label=Label(span=model.span if model else whole(program.source.path)),
        help=f"add `{made}`" if model else None,
    )


def _too_deep(path: str) -> Diagnostic:
    return Diagnostic(
        code="E490",
        message="the spec is nested too deeply, or refers to itself too often",
        label=Label(span=whole(path)),
        help="name the inner parts as blocks of their own",
    )

"""`weights` on keys: what a key of somebody else's is called here."""

from __future__ import annotations

from archdsl.analysis.notes import error
from archdsl.diagnostics import SpecError
from archdsl.expr import Template
from archdsl.ir.design import Sub, flat, join
from archdsl.ir.evaluate import Scope
from archdsl.ir.keys import state
from archdsl.ir.program import Capture

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from archdsl.analysis.session import Session
    from archdsl.ir.design import Design, Instance
    from archdsl.ir.program import Weights

Pattern = tuple["str | Capture", ...]

MOST_DIGITS = 9
BLOCKS = 2_000  # that are looked through for a hint


def match(pattern: Pattern, key: str) -> dict[str, str | int] | None:
    """What the captures of a pattern hold in a key, or None where it doesn't match.

    A capture takes one character or more, and ends where what follows it in the pattern stands for
    the first time; the last one takes all up to the end. So each part is looked for once.
    """
    found: dict[str, str | int] = {}
    at = 0
    for number, part in enumerate(pattern):
        if not isinstance(part, Capture):
            if not key.startswith(part, at):
                return None
            at += len(part)
            continue
        end = _end(pattern[number + 1 :], key, at + 1)
        text = key[at:end]
        if end <= at or (part.number and not _is_number(text)):
            return None
        found[part.name] = int(text) if part.number else text
        at = end
    return found if at == len(key) else None


def _end(rest: Sequence[str | Capture], key: str, at: int) -> int:
    """Where a capture ends that takes what stands before `at`, and more; -1: nowhere."""
    if not rest:
        return len(key) if at <= len(key) else -1
    text = str(rest[0])
    if len(rest) > 1:
        return key.find(text, at)
    end = len(key) - len(text)
    return end if end >= at and key.endswith(text) else -1


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS


def renamed(
    weights: Weights, keys: Iterable[str], design: Design, session: Session
) -> dict[str, str]:
    """Our key for each of theirs; those that are left out are not in it.

    A key keeps its name where none is computed, as for the index of a list that is too short.
    """
    found = {}
    for key in keys:
        for rule in weights.rules:
            captured = match(rule.pattern, key)
            if captured is None:
                continue
            if rule.target is not None:
                scope = Scope(session.roots)
                scope.names.update(design.root.arguments)
                scope.names.update(captured)
                try:
                    found[key] = session.evaluator.template(rule.target, scope)
                except SpecError:
                    found[key] = key
            break
        else:
            found[key] = key
    return found


def check(session: Session, designs: Sequence[Design]) -> None:
    """Report every rule of the file whose key no variant of its model has: it is good for nothing.

    A file that imports a model may have other variants.
    """
    externs = session.externs
    for definition in session.program.definitions:
        own = [of for of in definition.weights if of.span.source is session.program.source]
        if not own:
            continue
        variants = [of for of in designs if of.model == definition.name]
        states = [state(of, externs) for of in variants]
        if not states or any(of.externs for of in states):
            continue
        keys = list(dict.fromkeys(key for of in states for key in of.shapes))
        rules = (rule for weights in own for rule in weights.rules)
        vain = [rule.target for rule in rules if rule.target is not None]
        vain = [target for target in vain if not _is_any(_wild(target), keys)]
        if not vain:
            continue
        left = [BLOCKS]
        blocks = {path: name for of in variants for path, name in _blocks(of.root, "", left)}
        for target in vain:
            session.report(_in_vain(target, definition.name, keys, blocks).diagnostic)


def _is_any(pattern: Pattern, keys: Iterable[str]) -> bool:
    return any(match(pattern, key) is not None for key in keys)


def _in_vain(target: Template, model: str, keys: list[str], blocks: dict[str, str]) -> SpecError:
    """E418: with the innermost block that the target leads to, and the nearest key."""
    from difflib import get_close_matches

    written = target.span.text.strip('"')
    path, block = _deepest(_wild(target), blocks)
    inside = [key for key in keys if key.startswith(f"{path}.")] if block else keys
    near = get_close_matches(written, inside, 1, 0.4)
    return error(
        "E418",
        f"no variant of `{model}` has a key such as `{written}`",
        target.span,
        notes=(f"`{path}` is a `{block}`, and has nothing of this name",) if block else (),
        help=f"there is `{near[0]}`" if near else None,
    )


def _deepest(pattern: Pattern, blocks: dict[str, str]) -> tuple[str, str]:
    """The path of the innermost block that the first parts of a pattern lead to, and its name."""
    cut = pattern
    while cut:
        last = cut[-1]
        text = "" if isinstance(last, Capture) else last.rpartition(".")[0]
        dotted = not isinstance(last, Capture) and "." in last
        cut = (*cut[:-1], text) if text else cut[:-1]
        if not dotted or not cut:
            continue
        for path, block in blocks.items():
            if match(cut, path) is not None:
                return path, block
    return "", ""


def _blocks(instance: Instance, prefix: str, left: list[int]) -> Iterator[tuple[str, str]]:
    """The paths of a network's blocks, and what these are called; no more than are `left`."""
    for node in flat(instance.nodes):
        if isinstance(node, Sub) and left[0] > 0:
            left[0] -= 1
            path = join(prefix, node.path)
            yield path, node.instance.definition.name
            yield from _blocks(node.instance, path, left)


def _wild(target: Template) -> Pattern:
    """A key to come as a pattern: what is computed may be anything."""
    wild = Capture(name="", number=False)
    parts: list[str | Capture] = []
    for part in target.parts:
        if isinstance(part, str):
            parts.append(part)
        elif not parts or parts[-1] is not wild:
            parts.append(wild)
    return tuple(parts)

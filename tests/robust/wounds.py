"""`python tests/robust/wounds.py`: shipped specs, broken at every place, and where that is reported.

A wound is one token dropped, one word misspelled, one number changed, two arguments exchanged, or
one line deleted. A spec may survive it; otherwise the report has to stand within `NEAR` lines, or
to show or name what was wounded. Claims are left out of the specs: of a wrong figure no one could
say where it comes from.
"""

from __future__ import annotations

import argparse
import glob
import os
import random
import re
import sys
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from archdsl import driver
from archdsl.diagnostics import Bag, Diagnostic
from archdsl.render import report

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SPECS = sorted(glob.glob(os.path.join(ROOT, "specs", "*.arch")))
NEAR = 2
NAME = "wounded.arch"

TOKEN = re.compile(
    r'"""(?:[^\\]|\\.)*?"""|"(?:[^"\\\n]|\\.)*"|#[^\n]*|[\w.]+|->|[*/=<>!]{2}|[^\w\s]'
)
_PAIR = re.compile(r"([\w.*+ ]+), ([\w.*+ ]+)(?=[,)\]])")
_BOUND = re.compile(
    r"(?:let|block|sequence|model|fn|variant|param|const|share|stage|as|for|repeat .* as) "
    r"((?:\w+(?:, )?)+)|(\w+)(?:\[[^]]*\])?:"
)


class Wound(NamedTuple):
    """What a spec is broken by: the text in its place, the line, and the words it is known by."""

    kind: str
    text: str
    line: int
    words: frozenset[str]


class Miss(NamedTuple):
    """A wound that was reported elsewhere, or not at all as a finding."""

    spec: str
    wound: Wound
    said: str


def text_of(path: str) -> str:
    """A spec without its claims; lines stay where they were."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    return re.sub(r"\bexpect\s*\{[^}]*\}", lambda found: "\n" * found.group().count("\n"), text)


def wounds(text: str) -> Iterator[Wound]:
    """Every wound of a text, in the order of their places."""
    for found in TOKEN.finditer(text):
        token = found.group()
        if token.startswith(("#", '"""')):
            continue
        yield _wound("drop", text, *found.span(), "", token)
        if token.replace(".", "").isdigit():
            for changed in (f"{token}1", "0", f"-{token}"):
                yield _wound("number", text, *found.span(), changed, token)
        elif token[0].isalpha() or token[0] == "_":
            yield _wound("rename", text, *found.span(), f"{token}q", token)
    for found in _PAIR.finditer(text):
        first, second = found.groups()
        yield _wound("swap", text, *found.span(), f"{second}, {first}", f"{first} {second}")
    start = 0
    for line in text.split("\n"):
        bound = " ".join(" ".join(filter(None, names)) for names in _BOUND.findall(line))
        if line.strip() and not line.lstrip().startswith("#"):
            yield _wound("line", text, start, start + len(line) + 1, "", bound)
        start += len(line) + 1


def _wound(kind: str, text: str, start: int, end: int, new: str, words: str) -> Wound:
    line = text.count("\n", 0, start) + 1
    # What a number or a part of a list is the value of, and shown as where it does harm.
    before = text[text.rfind("\n", 0, start) + 1 : start]
    owner = re.findall(r"(\w+) ?[=:](?!=)", before)[-1:]
    known = set(re.findall(r"[A-Za-z_]\w+|[a-zA-Z]", " ".join([words, new, *owner])))
    # A wrong number that is shown is found, if it is not one of those that stand everywhere.
    known |= set(re.findall(r"^-?[\d.]{2,}$", new))
    return Wound(kind, text[:start] + new + text[end:], line, frozenset(known))


def judge(path: str, wound: Wound) -> str | None:
    """None where a wounded spec is right, or is reported as it should be; else what was said."""
    bag = Bag()
    checked = driver.check(os.path.join(os.path.dirname(path), NAME), bag, text=wound.text)
    if checked is not None:
        return None
    errors = [item for item in bag.items if item.severity == "error"]
    if any(_near(item, wound) or _named(item, wound) for item in errors):
        return None
    return report(errors) or "nothing"


def _near(item: Diagnostic, wound: Wound) -> bool:
    for label in (item.label, *item.others):
        first, _ = label.span.source.position(label.span.start)
        last, _ = label.span.source.position(label.span.end)
        near = first - NEAR <= wound.line <= last + NEAR and first + 20 > last
        if near and label.span.source.path.endswith(NAME):
            return True
    return any(abs(line - wound.line) <= NEAR for line in _way(item, wound.text))


def _way(item: Diagnostic, text: str) -> Iterator[int]:
    """The lines that a finding says it came through: calls, and the variant."""
    notes = " ".join(item.notes)
    for path, line in re.findall(r" at (?:(\S*):)?(\d+):\d+", notes):
        if (path or item.label.span.source.path).endswith(NAME):
            yield int(line)
    for variant in re.findall(r"variant (\w+)", notes):
        start = re.search(rf"^variant {variant}\b", text, re.MULTILINE)
        if start is not None:
            yield text.count("\n", 0, start.start()) + 1


def _named(item: Diagnostic, wound: Wound) -> bool:
    said = [item.message, item.help or "", *item.notes, item.label.span.text[:80]]
    said += [label.text for label in item.others]
    return not wound.words.isdisjoint(re.findall(r"-?\w+", " ".join(said)))


def sample(seed: int, count: int | None, specs: list[str]) -> Iterator[tuple[str, Wound]]:
    """Wounds of the specs; at most a number of them, drawn from all alike."""
    every = [(path, wound) for path in specs for wound in wounds(text_of(path))]
    if count is not None and count < len(every):
        every = random.Random(seed).sample(every, count)
    yield from every


def main() -> int:
    parser = argparse.ArgumentParser(prog="python tests/robust/wounds.py", description=__doc__)
    parser.add_argument("spec", nargs="*", help="names of shipped specs (default: all)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--count", type=int, help="try so many, not all")
    parser.add_argument("--quiet", action="store_true", help="no list of misses")
    options = parser.parse_args()
    specs = [path for path in SPECS if not options.spec or _stem(path) in options.spec]
    tried: Counter[str] = Counter()
    missed: Counter[str] = Counter()
    for path, wound in sample(options.seed, options.count, specs):
        tried[wound.kind] += 1
        said = judge(path, wound)
        if said is None:
            continue
        missed[wound.kind] += 1
        if not options.quiet:
            line = wound.text.split("\n")[wound.line - 1] if wound.line else ""
            print(
                f"== {_stem(path)}:{wound.line} {wound.kind} {sorted(wound.words)}: {line}\n{said}"
            )
    for kind in sorted(tried):
        print(f"{kind}: {tried[kind]} tried, {missed[kind]} reported elsewhere")
    return 1 if missed else 0


def _stem(path: str) -> str:
    return os.path.splitext(os.path.basename(path))[0]


if __name__ == "__main__":
    sys.exit(main())

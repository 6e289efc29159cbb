"""`python tests/robust/wounds.py`: shipped specs, broken at every place, and where that is reported.

A wound is one token dropped, one word misspelled, one number changed, two arguments exchanged, or
one line deleted. A spec may survive it; otherwise some finding has to lead there:

- a place that it points to, or says it came through, is within `NEAR` lines of the wound;
- or it shows or names what was wounded: the word, the number, what it is the value of;
- or, as it is about meaning and not about syntax, it names the definition that holds the wound, or
  is about the part or merge that holds it: where a layer is gone, no more can be known.

Claims are left out of the specs: of a wrong figure no one could say where it comes from.
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
    r"((?:\w+(?:, )?)+)|(\w+)(?:\[[^]]*\])?:|(\w+) = |import \".*\" \((.*)\)"
)
_HOME = re.compile(
    r"^(?:block|sequence|model|fn|let|variant|train|weights \w+ for) (\w+)", re.MULTILINE
)
_HELD = re.compile(r"^let (\w+) = \[$(?!.*^\])", re.MULTILINE | re.DOTALL)  # its list goes on
_NUMBERS = re.compile(r"\[-?\w+(?:, ?-?\w*){2,}\]")
_BODY = re.compile(r"of this (?:stem|stage|head)|this residual|branches|sides")


class Wound(NamedTuple):
    """What a spec is broken by: the text in its place, the line, the words it is known by, the name
    that it is the value of, the definition that holds it, and the list of numbers that it is in."""

    kind: str
    text: str
    line: int
    words: frozenset[str]
    owner: str = ""
    home: str = ""
    numbers: str = ""


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
        bound = re.sub(r"\w+ as (?=\w)", "", bound)
        if line.strip() and not line.lstrip().startswith("#"):
            yield _wound("line", text, start, start + len(line) + 1, "", bound)
        start += len(line) + 1


def _wound(kind: str, text: str, start: int, end: int, new: str, words: str) -> Wound:
    line = text.count("\n", 0, start) + 1
    # What a number or a part of a list is the value of, and shown as where it does harm.
    before = text[text.rfind("\n", 0, start) + 1 : start]
    owner = re.findall(r"(\w+)(?:: \w+)? ?[=:](?!=)", before)[-1:]
    owner = owner or _HELD.findall(text, 0, start)[-1:]
    known = set(re.findall(r"[A-Za-z_]\w+|[a-zA-Z]", " ".join([words, new, *owner])))
    # A wrong number that is shown is found, if it is not one of those that stand everywhere.
    known |= set(re.findall(r"^-?[\d.]{2,}$|^-\d$", new))
    home = _HOME.findall(text, 0, text.find("\n", start) + 1)[-1:]
    broken = text[:start] + new + text[end:]
    lists = [at[0] for at in _NUMBERS.finditer(broken) if at.start() < start < at.end()]
    return Wound(
        kind,
        broken,
        line,
        frozenset(known),
        "".join(owner),
        "".join(home),
        " ".join(re.findall(r"-?\w+", "".join(lists))),
    )


def judge(path: str, wound: Wound) -> str | None:
    """None where a wounded spec is right, or is reported as it should be; else what was said."""
    bag = Bag()
    checked = driver.check(os.path.join(os.path.dirname(path), NAME), bag, text=wound.text)
    if checked is not None:
        return None
    errors = [item for item in bag.items if item.severity == "error"]
    if any(leads(item, wound) for item in errors for leads in (_near, _named, _around)):
        return None
    return report(errors) or "nothing"


def _near(item: Diagnostic, wound: Wound) -> bool:
    for label in (item.label, *item.others):
        first, _ = label.span.source.position(label.span.start)
        last, _ = label.span.source.position(label.span.end)
        near = first - NEAR <= wound.line <= last + NEAR and first + 20 > last
        if near and label.span.source.path.endswith(NAME):
            return True
    lines = list(_way(item, wound.text))
    if any(abs(line - wound.line) <= NEAR for line in lines):
        return True
    texts = wound.text.split("\n")
    shown = " ".join(texts[line - 1] for line in lines if line <= len(texts))
    return bool(wound.owner) and wound.owner in re.findall(r"\w+", shown)


def _way(item: Diagnostic, text: str) -> Iterator[int]:
    """The lines that a finding says it came through: calls, and the variant."""
    notes = " ".join(item.notes)
    for path, line in re.findall(r"(?: at |\()(?:([^\s()]*):)?(\d+):\d+", notes):
        if (path or item.label.span.source.path).endswith(NAME):
            yield int(line)
    for variant in re.findall(r"variant (\w+)", notes):
        start = re.search(rf"^variant {variant}\b", text, re.MULTILINE)
        if start is not None:
            yield text.count("\n", 0, start.start()) + 1


def _named(item: Diagnostic, wound: Wound) -> bool:
    said = [item.message, item.help or "", *item.notes, item.label.span.text[:80]]
    said += [label.text for label in item.others]
    words = re.findall(r"-?\w+", " ".join(said))
    if wound.numbers and wound.numbers in " ".join(words):
        return True
    meaning = not item.code.startswith("E1")
    return not wound.words.isdisjoint(words) or (meaning and wound.home in words)


def _around(item: Diagnostic, wound: Wound) -> bool:
    """Whether a finding is about the body in braces that holds the wound."""
    span = item.label.span
    if not _BODY.search(item.message) or not span.source.path.endswith(NAME):
        return False
    text = span.source.text
    start = end = text.find("{", span.end)
    depth = 0
    for found in re.finditer(r"[{}]", text[start:]):
        depth += 1 if found.group() == "{" else -1
        if depth == 0:
            end = start + found.end()
            break
    return text.count("\n", 0, start) < wound.line <= text.count("\n", 0, end) + 1


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

"""The catalogue of codes, read from its pages in `archdsl/pages`.

The pages are the one source of `archdsl explain`, of docs/errors.md (written by
`python -m archdsl.codes > docs/errors.md`) and of the sentence that a code stands for. Nothing
that `archdsl check` needs imports this.

A file holds a group of codes: a heading, a sentence or two, and a page for each. A page is
`## CODE: sentence`, prose, and fenced blocks: ```` ```arch file=NAME ```` for files that both
specs import, ```` ```arch wrong ```` for a spec that raises the code, ```` ```arch right ````
for the same spec mended. Where no single spec raises it, `sh` takes the place of `arch`.
"""

from __future__ import annotations

import os
import re

from archdsl.node import Node

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "pages")
FILES = (
    "syntax",
    "merges",
    "ops",
    "names",
    "calls",
    "labels",
    "values",
    "weights",
    "train",
    "files",
    "emission",
    "warnings",
)

HEAD = """\
# Diagnostics

Written from `archdsl/pages` by `python -m archdsl.codes > docs/errors.md`. `archdsl explain E204`
shows a page of it. Codes never change their meaning. Each page holds something that raises the
code, and the same mended; the tests run both.
"""

# What stands above a spec, and above commands.
RAISES = ("This raises it:", "These commands raise it:")
MENDED = ("And this is right:", "And these are right:")

_GROUP = re.compile(r"# (?P<title>.*)\n\n(?P<intro>(?:(?!## ).*\n)+)")
_PAGE = re.compile(r"^## (?P<code>[EW]\d{3}): (?P<sentence>.*)\n(?P<text>(?:(?!## ).*\n?)*)", re.M)
_FENCE = re.compile(
    r"^```(?P<kind>arch|sh) (?P<role>wrong|right|file=\S+)\n(?P<text>.*?)^```\n", re.M | re.S
)
_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")


class Page(Node):
    """What is to be said of a code. `wrong` and `right` are specs, or commands where `shell`."""

    code: str
    sentence: str
    prose: str
    wrong: str
    right: str
    files: tuple[tuple[str, str], ...]
    shell: bool

    def __str__(self) -> str:
        """The page as `archdsl explain` prints it."""
        parts = [f"{self.code}: {self.sentence}", _LINK.sub(r"\1", self.prose)]
        for name, text in self.files:
            parts += [f"With {name}:", _indented(text)]
        parts += [RAISES[self.shell], _indented(self.wrong)]
        parts += [MENDED[self.shell], _indented(self.right)]
        return "\n\n".join(part for part in parts if part)


class Group(Node):
    """A file of pages."""

    title: str
    intro: str
    pages: tuple[Page, ...]


def nearest(text: str) -> str | None:
    """The code that a wrong one is nearest to, if one is near: by its number, among those of its
    letter, or else by its letters."""
    digits = re.sub(r"\D", "", text.upper().replace("O", "0"))
    if len(digits) == 3:
        alike = [code for code in PAGES if code[0] == text[0].upper()] or list(PAGES)
        off, code = min((abs(int(code[1:]) - int(digits)), code) for code in alike)
        return code if off < 100 else None
    from difflib import get_close_matches

    begun = [code for code in PAGES if code.startswith(text.upper())]
    return next(iter([*begun, *get_close_matches(text.upper(), PAGES, 1)]), None)


def catalogue() -> str:
    """docs/errors.md: all codes in tables, then their pages."""
    parts = [HEAD]
    for group in GROUPS:
        rows = [f"| [{p.code}](#{_anchor(p)}) | {p.sentence} |\n" for p in group.pages]
        parts.append(f"**{group.title}**\n\n| | |\n|---|---|\n{''.join(rows)}")
    parts += [_section(_text(name)) for name in FILES]
    return "\n".join(parts)


def _text(name: str) -> str:
    with open(os.path.join(FOLDER, f"{name}.md"), encoding="utf-8") as file:
        return file.read()


def _group(text: str) -> Group:
    head = _GROUP.match(text)
    assert head is not None, f"no heading: {text[:40]}"
    pages = tuple(_page(found) for found in _PAGE.finditer(text))
    return Group(title=head["title"], intro=head["intro"].strip(), pages=pages)


def _page(found: re.Match[str]) -> Page:
    fences = list(_FENCE.finditer(found["text"]))
    texts = {fence["role"]: fence["text"] for fence in fences}
    return Page(
        code=found["code"],
        sentence=found["sentence"],
        prose=_FENCE.sub("", found["text"]).strip(),
        wrong=texts.pop("wrong"),
        right=texts.pop("right"),
        files=tuple((role.removeprefix("file="), text) for role, text in texts.items()),
        shell=any(fence["kind"] == "sh" for fence in fences),
    )


def _section(text: str) -> str:
    """A group as a part of docs/errors.md: lower headings, and above each fence what it is."""

    def named(fence: re.Match[str]) -> str:
        shell = fence["kind"] == "sh"
        words = {"wrong": RAISES[shell], "right": MENDED[shell]}.get(fence["role"])
        words = words or f"With `{fence['role'].removeprefix('file=')}`:"
        return f"{words}\n\n```{fence['kind']}\n{fence['text']}```\n\n"

    text = re.sub(r"\A# |^## (?=[EW]\d)", lambda found: "#" + found[0], text, flags=re.M)
    return re.sub(r"\n{3,}", "\n\n", _FENCE.sub(named, text)).rstrip("\n") + "\n"


def _anchor(page: Page) -> str:
    """The id that a forge gives to the page's heading."""
    plain = re.sub(r"[^\w\- ]", "", f"{page.code}: {page.sentence}".lower())
    return plain.replace(" ", "-")


def _indented(text: str) -> str:
    lines = text.rstrip("\n").split("\n")
    return "\n".join(f"    {line}" if line else "" for line in lines)


GROUPS = tuple(_group(_text(name)) for name in FILES)
PAGES = {page.code: page for group in GROUPS for page in group.pages}
CODES = {code: page.sentence for code, page in PAGES.items()}


if __name__ == "__main__":
    print(catalogue(), end="")

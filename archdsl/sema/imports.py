"""Which file an import means, and which it may not mean."""

from __future__ import annotations

import os
import re

from archdsl.sema.errors import did_you_mean, error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from archdsl.source import Span

SUFFIX = ".arch"
STANDARD = "std:"
NEIGHBOURS = 500  # files beside a spec in which a missing name is looked for
LOOKED_AT = 30_000  # characters of each
_DEFINITION = re.compile(
    r"^(?:block|sequence|model|fn|extern|let|variant)[ \t]+([A-Za-z_]\w*)", re.MULTILINE
)
_SEEN: dict[str, tuple[tuple[tuple[str, int, int], ...], dict[str, list[str]]]] = {}
LIBRARY = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "std")


def resolve(importing: str, written: str, root: str, span: Span) -> str:
    """The path of the file that `written` means in the file `importing`.

    Raises where it is absolute, leads out of `root` (by `..` or by a link), is no `.arch` file or
    isn't there. The library's own files import within the library.
    """
    if written.startswith(STANDARD):
        return _standard(written, span)
    if in_library(importing):
        root = LIBRARY
    _check_form(written, span)
    path = os.path.normpath(os.path.join(os.path.dirname(importing), written))
    _check_inside(path, root, written, span)
    if not os.path.isfile(path):
        raise error(
            "E331",
            f"there is no file `{written}`",
            span,
            f"looked for {path}",
            help=did_you_mean(written, _neighbours(path, written, importing)),
        )
    return path


def importable(name: str, span: Span) -> str | None:
    """The help for a name that isn't imported, and could be: from the standard library, or from a
    file beside the one of a span. None for other names."""
    beside = _in_neighbours(name, span.source.path) if len(name) > 2 else None  # else by chance
    return _in_standard(name) or beside


def _in_neighbours(name: str, path: str) -> str | None:
    own, folder = os.path.basename(path), os.path.dirname(path) or "."
    files = _definitions(folder).get(name, ())
    back = f'import "{own}"'  # a circle
    file = next(
        (
            file
            for file in files
            if file != own and back not in _beginning(os.path.join(folder, file))
        ),
        None,
    )
    return None if file is None else f'it is in a file beside this one: `import "{file}" ({name})`'


def _definitions(folder: str) -> dict[str, list[str]]:
    """The files of a folder in which each name is defined, as of now."""
    files = [stem + SUFFIX for stem in _stems(folder)][:NEIGHBOURS]
    files = [file for file in files if file.isprintable() and '"' not in file]
    stamps = tuple(_stamp(os.path.join(folder, file)) for file in files)
    if _SEEN.get(folder, ((), {}))[0] != stamps:
        found: dict[str, list[str]] = {}
        for file in files:
            for name in _DEFINITION.findall(_beginning(os.path.join(folder, file))):
                found.setdefault(name, []).append(file)
        _SEEN.clear()
        _SEEN[folder] = stamps, found
    return _SEEN[folder][1] if files else {}


def _stamp(path: str) -> tuple[str, int, int]:
    try:
        status = os.stat(path)
    except OSError:
        return path, 0, 0
    return path, status.st_mtime_ns, status.st_size


def _beginning(path: str) -> str:
    """The first characters of a regular file; none of what can't be read."""
    if not os.path.isfile(path):
        return ""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read(LOOKED_AT)
    except OSError:
        return ""


def _in_standard(name: str) -> str | None:
    for stem in _stems(LIBRARY):
        with open(os.path.join(LIBRARY, stem + SUFFIX), encoding="utf-8") as file:
            defined = [line.split() for line in file if line.startswith(("block ", "model "))]
        if any(words[1].partition("(")[0] == name for words in defined):
            return f'it is in the standard library: `import "{STANDARD}{stem}" ({name})`'
    return None


def in_library(path: str) -> bool:
    return os.path.dirname(os.path.abspath(path)) == LIBRARY


def _standard(written: str, span: Span) -> str:
    name = written[len(STANDARD) :]
    path = os.path.join(LIBRARY, name + SUFFIX)
    if name.isidentifier() and os.path.isfile(path):
        return path
    names = [STANDARD + entry for entry in _stems(LIBRARY)]
    raise error(
        "E331",
        f"the standard library has no `{name}`",
        span,
        help=did_you_mean(written, names) or (f"it has {', '.join(names)}" if names else None),
    )


def _check_form(written: str, span: Span) -> None:
    if os.path.isabs(written) or written.startswith(("/", "\\")) or written[1:2] == ":":
        raise error(
            "E330",
            "an import's path is relative to the file that imports",
            span,
            "an absolute path",
            help="write the way from this file, inside the folder of the specs",
        )
    if not written.isprintable():
        raise error("E330", "an import's path has a character that no path should have", span)
    if not written.endswith(SUFFIX):
        raise error(
            "E332",
            f"an import names a `{SUFFIX}` file",
            span,
            help=f"`{os.path.splitext(written)[0]}{SUFFIX}`, if that is the file",
        )


def _check_inside(path: str, root: str, written: str, span: Span) -> None:
    root = os.path.abspath(root or ".")
    if not _within(os.path.abspath(path), root):
        raise error(
            "E330",
            f"`{written}` lies outside the folder of the specs",
            span,
            f"imports stay inside {root}",
        )
    if not _within(os.path.realpath(path), os.path.realpath(root)):
        raise error(
            "E330",
            f"`{written}` is a link out of the folder of the specs",
            span,
            f"imports stay inside {root}",
        )


def _within(path: str, root: str) -> bool:
    return path.startswith(root if root.endswith(os.sep) else root + os.sep)


def _neighbours(path: str, written: str, importing: str) -> list[str]:
    """What could be imported from the folder of a missing file."""
    there, folder = os.path.dirname(path), os.path.dirname(written)
    names = [stem + SUFFIX for stem in _stems(there or ".")]
    own = os.path.normpath(importing)
    return [os.path.join(folder, name) for name in names if os.path.join(there, name) != own]


def _stems(folder: str) -> list[str]:
    try:
        entries = os.listdir(folder)
    except OSError:
        return []
    return sorted(entry[: -len(SUFFIX)] for entry in entries if entry.endswith(SUFFIX))

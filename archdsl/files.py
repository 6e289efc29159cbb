"""Specs on disk: which files an argument means, and their text.

Whatever is wrong with a file is a diagnostic. `at` is the place that asked for the file, an
import; None where the user named it.
"""

from __future__ import annotations

import errno
import os
import stat

from archdsl.diagnostics import Diagnostic, Label
from archdsl.limits import LIMITS, more
from archdsl.source import Source, Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import IO

    from archdsl.diagnostics import Bag

SUFFIX = ".arch"


def specs_in(argument: str, bag: Bag) -> list[str]:
    """The specs that a command-line argument means.

    A folder means its `*.arch` files, sorted by name; not those of folders in it, which are
    where parts for import may lie, and not hidden ones.
    """
    if not os.path.isdir(argument):
        return [argument]
    try:
        names = sorted(os.listdir(argument))
    except OSError as error:
        bag.add(_finding("E394", f"cannot read the folder: {error.strerror}", argument))
        return []
    specs = [
        os.path.join(argument, name)
        for name in names
        if name.endswith(SUFFIX) and not name.startswith(".")
    ]
    specs = [spec for spec in specs if not os.path.isdir(spec)]
    if not specs:
        hint = f"name a spec, or a folder that holds *{SUFFIX} files"
        bag.add(_finding("E392", "the folder holds no specs", argument, help=hint))
    return specs


def read(path: str, bag: Bag, at: Span | None = None) -> Source | None:
    """The text of a spec; None, and a diagnostic, where there is none to be had."""
    if at is None and not path.endswith(SUFFIX) and _is_file(path):
        message = f"{path} is no {SUFFIX} file"
        bag.add(_finding("E395", message, path, help=f"a spec is called NAME{SUFFIX}"))
        return None
    limit = LIMITS["bytes"]
    try:
        with opened(path) as file:
            size = os.fstat(file.fileno()).st_size
            data = file.read(limit + 1)
    except FileNotFoundError:
        bag.add(_finding("E390", f"there is no file {path}", path, at, help=_similar(path)))
        return None
    except IsADirectoryError:
        bag.add(_finding("E392", f"{path} is a folder, not a spec", path, at))
        return None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        bag.add(_finding("E394", f"cannot read {path}: {reason}", path, at))
        return None

    if len(data) > limit:
        message = f"{path} is too large for a spec: {size:,} bytes, at most {limit:,}"
        bag.add(_finding("E393", message, path, at, help=more("bytes")))
        return None
    return _decoded(path, data, bag)


def opened(path: str) -> IO[bytes]:
    """A file, to be read; OSError for what could keep its reader waiting: pipes, devices."""
    file = open(path, "rb", opener=_at_once)  # noqa: SIM115
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise OSError(errno.EINVAL, "not a regular file")
    return file


def _at_once(path: str, flags: int) -> int:
    """Opens a pipe, too, without waiting for who writes to it."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _is_file(path: str) -> bool:
    return os.path.exists(path) and not os.path.isdir(path)


def holds(root: str, path: str, bag: Bag) -> bool:
    """Whether a spec lies in the folder that its imports stay in; reports it otherwise."""
    folder = os.path.join(os.path.realpath(root), "")
    if os.path.realpath(path).startswith(folder):
        return True
    message = f"{path} lies outside {root}, where imports are to stay"
    bag.add(_finding("E396", message, path, help="name a folder around it with `--root`"))
    return False


def _decoded(path: str, data: bytes, bag: Bag) -> Source | None:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        source = Source(path, data.decode("utf-8", errors="replace"))
        start = len(data[: error.start].decode("utf-8"))
        span = Span(source=source, start=start, end=start + 1)
        byte = f"byte 0x{data[error.start]:02x} at offset {error.start}"
        bag.add(
            Diagnostic(
                code="E391",
                message="the spec is not valid UTF-8",
                label=Label(span=span, text=byte),
                help="save the file as UTF-8",
            )
        )
        return None
    return Source(path, text.removeprefix("\ufeff"))


def whole(path: str) -> Span:
    """A place for what concerns a file as such."""
    return Span(source=Source(path, ""), start=0, end=0)


def _finding(
    code: str, message: str, path: str, at: Span | None = None, help: str | None = None
) -> Diagnostic:
    return Diagnostic(code=code, message=message, label=Label(span=at or whole(path)), help=help)


def _similar(path: str) -> str | None:
    """The spec beside a missing one that its name may have meant."""
    from difflib import get_close_matches

    folder, name = os.path.split(path)
    try:
        names = [other for other in os.listdir(folder or ".") if other.endswith(SUFFIX)]
    except OSError:
        return None
    # Without the suffix, which would make any two short names alike.
    stems = [other[: -len(SUFFIX)] for other in names]
    close = get_close_matches(name.removesuffix(SUFFIX), stems, n=1)
    return f"did you mean {os.path.join(folder, close[0] + SUFFIX)}?" if close else None

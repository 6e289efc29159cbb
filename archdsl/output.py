"""Generated files: where they go, whose they are, and how they are written.

A target is written whole or not at all, inside its folder, and only over what archdsl wrote
before. `MARK` in a module's docstring tells such a file.
"""

from __future__ import annotations

import os
from keyword import iskeyword

from archdsl import draft
from archdsl.diagnostics import Diagnostic, Label, SpecError
from archdsl.files import SUFFIX, opened, whole
from archdsl.node import Node, replace
from archdsl.source import Source
from archdsl.store import digest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from archdsl.diagnostics import Bag

MARK = "Generated from {origin} by archdsl; edit the spec, not this file."
SCRIPT = "_train"  # after the module's name: its training script
UNSEALED = "once edited (000000000000)."  # how a script's mark ends, before it is sealed
_BEFORE, _AFTER = MARK.split("{origin}")

# What generated modules import, and names with a meaning of their own in a package.
TAKEN = frozenset(
    ["torch", "collections", "functools", "math", "typing", "__init__", "__main__", "__future__"]
)


class Job(Node):
    """A spec to compile: imports stay inside `root` (None: the spec's folder), the module goes
    to `target` in `folder`."""

    spec: str
    folder: str
    target: str
    root: str | None = None


def plan(specs: Sequence[str], folder: str, bag: Bag, root: str | None = None) -> list[Job]:
    """A job for each spec whose name gives a module's; two specs never share a target."""
    jobs: list[Job] = []
    owners: dict[str, str] = {}
    for spec in specs:
        name = os.path.basename(spec)
        stem = name[: -len(SUFFIX)] if name.endswith(SUFFIX) else os.path.splitext(name)[0]
        if finding := _bad_stem(spec, stem):
            bag.add(finding)
            continue
        owner = owners.setdefault(stem.casefold(), spec)
        if owner is not spec:
            message = f"{spec} and {owner} would both be written to {stem}.py"
            bag.add(_finding("E591", message, spec, "rename one, or compile them to two folders"))
            continue
        if (of := owners.get(stem.casefold().removesuffix(SCRIPT))) not in (None, spec):
            bag.add(_taken(spec, stem, str(of)))
            continue
        target = os.path.join(folder, f"{stem}.py")
        jobs.append(Job(spec=spec, folder=folder, target=target, root=root))
    return jobs


def _taken(spec: str, stem: str, of: str) -> Diagnostic:
    message = f"{stem}.py is the training script of {of}, and can't be the module of {spec}"
    return _finding("E591", message, spec, "rename one, or compile them to two folders")


def _bad_stem(spec: str, stem: str) -> Diagnostic | None:
    if stem.isascii() and stem.isidentifier() and not iskeyword(stem) and stem not in TAKEN:
        return None
    if stem in TAKEN:
        message = f"a module called {stem} would hide Python's own or torch's"
        return _finding("E590", message, spec, f"call the spec {stem}_net{SUFFIX}, say")
    better = "".join(char if char.isascii() and char.isalnum() else "_" for char in stem)
    if not better or better[0].isdigit() or iskeyword(better):
        better = f"net_{better}"
    message = f"the spec's name gives the module's, and {stem!r} is not one"
    return _finding("E590", message, spec, f"call the spec {better}{SUFFIX}")


def current(job: Job) -> str | None:
    """What stands at the target now, None if nothing; refuses what archdsl did not write."""
    if os.path.exists(job.folder) and not os.path.isdir(job.folder):
        message = f"the output goes to a folder, and {job.folder} is a file"
        raise SpecError(_finding("E594", message, job.folder, "give -o a folder"))
    _check_inside(job)
    try:
        with opened(job.target) as file:
            text = file.read().decode("utf-8")
    except FileNotFoundError:
        return None
    except UnicodeDecodeError:
        text = ""
    except OSError as error:
        raise SpecError(failed("read", job.target, error)) from error
    if not is_ours(text):
        message = f"{job.target} was not written by archdsl, and stays as it is"
        help = "move it away, or choose another folder with -o"
        raise SpecError(_finding("E592", message, job.target, help))
    _check_owner(job, origin(text) or "")
    return text


def _check_owner(job: Job, written: str) -> None:
    """Refuse the module of another spec. A spec that has moved leaves nothing at its old place."""
    own = Source(job.spec, "").origin
    if written == own:
        return
    around = (".", *(os.path.dirname(os.path.abspath(path)) for path in (job.folder, job.spec)))
    for folder in (*around, os.path.dirname(around[-1])):
        other = os.path.join(folder, written)
        if os.path.isfile(other) and not os.path.samefile(other, job.spec):
            message = f"{job.target} was generated from {written}, not from {own}"
            help = "choose another folder with -o, or rename one of the specs"
            raise SpecError(_finding("E592", message, job.target, help))


def is_ours(text: str) -> bool:
    """Whether the module's docstring bears the mark."""
    return origin(text) is not None


def origin(text: str) -> str | None:
    """The spec that a module says it was generated from; None for a text without the mark."""
    if not text.startswith('"""'):
        return None
    doc = text[3 : text.find('"""', 3)]
    for line in doc.replace("\r", "").split("\n"):
        if line.startswith(_BEFORE) and line.endswith(_AFTER):
            return line[len(_BEFORE) : len(line) - len(_AFTER)]
    return None


def of_script(job: Job) -> Job:
    """The same with the training script as the target."""
    script: Job = replace(job, target=job.target.removesuffix(".py") + SCRIPT + ".py")
    return script


def sealed(text: str) -> str:
    """A script whose mark tells the digest of its text, so that an edit shows."""
    seal = digest(text.encode())[: UNSEALED.count("0")]
    return text.replace(UNSEALED, UNSEALED.replace("0" * len(seal), seal), 1)


def current_script(job: Job) -> tuple[str | None, bool]:
    """What stands at a script's target now, None if nothing, and whether it is as archdsl wrote it."""
    _check_inside(job)
    try:
        with opened(job.target) as file:
            text = file.read().decode("utf-8")
    except FileNotFoundError:
        return None, True
    except UnicodeDecodeError:
        return "", False
    except OSError as error:
        raise SpecError(failed("read", job.target, error)) from error
    if is_ours(text):
        stem = os.path.basename(job.target).removesuffix(".py")
        raise SpecError(_taken(origin(text) or "", stem, job.spec))
    before, _, after = text.partition(UNSEALED.partition("0")[0])
    return text, text == sealed(before + UNSEALED + after.partition(").")[2])


def write(job: Job, text: str) -> None:
    """Put a module in its place, at once and durably, making the folder where it lacks."""
    try:
        os.makedirs(job.folder, exist_ok=True)
        _check_inside(job)
        replace_file(job.target, text)
    except OSError as error:
        raise SpecError(failed("write", job.target, error)) from error


def replace_file(path: str, text: str) -> None:
    """Write a text file as a draft (see there). Through a link, what it points to is replaced."""
    draft.write(os.path.realpath(path), text.encode("utf-8"))


def _check_inside(job: Job) -> None:
    """Refuse a target that a link leads out of its folder."""
    folder = os.path.realpath(job.folder)
    real = os.path.realpath(job.target)
    if os.path.dirname(real) != folder:
        message = f"{job.target} is a link that leads out of {job.folder}, to {real}"
        raise SpecError(_finding("E593", message, job.target, "remove the link"))


def failed(verb: str, path: str, error: OSError) -> Diagnostic:
    """The finding for a file that could not be read or written."""
    return _finding("E594", f"cannot {verb} {path}: {error.strerror or error}", path)


def _finding(code: str, message: str, path: str, help: str | None = None) -> Diagnostic:
    return Diagnostic(code=code, message=message, label=Label(span=whole(path)), help=help)

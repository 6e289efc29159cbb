"""What a compile found, remembered between runs, so that nothing to do takes no time.

A record says: this compiler, on these texts, wrote this output. It holds hashes, no text, and is
advice only: it counts if every hash in it, the output's on disk included, is that of the file as
it is now. Anything else (no record, a broken one, a store that can't be written) means to compile.
"""

from __future__ import annotations

import json
import os
import sys
from functools import cache

from archdsl import store
from archdsl.files import opened
from archdsl.node import Node
from archdsl.output import of_script
from archdsl.store import digest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from archdsl.output import Job

PACKAGE = os.path.dirname(os.path.abspath(__file__))
DEPENDENCIES = ("black-", "jinja2-", "lark-", "markupsafe-", "networkx-")


class Record(Node):
    """`sources` are the spec and all it imports; `warnings` are as they were shown, uncoloured.
    `script` is empty where the spec has no training script."""

    compiler: str
    sources: tuple[tuple[str, str], ...]
    output: str
    script: str
    warnings: str


def fresh(job: Job) -> Record | None:
    """The record of a compile that would give what stands at the target; None: compile."""
    record = _load(_key(job))
    if record is None or record.compiler != fingerprint():
        return None
    files = [*record.sources, (job.target, record.output)]
    if record.script:
        files.append((of_script(job).target, record.script))
    return record if all(_file_digest(path) == seen for path, seen in files) else None


def remember(
    job: Job,
    sources: Iterable[tuple[str, str]],
    output: str,
    warnings: str,
    script: str | None = None,
) -> None:
    """Keep what a compile found. `sources` are paths and texts as read; `script` is the training
    script as it stands."""
    record = {
        "compiler": fingerprint(),
        "sources": [[os.path.abspath(path), digest(text.encode())] for path, text in sources],
        "output": digest(output.encode()),
        "script": "" if script is None else digest(script.encode()),
        "warnings": warnings,
    }
    store.save(_key(job), json.dumps(record).encode())


@cache
def fingerprint() -> str:
    """What changes whenever the compiler may give another output: its files, Python, and the
    versions of the libraries that it uses."""
    stamps = [sys.version, *_installed()]
    for folder, folders, files in os.walk(PACKAGE):
        folders[:] = [name for name in folders if name != "__pycache__"]
        for name in files:
            stat = os.stat(os.path.join(folder, name))
            stamps.append(f"{folder}/{name} {stat.st_size} {stat.st_mtime_ns}")
    return digest("\n".join(sorted(stamps)).encode())


def _installed() -> list[str]:
    """Names with versions of the libraries' metadata folders; `importlib.metadata` would do
    at ten times the price."""
    found = []
    for path in sys.path:
        if path.endswith("-packages") and os.path.isdir(path):
            found += [
                name
                for name in os.listdir(path)
                if name.endswith(".dist-info") and name.lower().startswith(DEPENDENCIES)
            ]
    return found


def _file_digest(path: str) -> str | None:
    try:
        with opened(path) as file:
            return digest(file.read())
    except (OSError, ValueError):
        return None


def _key(job: Job) -> str:
    """The record's file name. The path as given counts too: warnings show it."""
    paths = (job.spec, job.target, job.root or os.path.dirname(job.spec))
    names = (job.spec, *map(os.path.abspath, paths))
    return digest("\0".join(names).encode("utf-8", "surrogateescape")) + ".json"


def _load(key: str) -> Record | None:
    try:
        found = json.loads(store.load(key) or b"")
        return Record(
            compiler=str(found["compiler"]),
            sources=tuple((str(path), str(seen)) for path, seen in found["sources"]),
            output=str(found["output"]),
            script=str(found["script"]),
            warnings=str(found["warnings"]),
        )
    except (ValueError, KeyError, TypeError, RecursionError):
        return None

"""What archdsl keeps between runs, in a folder of its user's own.

All of it is advice: what is missing, or can't be read or written, is worked out again. Files lie in
`$XDG_CACHE_HOME/archdsl`, or `~/.cache/archdsl`; one that others can write to is not used.
"""

from __future__ import annotations

import os

from archdsl import draft

try:  # what `hashlib` gives, without the OpenSSL that it brings along
    from _blake2 import blake2b
except ImportError:
    from hashlib import blake2b

KEPT = 1000  # files; beyond, the older half goes


def digest(*parts: bytes) -> str:
    """A name for a content. Parts are told apart: ("ab", "c") is not ("a", "bc")."""
    state = blake2b(digest_size=16)
    for part in parts:
        state.update(b"%d:" % len(part))
        state.update(part)
    return state.hexdigest()


def load(name: str) -> bytes | None:
    """What is kept under a name."""
    folder = _folder()
    path = os.path.join(folder or "", name)
    if folder is None or os.path.islink(path) or not os.path.isfile(path):
        return None
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return None


def save(name: str, data: bytes) -> None:
    """Keep data under a name. Who reads meanwhile finds the old data or the new, never half."""
    folder = _folder()
    if folder is None:
        return
    try:
        _prune(folder)
        draft.write(os.path.join(folder, name), data, mode=0o600, sync=False)
    except OSError:
        pass


def _folder() -> str | None:
    """The folder, made if need be; None where there is none that only this user can write to."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    if not os.path.isabs(base):
        base = os.path.join(os.path.expanduser("~"), ".cache")
    folder = os.path.join(base, "archdsl")
    if not os.path.isabs(folder):
        return None
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        status = os.lstat(folder)
    except OSError:
        return None
    own = not hasattr(os, "getuid") or status.st_uid == os.getuid()
    private = os.name == "nt" or status.st_mode & 0o170022 == 0o040000
    return folder if own and private else None


def _prune(folder: str) -> None:
    names = os.listdir(folder)
    if len(names) < KEPT:
        return
    paths = [os.path.join(folder, name) for name in names]
    paths.sort(key=os.path.getmtime)
    for path in paths[: KEPT // 2]:
        os.unlink(path)

"""How files are written: beside their place, and moved into it when they are whole.

Who reads meanwhile finds the old file or the new one. What a process that was killed leaves behind
goes with the next draft in its folder: a draft is locked while it is written, and the system lets
go of the lock when the process ends, however that comes about.
"""

from __future__ import annotations

import os

PREFIX, SUFFIX = ".archdsl-", ".tmp"


class Draft:
    """What will stand at a path. Entering gives the path of an empty file to fill; leaving moves
    that into its place, or removes it after an exception.

    The permissions are `mode`, else those of the file that is replaced. The new file is on the disk
    before the old one goes, unless `sync` is False.
    """

    def __init__(self, path: str, mode: int | None = None, sync: bool = True) -> None:
        self.path = path
        self.mode = mode
        self.sync = sync

    def __enter__(self) -> str:
        folder = os.path.dirname(self.path) or "."
        _sweep(folder)
        if self.mode is None and os.path.exists(self.path):
            self.mode = os.stat(self.path).st_mode & 0o777
        self.draft, self.lock = _new(folder, 0o666 if self.mode is None else self.mode)
        return self.draft

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        try:
            if error is None:
                self._finish()
        finally:
            _remove(self.draft)  # unless it has been moved
            if self.lock is not None:
                os.close(self.lock)

    def _finish(self) -> None:
        if self.mode is not None:
            os.chmod(self.draft, self.mode)  # whatever the umask is
        if self.sync:
            with open(self.draft, "rb") as file:
                os.fsync(file.fileno())
        os.replace(self.draft, self.path)


def write(path: str, data: bytes, mode: int | None = None, sync: bool = True) -> None:
    """Put data in the place of a file; the rest is as with a `Draft`."""
    with Draft(path, mode, sync) as draft, open(draft, "wb") as file:
        file.write(data)


def _new(folder: str, mode: int) -> tuple[str, int | None]:
    """An empty file under a name that no one else has, and the handle that keeps its lock (None
    where the system knows no such locks, and a file that is open could not be moved)."""
    while True:
        path = os.path.join(folder, f"{PREFIX}{os.urandom(6).hex()}{SUFFIX}")
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        try:
            from fcntl import LOCK_EX, flock
        except ImportError:
            os.close(handle)
            return path, None
        try:
            flock(handle, LOCK_EX)
        except OSError:
            pass  # not on this disk: then no one else gets it, either
        if os.path.exists(path):
            return path, handle
        os.close(handle)  # another's sweep came before the lock


def _sweep(folder: str) -> None:
    """Remove the drafts in a folder whose locks no one holds."""
    try:
        from fcntl import LOCK_EX, LOCK_NB, flock

        names = os.listdir(folder)
    except (ImportError, OSError):
        return
    for name in names:
        if not name.startswith(PREFIX) or not name.endswith(SUFFIX):
            continue
        path = os.path.join(folder, name)
        try:
            handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError:
            continue
        try:
            flock(handle, LOCK_EX | LOCK_NB)
            os.unlink(path)
        except OSError:
            pass
        finally:
            os.close(handle)


def _remove(path: str) -> None:
    try:
        os.unlink(path)
    except OSError:
        pass

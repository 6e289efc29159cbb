"""One input through the compiler: what comes is findings or a result, soon, and nothing else."""

from __future__ import annotations

import functools
import os
import resource
import signal
import tempfile
import traceback
from types import FrameType
from typing import IO, NamedTuple
from zlib import crc32

from fuzz_inputs import Input

from archdsl import driver, formats
from archdsl.codes import CODES
from archdsl.diagnostics import Bag, SpecError
from archdsl.files import read
from archdsl.render import report
from archdsl.source import Source
from archdsl.syntax import ast, parser, printer

SECONDS = 5.0  # of the processor's time, for one input
MEMORY = 1 << 30
FORMS = (report, *formats.FORMATS.values())


class Outcome(NamedTuple):
    """What an input came to: `right`, `wrong` (with findings), `refused` (right, but not to be
    written); or `failed`, and how."""

    word: str
    failure: str = ""


class TooSlow(BaseException):
    """An input has had its time."""


def limit() -> None:
    """Hold this process to the memory and the time that an input may take."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    signal.signal(signal.SIGPROF, _stop)


def _stop(number: int, frame: FrameType | None) -> None:
    raise TooSlow


def attempt(given: Input) -> Outcome:
    """Try an input; `limit` was called before."""
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    try:
        return _run(given)
    except (Exception, TooSlow) as error:
        return Outcome("failed", "".join(traceback.format_exception(error, limit=-8)))
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def _run(given: Input) -> Outcome:
    bag = Bag()
    text = _text(given.data, bag)
    file = None
    with driver.Guard(given.path, bag):
        file = None if text is None else driver.parse(given.path, bag, None, text)
    if text is None or file is None:
        assert bag.failed, "no tree, and no finding that says why"
        _show(bag, text or "")
        return Outcome("wrong")
    _reprint(given.path, file)
    checked = driver.check(given.path, bag, text=text)
    if checked is None or bag.failed:
        assert bag.failed, "no result, and no finding that says why"
        _show(bag, text)
        return Outcome("wrong")
    written = _emit(checked, bag)
    _show(bag, text)
    return Outcome("right" if written else "refused")


def _text(data: bytes, bag: Bag) -> str | None:
    """The text of a file with these bytes."""
    file = _file()
    file.seek(0)
    file.truncate()
    file.write(data)
    file.flush()
    assert os.path.exists(file.name), "someone removed the file that holds the inputs"
    source = read(file.name, bag)
    return None if source is None else source.text


@functools.cache
def _file() -> IO[bytes]:
    """The file that holds each input in turn."""
    folder = "/dev/shm" if os.path.isdir("/dev/shm") else None
    return tempfile.NamedTemporaryFile(suffix=".arch", dir=folder)


def _reprint(path: str, file: ast.File) -> None:
    """What parses prints to a text that says the same, and prints to itself."""
    printed = printer.print_file(file)
    again = parser.parse(Source(path, printed), Bag())
    assert again is not None, "the canonical text does not parse"
    assert (again.doc, again.items) == (file.doc, file.items), "the canonical text says otherwise"
    assert printer.print_file(again) == printed, "the canonical text is not canonical"


def _emit(checked: driver.Checked, bag: Bag) -> bool:
    """Whether a module comes out; it has to be Python."""
    if not checked.designs:
        return False
    from archdsl.emit import emit as emitter

    try:
        text = emitter.emit(checked.program, checked.designs, bag)
    except SpecError as error:
        bag.add(error.diagnostic)
    if bag.failed:
        return False
    compile(text, "emitted", "exec", dont_inherit=True)
    return True


def _show(bag: Bag, text: str) -> None:
    """Every finding has a page, and can be shown: in one of the forms, which the spec decides."""
    for item in bag.items:
        assert item.code in CODES, item.code
    form = FORMS[crc32(text.encode("utf-8", "backslashreplace")) % len(FORMS)]
    form(bag.items).encode("utf-8", "backslashreplace")

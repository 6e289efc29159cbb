"""One input through the compiler: what comes is findings or a result, soon, and nothing else."""

from __future__ import annotations

import os
import resource
import signal
import tempfile
import traceback
from types import FrameType
from typing import NamedTuple

from fuzz_inputs import Input

from archdsl import driver, formats
from archdsl.codes import CODES
from archdsl.diagnostics import Bag, SpecError
from archdsl.files import read
from archdsl.render import report
from archdsl.source import Source
from archdsl.syntax import parser, printer

SECONDS = 5.0  # of the processor's time, for one input
MEMORY = 1 << 30


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
    if text is None:
        _show(bag)
        return Outcome("wrong")
    _reprint(given.path, text)
    checked = driver.check(given.path, bag, text=text)
    if checked is None or bag.failed:
        assert bag.failed, "no result, and no finding that says why"
        _show(bag)
        return Outcome("wrong")
    written = _emit(checked, bag)
    _show(bag)
    return Outcome("right" if written else "refused")


def _text(data: bytes, bag: Bag) -> str | None:
    """The text of a file with these bytes."""
    with tempfile.NamedTemporaryFile(suffix=".arch", dir=_FOLDER) as file:
        file.write(data)
        file.flush()
        source = read(file.name, bag)
    return None if source is None else source.text


_FOLDER = "/dev/shm" if os.path.isdir("/dev/shm") else None


def _reprint(path: str, text: str) -> None:
    """What parses prints to a text that says the same, and prints to itself."""
    file = parser.parse(Source(path, text), Bag())
    if file is None:
        return
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


def _show(bag: Bag) -> None:
    """Every finding can be shown, in every form, and has a page."""
    for item in bag.items:
        assert item.code in CODES, item.code
    report(bag.items)
    for form in formats.FORMATS.values():
        form(bag.items).encode("utf-8", "backslashreplace")

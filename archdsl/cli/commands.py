"""The verbs: each takes the options and gives the exit status."""

from __future__ import annotations

import errno
import os
import sys

from archdsl.diagnostics import Bag, SpecError
from archdsl.files import specs_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable, Generator, Iterable, Sequence

    from archdsl.diagnostics import Diagnostic
    from archdsl.driver import Checked
    from archdsl.output import Job


_FULL = (errno.ENOSPC, errno.EFBIG, errno.EDQUOT, errno.EIO)  # of a stream: it takes no more


class Net:
    """Around the work on one spec: a failure of archdsl's own ends that work in one line, with
    exit status 1. `ARCHDSL_DEBUG=1` shows the traceback, too."""

    def __init__(self, spec: str = "") -> None:
        self.spec = spec
        self.status = 0

    def __enter__(self) -> Net:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        if not isinstance(error, Exception) or isinstance(error, BrokenPipeError):
            return False
        self.status = 1
        if isinstance(error, OSError) and error.filename is None and error.errno in _FULL:
            print(f"archdsl: cannot print the results: {error.strerror}", file=sys.stderr)
            hush()
            return True
        from traceback import extract_tb, print_exception

        if os.environ.get("ARCHDSL_DEBUG"):
            print_exception(type(error), error, error.__traceback__)
        last = extract_tb(error.__traceback__)[-1]
        said = " ".join(f"{type(error).__name__}: {error}".split())
        where = f"{os.path.basename(last.filename)}:{last.lineno}"
        of = f" in {self.spec}" if self.spec else ""
        print(f"archdsl: internal error{of}: {said} ({where}), please report", file=sys.stderr)
        return True


def hush() -> None:
    """Let what is still to be printed go nowhere: Python flushes again when it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


DIFF_LINES = 40  # of each file; the rest is counted


def compile(options: Namespace) -> int:
    """`archdsl compile`: each spec for itself; what is right is written, whatever the others are."""
    from archdsl import cache, output

    bag = Bag()
    jobs = output.plan(_specs(options.specs, bag), options.output, bag, options.root)
    status = _report(bag.items)
    records = [cache.fresh(job) for job in jobs]
    said = _compiled([job for job, record in zip(jobs, records) if record is None], options.check)
    try:
        for job, record in zip(jobs, records):
            if record is None:
                one, out, errors = next(said)
                status = max(status, one)
            else:
                out = f"{job.target}: unchanged\n"
                errors = record.warnings and f"{record.warnings}\n"
            sys.stderr.write(errors)
            sys.stdout.write(out)
    finally:
        said.close()
    return status


def _compiled(jobs: Sequence[Job], check: bool) -> Generator[tuple[int, str, str], None, None]:
    """For each job the exit status, and what goes to standard output and standard error."""
    if not jobs:
        return
    from contextlib import closing, redirect_stderr, redirect_stdout
    from io import StringIO

    from archdsl import workers

    colored = _colored()

    def one(job: Job) -> tuple[int, str, str]:
        out, errors = StringIO(), StringIO()
        with redirect_stdout(out), redirect_stderr(errors), Net(job.spec) as net:
            net.status = _compile_one(job, check, colored)
        return net.status, out.getvalue(), errors.getvalue()

    with closing(workers.in_order(one, jobs)) as results:
        for job, result in zip(jobs, results):
            if isinstance(result, workers.Lost):
                how = f"its process was ended (exit status {result.status})"
                yield 1, "", f"archdsl: {job.spec} was not compiled: {how}\n"
            else:
                yield result


def _compile_one(job: Job, check: bool, colored: bool) -> int:
    from archdsl import driver

    bag = Bag()
    compiled = driver.compile(job, bag, write=not check)
    status = _report(bag.items, colored)
    if compiled is None:
        return status
    for file in filter(None, (compiled, compiled.script)):
        if file.edited:
            left = "was edited, and stays as it is; delete it to have it written anew"
            print(f"{file.path} {left}", file=sys.stderr)
        elif not file.changed:
            print(f"{file.path}: unchanged")
        elif check:
            _show_change(file.path, file.before, file.text)
            status = 1
        else:
            print(f"{file.path}: written")
    return status


def check(options: Namespace) -> int:
    """`archdsl check`"""
    from archdsl import driver

    listed = Bag()
    found = []
    lines = []
    failed = 0
    for spec in _specs(options.specs, listed):
        bag = Bag()
        checked = None
        with Net(spec) as net:
            if options.fix:
                _mend(spec, options, listed)
            checked = driver.check(spec, bag, options.input, options.root)
        failed = max(failed, net.status)
        found += bag.items
        if checked is not None:
            count = len(checked.program.variants)
            right = f"right, {count} variant{'' if count == 1 else 's'}"
            lines.append(f"{spec}: {right if count else 'no variant'}")
    found = [*listed.items, *found]
    if options.format != "text":
        from archdsl.formats import FORMATS

        shown = FORMATS[options.format](found)
        if shown:
            print(shown)
        return max(failed, _status(found))
    status = max(failed, _report(found))
    for line in lines:
        print(line)
    return status


def _mend(spec: str, options: Namespace, bag: Bag) -> None:
    """Mend a spec, and say what was done to standard error."""
    from archdsl import mend
    from archdsl.output import failed
    from archdsl.render import place

    mended = mend.mend(spec, options.input, options.root)
    if mended is None:
        return
    if mended.text is None:
        print(f"{spec}: stays as it is: what is certain would leave", file=sys.stderr)
        for item in mended.left:
            print(f"  {place(item.label.span)}: {item.code}: {item.message}", file=sys.stderr)
        return
    try:
        mend.write(spec, mended.text)
    except OSError as error:
        bag.add(failed("write", spec, error))
        return
    for item in mended.done:
        assert item.fix is not None
        what = f"`{item.fix.span.text}` is now" if item.fix.span.text else "added"
        print(f"{place(item.fix.span)}: {what} `{item.fix.text.strip()}`", file=sys.stderr)


def summary(options: Namespace) -> int:
    """`archdsl summary`"""
    from archdsl import driver

    listed = Bag()
    status = 0
    shown = []
    known: list[str] = []
    for spec in _specs([options.spec], listed):
        bag = Bag()
        checked = None
        with Net(spec) as net:
            checked = driver.check(spec, bag, options.input, options.root)
        status = max(status, net.status)
        status = max(status, _report(bag.items))
        if checked is not None:
            known += [design.name for design in checked.designs]
            shown += [(checked, design) for design in checked.named(options.variant)]
    status = max(status, _report(listed.items))
    if options.variant is not None and not shown and not status:
        return _usage(f"there is no variant {options.variant}", options.variant, known)
    if options.json:
        from json import dumps

        objects = [dumps(driver.figures(checked, design)) for checked, design in shown]
        print("[" + ",\n".join(objects) + "]")
        return status
    from archdsl.cli.table import table

    for number, (checked, design) in enumerate(shown):
        smallest = driver.smallest_input(checked, design)
        print("\n" * (number > 0) + table(design, smallest, layers=options.layers))
    return status


def weights(options: Namespace) -> int:
    """`archdsl weights`"""
    from archdsl import driver

    bag = Bag()
    checked = None
    with Net(options.spec) as net:
        checked = driver.check(options.spec, bag, root=options.root)
    status = max(net.status, _report(bag.items))
    if checked is None:
        return status
    if not checked.named(options.variant):
        known = [design.name for design in checked.designs]
        return _usage(f"there is no variant {options.variant}", str(options.variant), known)
    told = [of.source for entry in checked.program.definitions for of in entry.weights]
    if options.source is not None and options.source not in told:
        return _usage(f"the spec tells no weights from {options.source}", options.source, told)
    with Net(options.spec) as net:
        return max(status, _fit(checked, options))
    return net.status


def _fit(checked: Checked, options: Namespace) -> int:
    from archdsl import checkpoint, fitting

    try:
        fit, tensors = fitting.load(checked, options.checkpoint, options.variant, options.source)
        print(f"{options.checkpoint}: {len(fit.keys)} keys fit {fit.variant}{fit.way}")
        if options.output is not None:
            checkpoint.write(options.output, tensors)
            print(f"{options.output}: written")
    except SpecError as failure:
        return _report([failure.diagnostic])
    return 0


def explain(options: Namespace) -> int:
    """`archdsl explain`"""
    from archdsl import codes

    if options.code is None:
        for group in codes.GROUPS:
            print(f"{group.title}:")
            for page in group.pages:
                print(f"  {page.code}  {page.sentence}")
        return 0
    if options.code.upper() in codes.PAGES:
        print(codes.PAGES[options.code.upper()])
        return 0
    near = codes.nearest(options.code)
    hint = f"; did you mean {near}?" if near else "; `archdsl explain` lists all"
    print(f"archdsl: there is no code {options.code}{hint}", file=sys.stderr)
    return 2


def fmt(options: Namespace) -> int:
    """`archdsl fmt`"""
    from archdsl import driver
    from archdsl.output import failed, replace_file

    listed = Bag()
    status = 0
    for spec in _specs(options.specs, listed):
        bag = Bag()
        formatted = None
        with Net(spec) as net:
            formatted = driver.format(spec, bag)
        status = max(status, net.status)
        status = max(status, _report(bag.items))
        if formatted is None or formatted.before == formatted.after:
            continue
        if options.check:
            _show_change(spec, formatted.before, formatted.after)
            status = 1
            continue
        try:
            replace_file(spec, formatted.after)
        except OSError as error:
            bag.add(failed("write", spec, error))
            status = _report(bag.items)
            continue
        print(f"{spec}: rewritten")
    return max(status, _report(listed.items))


def dump(options: Namespace) -> int:
    """`archdsl dump`"""
    from archdsl import driver

    bag = Bag()
    text = None
    with Net(options.spec) as net:
        text = driver.dump(options.spec, options.stage, bag, options.root)
    if text is not None:
        print(text.rstrip("\n"))
    return max(net.status, _report(bag.items))


VERBS: dict[str, Callable[[Namespace], int]] = {
    "compile": compile,
    "check": check,
    "summary": summary,
    "weights": weights,
    "explain": explain,
    "fmt": fmt,
    "dump": dump,
}


def usage(options: Namespace) -> int:
    """Status 2, and a line that says why, where the options make no sense on this machine."""
    root = getattr(options, "root", None)
    if root is not None and not os.path.isdir(root):
        print(f"archdsl: --root takes a folder, and there is none at {root}", file=sys.stderr)
        return 2
    return 0


def _specs(arguments: Iterable[str], bag: Bag) -> list[str]:
    """The specs that arguments mean, each once."""
    found: dict[str, str] = {}
    for argument in arguments:
        for spec in specs_in(argument, bag):
            found.setdefault(os.path.abspath(spec), spec)
    return list(found.values())


def _report(items: Sequence[Diagnostic], colored: bool | None = None) -> int:
    """Print what was found, in colour where the terminal shows it; the exit status that it means."""
    if items:
        from archdsl.render import report

        print(report(items, color=_colored() if colored is None else colored), file=sys.stderr)
    return _status(items)


def _status(items: Sequence[Diagnostic]) -> int:
    return int(any(item.severity == "error" for item in items))


def _colored() -> bool:
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return sys.stderr.isatty()


def _usage(message: str, wanted: str, known: list[str]) -> int:
    from difflib import get_close_matches

    close = get_close_matches(wanted, known, n=1)
    hint = f"; did you mean {close[0]}?" if close else f"; there are {', '.join(known)}"
    print(f"archdsl: {message}{hint}", file=sys.stderr)
    return 2


def _show_change(path: str, before: str | None, after: str) -> None:
    """A unified diff, cut where it grows long, and how much it is."""
    from difflib import unified_diff

    old = [] if before is None else before.splitlines()
    diff = list(unified_diff(old, after.splitlines(), path, path, "now", "then", lineterm=""))
    added = sum(line.startswith("+") for line in diff[2:])
    removed = sum(line.startswith("-") for line in diff[2:])
    what = "is missing" if before is None else "would change"
    print(f"{path}: {what}: +{added} -{removed}")
    if before is None:
        return
    for line in diff[:DIFF_LINES]:
        print(line)
    if len(diff) > DIFF_LINES:
        print(f"... {len(diff) - DIFF_LINES} more lines")

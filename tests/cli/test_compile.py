"""`archdsl compile`: what is written, when, and what never is.

The phases before are replaced by a quick stand-in: here it is the files that matter.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from archdsl import cache, driver, output, store
from archdsl.cli import main
from archdsl.diagnostics import Bag, Diagnostic, Label, SpecError
from archdsl.files import read, whole
from archdsl.node import Node
from archdsl.source import Source


class FakeProgram(Node):
    source: Source
    sources: tuple[Source, ...]


@pytest.fixture(autouse=True)
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The specs that were really compiled, in order.

    A spec that says `bad` has an error, one that says `warn` a warning, one that says `train` a
    training script; the words after `use` are files that it imports.
    """
    runs: list[str] = []

    def emit(path: str, bag: Bag, root: str | None = None) -> tuple[FakeProgram, str, str] | None:
        runs.append(os.path.basename(path))
        source = read(path, bag)
        if source is None:
            return None
        for word, severity in (("bad", "error"), ("warn", "warning")):
            if word in source.text:
                label = Label(span=whole(path), text=word)
                bag.add(Diagnostic(code="E100", message=word, label=label, severity=severity))
        if bag.failed:
            return None
        used = source.text.split("use ")[-1].split() if "use " in source.text else []
        paths = [os.path.join(os.path.dirname(path), name) for name in used]
        others = [Source(name, Path(name).read_text()) for name in paths]
        mark = output.MARK.format(origin=source.origin)
        text = "".join(other.text for other in (source, *others))
        module = f'"""A network.\n\n{mark}\n"""\n\nTEXT = {text!r}\n'
        script = f'"""Trains it {output.UNSEALED}\n"""\n\nTEXT = {text!r}\n'
        trained = script if "train" in source.text else ""
        return FakeProgram(source=source, sources=(source, *others)), module, trained

    monkeypatch.setattr(driver, "emit_both", emit)
    return runs


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh working folder, with a fresh cache."""
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (work / "specs").mkdir()
    return work


def spec(name: str, text: str = "one") -> str:
    Path("specs", name).write_text(text)
    return f"specs/{name}"


def run(*arguments: str) -> int:
    return main(["compile", *arguments])


def tree() -> dict[str, str]:
    return {str(p): p.read_text() for p in sorted(Path().rglob("*")) if p.is_file()}


def test_writes_where_it_says(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(spec("net.arch")) == 0
    assert capsys.readouterr().out == "generated/net.py: written\n"
    text = Path("generated/net.py").read_text()
    assert "Generated from specs/net.arch by archdsl; edit the spec, not this file.\n" in text
    assert sorted(tree()) == ["generated/net.py", "specs/net.arch"]


def test_makes_the_folder_asked_for() -> None:
    assert run(spec("net.arch"), "-o", "a/b/c") == 0
    assert Path("a/b/c/net.py").exists()


def test_origin_does_not_depend_on_where_it_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    run(spec("net.arch"), "-o", "here")
    monkeypatch.chdir("specs")
    run("net.arch", "-o", "../there")
    assert Path("../here/net.py").read_text() == Path("../there/net.py").read_text()


def test_unchanged_is_not_touched(compiled: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    name = spec("net.arch")
    run(name)
    os.utime("generated/net.py", ns=(1, 1))
    assert run(name) == 0
    assert capsys.readouterr().out.endswith("generated/net.py: unchanged\n")
    assert os.stat("generated/net.py").st_mtime_ns == 1
    assert compiled == ["net.arch"], "the second run had nothing to do"


def test_unchanged_without_a_cache_is_not_touched(
    compiled: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/dev/null/none")
    name = spec("net.arch")
    run(name)
    os.utime("generated/net.py", ns=(1, 1))
    assert run(name) == 0
    assert os.stat("generated/net.py").st_mtime_ns == 1
    assert compiled == ["net.arch", "net.arch"]


def test_a_changed_spec_is_written() -> None:
    run(spec("net.arch", "one"))
    assert run(spec("net.arch", "two")) == 0
    assert "two" in Path("generated/net.py").read_text()


def test_a_changed_import_is_written() -> None:
    spec("part.arch", "old")
    name = spec("net.arch", "use part.arch")
    run(name)
    spec("part.arch", "new")
    assert run(name) == 0
    assert "new" in Path("generated/net.py").read_text()


def test_a_damaged_output_is_mended() -> None:
    name = spec("net.arch")
    run(name)
    good = Path("generated/net.py").read_text()
    Path("generated/net.py").write_text(good + "# by hand\n")
    assert run(name) == 0
    assert Path("generated/net.py").read_text() == good


def test_another_compiler_compiles_anew(
    compiled: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    name = spec("net.arch")
    run(name)
    monkeypatch.setattr(cache, "fingerprint", lambda: "another")
    run(name)
    assert compiled == ["net.arch", "net.arch"]


@pytest.mark.parametrize(
    "junk", [b"", b"{", b"[]", b"null", b"\xff", b'{"compiler": 1}', b"[" * 9999]
)
def test_a_broken_cache_does_no_harm(junk: bytes, tmp_path: Path) -> None:
    name = spec("net.arch")
    run(name)
    records = list((tmp_path / "cache" / "archdsl").iterdir())
    assert len(records) == 1
    records[0].write_bytes(junk)
    Path("generated/net.py").unlink()
    assert run(name) == 0
    assert Path("generated/net.py").exists()


def test_the_cache_stays_small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "KEPT", 4)
    for number in range(9):
        run(spec(f"net{number}.arch"))
    assert len(list((tmp_path / "cache" / "archdsl").iterdir())) <= 4


def test_warnings_are_shown_again(compiled: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    name = spec("net.arch", "warn")
    assert run(name) == 0
    first = capsys.readouterr().err
    assert run(name) == 0
    assert compiled == ["net.arch"]
    assert "warning[E100]: warn" in first
    assert capsys.readouterr().err == first


def test_errors_write_nothing_for_that_spec(capsys: pytest.CaptureFixture[str]) -> None:
    right, wrong = spec("right.arch"), spec("wrong.arch", "bad")
    assert run(wrong, right) == 1
    assert sorted(os.listdir("generated")) == ["right.py"]
    report = capsys.readouterr()
    assert "error[E100]: bad" in report.err
    assert report.err.endswith("1 error\n")


def test_errors_leave_what_was_there() -> None:
    run(spec("net.arch"))
    before = Path("generated/net.py").read_text()
    assert run(spec("net.arch", "bad")) == 1
    assert Path("generated/net.py").read_text() == before


# --check


def test_check_of_what_is_there(capsys: pytest.CaptureFixture[str]) -> None:
    run(spec("net.arch"))
    before = tree()
    assert run("specs", "--check") == 0
    assert tree() == before


@pytest.mark.parametrize("cached", [True, False])
def test_check_finds_a_difference(
    cached: bool, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    if not cached:
        monkeypatch.setenv("XDG_CACHE_HOME", "/dev/null/none")
    run(spec("net.arch", "one"))
    spec("net.arch", "two")
    before = tree()
    capsys.readouterr()
    for _ in range(2):
        assert run("specs", "--check") == 1
        shown = capsys.readouterr().out
        assert shown.startswith("generated/net.py: would change: +1 -1\n")
        assert "-TEXT = 'one'" in shown
        assert "+TEXT = 'two'" in shown
        assert tree() == before


def test_check_finds_a_missing_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(spec("net.arch"), "--check") == 1
    assert capsys.readouterr().out == "generated/net.py: is missing: +6 -0\n"
    assert not Path("generated").exists()


def test_check_then_compile_writes() -> None:
    name = spec("net.arch")
    run(name, "--check")
    assert run(name) == 0
    assert Path("generated/net.py").exists()


# What is not archdsl's


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x = 1\n",
        '"""By hand."""\n',
        '"""By hand."""\nMARK = "Generated from specs/net.arch by archdsl; edit the spec, not this file."\n',
        "# Generated from specs/net.arch by archdsl; edit the spec, not this file.\n",
        "\udcff",
    ],
)
@pytest.mark.parametrize("check", [True, False])
def test_other_files_are_not_overwritten(
    text: str, check: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    data = text.encode("utf-8", "surrogateescape")
    name = spec("net.arch")
    Path("generated").mkdir()
    Path("generated/net.py").write_bytes(data)
    assert run(name, *["--check"] * check) == 1
    assert "E592" in capsys.readouterr().err
    assert Path("generated/net.py").read_bytes() == data


def test_the_module_of_another_spec_is_not_overwritten(
    capsys: pytest.CaptureFixture[str],
) -> None:
    name = spec("net.arch")
    run(name)
    Path("drafts").mkdir()
    Path("drafts/net.arch").write_text("two")
    before = tree()
    assert run("drafts/net.arch") == 1
    report = capsys.readouterr().err
    assert "E592" in report
    assert "was generated from specs/net.arch, not from drafts/net.arch" in report
    assert tree() == before
    # A spec that has moved takes its module along.
    Path(name).unlink()
    assert run("drafts/net.arch") == 0


def test_the_folder_may_not_be_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    Path("net.py").write_text("")
    assert run(spec("net.arch"), "-o", "net.py") == 1
    report = capsys.readouterr().err
    assert "error[E594]: the output goes to a folder, and net.py is a file" in report


def test_links_out_of_the_folder_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name = spec("net.arch")
    outside = tmp_path / "outside.py"
    outside.write_text(f'"""{output.MARK.format(origin="a/b.arch")}"""\n')
    Path("generated").mkdir()
    Path("generated/net.py").symlink_to(outside)
    before = outside.read_text()
    assert run(name) == 1
    assert "E593" in capsys.readouterr().err
    assert outside.read_text() == before


def test_the_folder_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    Path("generated").symlink_to(tmp_path / "real")
    assert run(spec("net.arch")) == 0
    assert (tmp_path / "real" / "net.py").exists()


def test_a_dangling_link_out_is_refused(tmp_path: Path) -> None:
    Path("generated").mkdir()
    Path("generated/net.py").symlink_to(tmp_path / "new.py")
    assert run(spec("net.arch")) == 1
    assert not (tmp_path / "new.py").exists()


@pytest.mark.parametrize("obstacle", ["generated", "generated/net.py"])
def test_what_is_in_the_way_is_a_finding(obstacle: str, capsys: pytest.CaptureFixture[str]) -> None:
    if obstacle == "generated":
        Path("generated").write_text("a file")
    else:
        Path("generated/net.py").mkdir(parents=True)
    assert run(spec("net.arch")) == 1
    assert "E594" in capsys.readouterr().err


# Atomicity


def test_a_failed_write_leaves_the_old_file(monkeypatch: pytest.MonkeyPatch) -> None:
    run(spec("net.arch", "one"))
    before = tree()

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    assert run(spec("net.arch", "two")) == 1
    assert tree() == {**before, "specs/net.arch": "two"}


def test_an_interrupted_write_leaves_the_old_file(monkeypatch: pytest.MonkeyPatch) -> None:
    run(spec("net.arch", "one"))
    before = tree()

    def interrupt(source: str, target: str) -> None:
        if target.endswith("net.py"):
            raise KeyboardInterrupt
        real(source, target)

    real = os.replace
    monkeypatch.setattr(os, "replace", interrupt)
    assert run(spec("net.arch", "two")) == 130
    assert tree() == {**before, "specs/net.arch": "two"}


def test_the_target_is_replaced_not_rewritten() -> None:
    run(spec("net.arch", "one"))
    Path("held.py").hardlink_to("generated/net.py")
    run(spec("net.arch", "two"))
    assert "one" in Path("held.py").read_text(), "a reader of the old file goes on with it"
    assert "two" in Path("generated/net.py").read_text()


def test_permissions_are_kept() -> None:
    run(spec("net.arch", "one"))
    os.chmod("generated/net.py", 0o640)
    run(spec("net.arch", "two"))
    assert stat.S_IMODE(os.stat("generated/net.py").st_mode) == 0o640


# Names


@pytest.mark.parametrize(
    ("name", "better"),
    [
        ("my-net.arch", "my_net.arch"),
        ("2net.arch", "net_2net.arch"),
        ("class.arch", "net_class.arch"),
        ("réseau.arch", "r_seau.arch"),
        ("torch.arch", "torch_net.arch"),
        ("__init__.arch", "__init___net.arch"),
        ("a.b.arch", "a_b.arch"),
    ],
)
def test_names_that_give_no_module(
    name: str, better: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(spec(name)) == 1
    report = capsys.readouterr().err
    assert "E590" in report
    assert f"call the spec {better}" in report
    assert not Path("generated").exists()


@pytest.mark.parametrize("other", ["net.arch", "NET.arch"])
def test_two_specs_for_one_module(other: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("more").mkdir()
    Path("more", other).write_text("two")
    assert run(spec("net.arch"), f"more/{other}") == 1
    assert "E591" in capsys.readouterr().err
    assert "one" in Path("generated/net.py").read_text()


def test_the_same_spec_twice_is_once(compiled: list[str]) -> None:
    assert run(spec("net.arch"), "specs", "./specs/net.arch") == 0
    assert compiled == ["net.arch"]


def test_failures_are_spec_errors() -> None:
    """`output` raises what the driver catches, with the path in its message."""
    job = output.Job(spec="specs/net.arch", folder="generated", target="generated/net.py")
    Path("generated").write_text("")
    with pytest.raises(SpecError, match=r"cannot write generated/net\.py"):
        output.write(job, "text")


def test_a_training_script_comes_with_the_module(
    compiled: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    spec("net.arch", "train one")
    assert run("specs", "--check") == 1
    assert "generated/net_train.py: is missing" in capsys.readouterr().out
    assert run("specs") == 0
    assert "generated/net_train.py: written" in capsys.readouterr().out
    assert run("specs") == 0
    assert compiled == ["net.arch"] * 2
    spec("net.arch", "train two")
    assert run("specs", "--check") == 1
    assert run("specs") == 0
    assert "train two" in tree()["generated/net_train.py"]
    Path("generated/net_train.py").unlink()
    assert run("specs") == 0
    assert "generated/net_train.py" in tree()


def test_an_edited_script_stays(compiled: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    spec("net.arch", "train one")
    run("specs")
    script = Path("generated/net_train.py")
    for mine in (script.read_text() + "# mine\n", "mine\n", ""):
        script.write_text(mine)
        spec("net.arch", f"train {len(mine)}")
        capsys.readouterr()
        assert run("specs") == 0
        assert "net_train.py was edited, and stays as it is" in capsys.readouterr().err
        assert run("specs", "--check") == 0
        assert script.read_text() == mine
    count = len(compiled)
    assert run("specs") == 0
    assert len(compiled) == count
    script.write_text("mine, again\n")
    assert run("specs") == 0
    assert len(compiled) == count + 1
    script.unlink()
    assert run("specs") == 0
    assert script.read_text().startswith('"""Trains it')


def test_a_spec_may_not_be_called_as_the_script_of_another(
    capsys: pytest.CaptureFixture[str],
) -> None:
    spec("net.arch", "train one")
    spec("net_train.arch")
    assert run("specs") == 1
    assert "E591" in capsys.readouterr().err
    assert "generated/net.py" in tree() and "TEXT = 'train one" in tree()["generated/net_train.py"]
    assert run("specs/net_train.arch") == 1
    assert "E592" in capsys.readouterr().err
    Path("generated/net_train.py").unlink()
    assert run("specs/net_train.arch") == 0
    assert run("specs/net.arch") == 1
    assert "E591" in capsys.readouterr().err

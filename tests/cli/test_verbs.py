"""The verbs on real specs, in process: what they print, and their exit status."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import pytest

from archdsl import driver
from archdsl.cli import main
from archdsl.diagnostics import Bag

RIGHT = '''"""A small network."""

block Unit(width, stride = 1) {
    conv(width, 3x3, stride=stride) -> bn -> relu
}

model Net(width, num_classes = 10): [3, 32, 32] -> [num_classes] {
    stem { conv1: conv(width, 3x3) -> bn1: bn -> relu }
    stage layer1 -> [_, 16, 16] { Unit(width, stride=2) -> Unit(width) * 3 }
    head { global_avgpool -> flatten -> fc: linear(num_classes) }
}

variant small = Net(8)
variant large = small(width=16)
'''


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    Path("net.arch").write_text(RIGHT)
    Path("wrong.arch").write_text(RIGHT.replace("-> bn -> relu", "-> bm -> relu"))
    return tmp_path


# check


def test_check(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "net.arch"]) == 0
    shown = capsys.readouterr()
    assert shown.out == "net.arch: right, 2 variants\n"
    assert shown.err == ""


def test_check_of_a_wrong_spec(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "net.arch", "wrong.arch"]) == 1
    shown = capsys.readouterr()
    assert shown.out == "net.arch: right, 2 variants\n"
    assert " --> wrong.arch:4:40" in shown.err
    assert "bm" in shown.err
    assert "\x1b" not in shown.err


def test_check_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "wrong.arch", "--json"]) == 1
    shown = capsys.readouterr()
    assert shown.err == ""
    (finding,) = json.loads(shown.out)["diagnostics"]
    keys = "code severity message file line column end_line end_column help notes fix"
    assert list(finding) == keys.split()
    assert finding["severity"] == "error"
    place = ["line", "column", "end_line", "end_column"]
    assert [finding[key] for key in place] == [4, 40, 4, 42]
    assert finding["file"] == "wrong.arch"


def test_check_json_of_nothing_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "net.arch", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"diagnostics": []}


def test_check_of_a_folder(capsys: pytest.CaptureFixture[str]) -> None:
    Path("deeper").mkdir()
    Path("deeper/other.arch").write_text("nonsense")
    Path(".hidden.arch").write_text("nonsense")
    Path("wrong.arch").unlink()
    Path("also.arch").write_text(RIGHT)
    assert main(["check", "."]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines == ["./also.arch: right, 2 variants", "./net.arch: right, 2 variants"]


def test_check_at_another_input(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "net.arch", "--input", "3x64x64"]) == 0
    assert main(["check", "net.arch", "--input", "4x32x32"]) in (0, 1)


TWO = """\
model Two: (left: [1, 28, 28], right: [1, 28, 28]) -> [8] {
    from left -> conv(4, 3x3) -> global_avgpool -> flatten as a
    from right -> conv(4, 3x3) -> global_avgpool -> flatten as b
    from (a, b) -> concat
}
variant two = Two()
"""


def test_inputs_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    Path("two.arch").write_text(TWO)
    asked = ["--input", "left=1x32x40", "--input", "right=1x9x9", "--json"]
    assert main(["summary", "two.arch", *asked]) == 0
    (figures,) = json.loads(capsys.readouterr().out)
    assert [node["output"] for node in figures["nodes"] if node["op"] == "conv"] == [
        [4, 32, 40],
        [4, 9, 9],
    ]
    assert main(["check", "two.arch", "--input", "1x32x32"]) == 1
    assert "say which: `--input left=1x28x28`" in capsys.readouterr().err
    assert main(["check", "two.arch", "--input", "middle=1x32x32"]) == 1
    assert "its inputs are `left`, `right`" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["check", "two.arch", "--input", "1x9x9", "--input", "left=1x9x9"])
    assert "--input stands once" in capsys.readouterr().err


# Files that are no specs


@pytest.mark.parametrize("verb", [["check"], ["compile"], ["fmt"], ["summary"]])
def test_missing_files_are_findings(verb: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*verb, "nett.arch"]) == 1
    report = capsys.readouterr().err
    assert report.startswith("error[E390]: there is no file nett.arch\n --> nett.arch\n")
    assert "= help: did you mean net.arch?" in report


def test_only_a_near_name_is_proposed(capsys: pytest.CaptureFixture[str]) -> None:
    Path("net.arch").rename("r.arch")
    assert main(["check", "nope.arch"]) == 1
    assert "did you mean" not in capsys.readouterr().err


@pytest.mark.parametrize("verb", ["check", "compile", "fmt", "summary"])
def test_other_files_are_no_specs(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("net.arch").rename("net.txt")
    assert main([verb, "net.txt"]) == 1
    shown = capsys.readouterr()
    assert "error[E395]: net.txt is no .arch file" in shown.err
    assert not Path("generated").exists()


# Specs of which nothing is made


@pytest.mark.parametrize(
    ("text", "help"),
    [
        ("", ""),
        ("block B(n) { conv(n, 3x3) }\n", ""),
        (RIGHT.partition("variant")[0], "add `variant net = Net(width)`"),
    ],
)
def test_no_variant(text: str, help: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("net.arch").write_text(text)
    assert main(["check", "net.arch"]) == 0
    shown = capsys.readouterr()
    assert "warning[W602]: the spec has no variant" in shown.err
    assert help in shown.err
    assert shown.out == "net.arch: no variant\n"
    assert main(["summary", "net.arch"]) == 0
    for verb in (["compile"], ["dump", "--stage", "module"]):
        capsys.readouterr()
        assert main([*verb, "net.arch"]) == 1
        shown = capsys.readouterr()
        assert "error[E595]: the spec has no variant" in shown.err
        assert shown.out == ""


# Failures of archdsl's own


@pytest.mark.parametrize(
    "arguments",
    [["check"], ["check", "--json"], ["compile"], ["summary"], ["fmt"], ["dump", "--stage=ast"]],
)
def test_an_internal_error_is_one_line(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise KeyError("Unit\nof two lines")

    monkeypatch.delenv("ARCHDSL_DEBUG", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", "/dev/null/none")
    monkeypatch.setattr(driver, "parse", broken)
    assert main([*arguments, "net.arch"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("archdsl: internal error in net.arch: KeyError: 'Unit")
    assert line.endswith("please report")

    monkeypatch.setenv("ARCHDSL_DEBUG", "1")
    assert main([*arguments, "net.arch"]) == 1
    assert capsys.readouterr().err.startswith("Traceback (most recent call last):")


def test_after_an_internal_error_other_specs_are_done(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    parse = driver.parse
    Path("other.arch").write_text(RIGHT)

    def broken(path: str, *more: object) -> object:
        return 1 / 0 if path == "net.arch" else parse(path, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(driver, "parse", broken)
    assert main(["check", "net.arch", "other.arch"]) == 1
    assert capsys.readouterr().out == "other.arch: right, 2 variants\n"


def findings(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, object]]:
    assert main(["check", "--json", *arguments]) == 1
    found: list[dict[str, object]] = json.loads(capsys.readouterr().out)["diagnostics"]
    return found


def test_not_utf8(capsys: pytest.CaptureFixture[str]) -> None:
    Path("net.arch").write_bytes(b"# one\nblock \xff\xfe {}\n")
    (finding,) = findings(capsys, "net.arch")
    assert (finding["code"], finding["line"], finding["column"]) == ("E391", 2, 7)
    assert finding["notes"] == ["byte 0xff at offset 12"]


def test_a_byte_order_mark_is_no_mistake() -> None:
    Path("net.arch").write_bytes(b"\xef\xbb\xbf" + RIGHT.encode())
    assert main(["check", "net.arch"]) == 0


def test_a_folder_without_specs(capsys: pytest.CaptureFixture[str]) -> None:
    Path("empty").mkdir()
    assert [finding["code"] for finding in findings(capsys, "empty")] == ["E392"]


def test_a_folder_called_like_a_spec(capsys: pytest.CaptureFixture[str]) -> None:
    Path("dir.arch").mkdir()
    assert [finding["code"] for finding in findings(capsys, "dir.arch")] == ["E392"]


def test_too_large(capsys: pytest.CaptureFixture[str]) -> None:
    Path("net.arch").write_bytes(b"#" * ((1 << 20) + 1))
    assert [finding["code"] for finding in findings(capsys, "net.arch")] == ["E393"]
    Path("endless.arch").symlink_to("/dev/zero")
    assert [finding["code"] for finding in findings(capsys, "endless.arch")] == ["E394"]


def test_unreadable(capsys: pytest.CaptureFixture[str]) -> None:
    Path("net.arch").unlink()
    Path("net.arch").symlink_to("net.arch")
    assert [finding["code"] for finding in findings(capsys, "net.arch")] == ["E394"]
    assert [finding["code"] for finding in findings(capsys, "a\0b")] == ["E394"]


def test_nested_too_deeply() -> None:
    """Wherever a phase runs out of stack, that is a finding about the spec."""
    driver.check("net.arch", Bag())
    codes = set()
    for left in range(20, 90, 2):
        bag = Bag()
        at_depth(left, lambda bag=bag: driver.check("net.arch", bag))
        codes |= {item.code for item in bag.items}
    assert "E490" in codes
    assert codes <= {"E421", "E490"}, "sema and analysis know better what is too deep"


def at_depth(left: int, action: Callable[[], object]) -> None:
    """Do something with so many levels of the stack left."""
    frame: FrameType | None = sys._getframe()
    used = 0
    while frame is not None:
        frame, used = frame.f_back, used + 1

    def deep(levels: int) -> None:
        if levels:
            deep(levels - 1)
        else:
            action()

    deep(sys.getrecursionlimit() - used - left)


# summary


def test_summary_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["summary", "net.arch", "--json"]) == 0
    small, large = json.loads(capsys.readouterr().out)
    assert (small["model"], small["variant"]) == ("Net", "small")
    assert (small["input"], small["output"]) == ([3, 32, 32], [10])
    # conv 3*8*9, then four of 8*8*9; five norms of 2*8; linear 8*10 + 10
    assert small["params"] == 216 + 4 * 576 + 5 * 16 + 90
    assert small["macs"] == 216 * 32 * 32 + 4 * 576 * 16 * 16 + 80
    assert small["depth"] == 6
    assert small["receptive_field"] == [17, 17]
    assert sum(node["params"] for node in small["nodes"]) == small["params"]
    assert sum(node["macs"] for node in small["nodes"]) == small["macs"]
    first = small["nodes"][0]
    wanted = {"path": "conv1", "op": "conv", "input": [3, 32, 32], "output": [8, 32, 32]}
    assert wanted.items() <= first.items()
    assert large["params"] > small["params"]


def test_summary_of_one_variant_at_another_input(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--variant", "large", "--input", "3x64x48", "--json"]
    assert main(["summary", "net.arch", *arguments]) == 0
    (large,) = json.loads(capsys.readouterr().out)
    assert (large["variant"], large["input"]) == ("large", [3, 64, 48])


def test_summary_table(capsys: pytest.CaptureFixture[str], golden) -> None:
    assert main(["summary", "net.arch", "--variant", "small"]) == 0
    golden(capsys.readouterr().out, Path(__file__).parent / "goldens" / "summary.txt")


def test_summary_table_of_layers(capsys: pytest.CaptureFixture[str], golden) -> None:
    assert main(["summary", "net.arch", "--variant", "small", "--layers"]) == 0
    golden(capsys.readouterr().out, Path(__file__).parent / "goldens" / "layers.txt")


def test_summary_of_an_unknown_variant(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["summary", "net.arch", "--variant", "smal"]) == 2
    assert "there is no variant smal; did you mean small?" in capsys.readouterr().err


def test_summary_of_a_wrong_spec(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["summary", "wrong.arch", "--json"]) == 1
    shown = capsys.readouterr()
    assert json.loads(shown.out) == []
    assert "error[" in shown.err


# fmt


def test_fmt(capsys: pytest.CaptureFixture[str]) -> None:
    messy = RIGHT.replace(
        "block Unit(width, stride = 1) {", "block   Unit( width,stride=1 ){ # why"
    )
    Path("net.arch").write_text(messy)
    assert main(["fmt", "net.arch", "--check"]) == 1
    assert "net.arch: would change: +" in capsys.readouterr().out
    assert Path("net.arch").read_text() == messy
    assert main(["fmt", "net.arch"]) == 0
    assert capsys.readouterr().out == "net.arch: rewritten\n"
    text = Path("net.arch").read_text()
    assert "# why" in text
    assert "block Unit(width, stride = 1) {" in text
    assert main(["fmt", "net.arch", "--check"]) == 0
    assert main(["fmt", "net.arch"]) == 0
    assert capsys.readouterr().out == ""


def test_fmt_leaves_wrong_syntax_alone(capsys: pytest.CaptureFixture[str]) -> None:
    Path("net.arch").write_text("block {{ ")
    assert main(["fmt", "net.arch"]) == 1
    assert "error[E1" in capsys.readouterr().err
    assert Path("net.arch").read_text() == "block {{ "


# dump


@pytest.mark.parametrize("stage", ["ast", "program", "design", "module"])
def test_dump(stage: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["dump", "--stage", stage, "net.arch"]) == 0
    shown = capsys.readouterr()
    assert "Unit" in shown.out
    assert shown.err == ""


@pytest.mark.parametrize("stage", ["program", "design", "module"])
def test_dump_of_a_wrong_spec(stage: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["dump", "--stage", stage, "wrong.arch"]) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "error[" in shown.err


# Imports


def test_imports_stay_in_the_root(capsys: pytest.CaptureFixture[str]) -> None:
    Path("parts").mkdir()
    Path("parts/unit.arch").write_text("block Unit(n) { conv(n, 3x3) -> bn -> relu }\n")
    Path("nets").mkdir()
    Path("nets/net.arch").write_text(
        'import "../parts/unit.arch" (Unit)\n'
        "model Net(n): [3, 8, 8] -> [n, 8, 8] { Unit(n) }\n"
        "variant net = Net(4)\n"
    )
    assert main(["check", "nets/net.arch"]) == 1
    capsys.readouterr()
    assert main(["check", "nets/net.arch", "--root", "."]) == 0


def test_a_root_is_a_folder_around_the_spec(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "net.arch", "--root", "nowhere"]) == 2
    assert capsys.readouterr().err == (
        "archdsl: --root takes a folder, and there is none at nowhere\n"
    )
    Path("other").mkdir()
    assert main(["check", "net.arch", "--root", "other"]) == 1
    assert "error[E396]: net.arch lies outside other" in capsys.readouterr().err
    assert main(["check", "net.arch", "--root", ".."]) == 0


def test_what_is_wrong_in_an_import_is_shown_there(capsys: pytest.CaptureFixture[str]) -> None:
    Path("unit.arch").write_bytes(b"\xff")
    Path("top.arch").write_text('import "unit.arch" (Unit)\n')
    codes = [finding["code"] for finding in findings(capsys, "top.arch")]
    assert codes == ["E391"]

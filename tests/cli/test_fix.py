"""`check --fix`: what is certain is written, where all is right then; and nothing else is."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from archdsl.cli import main

RIGHT = """\
block Basic(width, stride = 1) {
    residual {
        conv(width, 3x3, stride=stride) -> bn -> relu
        conv(width, 3x3) -> bn
    } skip identity else { conv(width, 1x1, stride=stride) -> bn }
    relu
}
model Net(wide = true): [16, 28, 28] -> [32, 14, 14] {
    Basic(16) -> Basic(32 if wide else 16, stride=2)
}
variant net = Net()
"""
WRONG = (
    RIGHT.replace("conv(width, 3x3, s", "conv(widht, 3x3, s")
    .replace("} skip identity else { conv(width, 1x1, stride=stride) -> bn }", "}")
    .replace("true", "True")
    .replace("[32, 14, 14]", "[32, 28, 14]")
    .replace("-> Basic", "\N{RIGHTWARDS ARROW} Basci")
)
DONE = """\
net.arch:8:18: `True` is now `true`
net.arch:9:15: `\N{RIGHTWARDS ARROW}` is now `->`
net.arch:3:14: `widht` is now `width`
net.arch:9:18: `Basci` is now `Basic`
net.arch:5:6: added `skip identity else { conv(width, 1x1, stride=stride) -> bn }`
net.arch:8:46: `28` is now `14`
"""


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_all_that_is_certain_is_mended(capsys: pytest.CaptureFixture[str]) -> None:
    """Also what shows only when something else is mended."""
    Path("net.arch").write_text(WRONG, "utf-8")
    assert main(["check", "--fix", "net.arch"]) == 0
    shown = capsys.readouterr()
    assert Path("net.arch").read_text("utf-8") == RIGHT
    assert shown.err == DONE
    assert shown.out == "net.arch: right, 1 variant\n"


@pytest.mark.parametrize(
    ("right", "wrong", "code"),
    [
        ("-> relu\n", "-> nothing_like_it\n", "E302"),
        ("conv(width, 3x3) -> bn\n", "conv(width, 3x3, groups=3) -> bn\n", "E233"),
        ("Basic(16) ", "Basic(16, 1, 2) ", "E313"),
    ],
)
def test_what_comes_to_light_is_left(
    right: str, wrong: str, code: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Text is mended where names are wrong, and names where shapes are."""
    Path("net.arch").write_text(WRONG.replace(right, wrong), "utf-8")
    assert main(["check", "--fix", "net.arch"]) == 1
    mended = Path("net.arch").read_text("utf-8")
    assert "(wide = true)" in mended and "-> Basic(32" in mended and "conv(width, 3x3, s" in mended
    assert wrong.replace("Basci", "Basic") in mended
    said, _, left = capsys.readouterr().err.partition("\nerror[")
    assert said.splitlines()[0] == DONE.splitlines()[0]
    assert left.startswith(f"{code}]") and "error[" not in left


def test_mends_that_bring_up_errors_of_their_own_are_not_kept(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A projection fits, but what follows may show that something else was meant."""
    text = RIGHT.replace(" skip identity else { conv(width, 1x1, stride=stride) -> bn }", "")
    text = text.replace("[32, 14, 14]", "[2 * 32, 14, 14]")
    Path("net.arch").write_text(text, "utf-8")
    assert main(["check", "--fix", "net.arch"]) == 1
    assert Path("net.arch").read_text("utf-8") == text
    first, *left = capsys.readouterr().err.split("\nerror[")[0].splitlines()
    assert first == "net.arch: stays as it is: what is certain would leave"
    assert [line.split(": ")[1] for line in left] == ["E413"]


@pytest.mark.parametrize(
    "text",
    [
        RIGHT,
        RIGHT.replace("Net()", "Net() expect { params: 1 }"),  # a figure is not ours to change
        RIGHT.replace("Basic(32 ", "Basci2000(32 "),
        RIGHT.replace("[32, 14, 14]", "[32, 28 - 1, 14]"),
    ],
)
def test_what_is_not_certain_is_left(text: str) -> None:
    Path("net.arch").write_text(text)
    before = os.stat("net.arch").st_mtime_ns
    main(["check", "--fix", "net.arch"])
    assert os.stat("net.arch").st_mtime_ns == before


def test_two_names_as_near_are_not_certain() -> None:
    text = (
        "model Net(width1, width2): [3, 8, 8] -> [_, _, _] { conv(width, 3x3) }\n"
        "variant net = Net(8, 16)\n"
    )
    Path("net.arch").write_text(text)
    assert main(["check", "--fix", "net.arch"]) == 1
    assert Path("net.arch").read_text() == text


def test_imported_files_are_left() -> None:
    parts = "block Unit(width) { conv(widht, 3x3) }\n"
    text = (
        'import "parts.arch" (Unit)\nmodel Net: [3, 8, 8] -> [8, 8, 8] { Unit(8) }\n'
        "variant net = Net()\n"
    )
    Path("parts.arch").write_text(parts)
    Path("net.arch").write_text(text)
    assert main(["check", "--fix", "net.arch"]) == 1
    assert (Path("parts.arch").read_text(), Path("net.arch").read_text()) == (parts, text)


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_the_rest_of_a_file_is_kept(mark: str, newline: str) -> None:
    wrong = (mark + WRONG).replace("\n", newline).encode()
    Path("net.arch").write_bytes(wrong)
    os.chmod("net.arch", 0o640)
    assert main(["check", "--fix", "net.arch"]) == 0
    assert Path("net.arch").read_bytes() == (mark + RIGHT).replace("\n", newline).encode()
    assert os.stat("net.arch").st_mode & 0o777 == 0o640
    assert os.listdir() == ["net.arch"]


def test_a_failed_write_leaves_the_old_file(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("net.arch").write_text(WRONG, "utf-8")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    assert main(["check", "--fix", "net.arch"]) == 1
    assert "E594" in capsys.readouterr().err
    assert Path("net.arch").read_text("utf-8") == WRONG
    assert os.listdir() == ["net.arch"]


def test_what_is_certain_is_mended_beside_what_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    """As long as no error shows that wasn't there before."""
    text = RIGHT.replace("stride=2)", "strides=2)").replace("3x3) -> bn", "3x3, groups) -> bn")
    Path("net.arch").write_text(text, "utf-8")
    assert main(["check", "--fix", "net.arch"]) == 1
    shown = capsys.readouterr().err
    assert Path("net.arch").read_text("utf-8") == text.replace("strides", "stride")
    assert shown.startswith("net.arch:9:44: `strides` is now `stride`\n")
    assert shown.count("error[") == 1

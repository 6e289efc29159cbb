"""The package's functions: the verbs from Python."""

from __future__ import annotations

import inspect
import pickle
import sys
import traceback
from pathlib import Path

import pytest
import torch

import archdsl

SPEC = """model Net(width, num_classes = 10): [3, 32, 32] -> [num_classes] {
    conv(width, 3x3) -> bn -> relu -> global_avgpool -> flatten -> linear(num_classes)
}
variant small = Net(8)
variant large = Net(16)
"""


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "net.arch"
    path.write_text(SPEC)
    return path


@pytest.fixture
def wrong(tmp_path: Path) -> Path:
    path = tmp_path / "wrong.arch"
    path.write_text(SPEC.replace("bn", "bm"))
    return path


def test_check(spec: Path, wrong: Path) -> None:
    assert archdsl.check(spec) == ()
    assert archdsl.check(str(spec), "3x64x64") == ()
    (finding,) = archdsl.check(wrong)
    assert finding.severity == "error"
    assert finding.label.span.text == "bm"
    assert str(finding).startswith("error[E302]: there is no block or op `bm`\n")
    assert f"--> {wrong}:2:" in str(finding)


@pytest.mark.parametrize("input", ["", "3x", "axb", "3x-1x4", (), (3, 0, 4), "0", 7])
def test_inputs_that_are_none(spec: Path, input: str | tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="is not of the form"):
        archdsl.check(spec, input)


def test_compile(spec: Path, tmp_path: Path) -> None:
    first = archdsl.compile(spec, tmp_path / "out")
    second = archdsl.compile(spec, tmp_path / "out")
    assert (first.path, first.changed) == (str(tmp_path / "out" / "net.py"), True)
    assert not second.changed
    assert repr(second) == f"Compiled(path={first.path!r}, changed=False)"
    assert Path(first.path).read_text() == first.text == second.text


def test_compile_of_a_wrong_spec(wrong: Path, tmp_path: Path) -> None:
    with pytest.raises(archdsl.CompileError) as caught:
        archdsl.compile(wrong, tmp_path / "out")
    assert len(caught.value.diagnostics) == 1
    assert not (tmp_path / "out").exists()


def test_compile_of_a_name_that_gives_no_module(spec: Path, tmp_path: Path) -> None:
    with pytest.raises(archdsl.CompileError, match="E590"):
        archdsl.compile(spec.rename(tmp_path / "my-net.arch"), tmp_path / "out")


def test_summary(spec: Path, wrong: Path) -> None:
    small, large = archdsl.summary(spec)
    assert (small["variant"], large["variant"]) == ("small", "large")
    assert archdsl.summary(spec, "large") == [large]
    assert archdsl.summary(spec, "large", (3, 64, 64))[0]["input"] == [3, 64, 64]
    with pytest.raises(ValueError, match="has no variant 'huge'; it has small, large"):
        archdsl.summary(spec, "huge")
    with pytest.raises(archdsl.CompileError):
        archdsl.summary(wrong)


def test_load(spec: Path, tmp_path: Path) -> None:
    before = sorted(tmp_path.iterdir())
    module = archdsl.load(spec)
    model = module.small(num_classes=7).eval()
    assert model(torch.zeros(2, 3, 32, 32)).shape == (2, 7)
    assert sorted(tmp_path.iterdir()) == before


def test_load_of_a_wrong_spec(wrong: Path) -> None:
    with pytest.raises(archdsl.CompileError) as caught:
        archdsl.load(wrong)
    assert str(caught.value).startswith("error[")
    assert f"--> {wrong}:2:" in str(caught.value)


def test_loaded_modules_have_names_of_their_own(spec: Path) -> None:
    first = archdsl.load(spec)
    assert archdsl.load(spec) is first
    spec.write_text(SPEC.replace("Net(16)", "Net(32)"))
    second = archdsl.load(spec)
    assert second is not first
    assert second.__name__ != first.__name__
    assert sys.modules[first.__name__] is first


def test_loaded_modules_show_their_source(spec: Path) -> None:
    module = archdsl.load(spec)
    assert inspect.getsource(module.Net).startswith("class Net(nn.Module):")
    with pytest.raises(RuntimeError) as caught:
        module.small()(torch.zeros(2, 4, 32, 32))
    shown = "".join(traceback.format_exception(caught.value))
    assert "net.arch" in shown
    assert "def forward" not in shown
    assert "x = " in shown.split("in forward", 1)[1]


def test_loaded_models_can_be_pickled_and_compiled(spec: Path) -> None:
    model = archdsl.load(spec).small().eval()
    again = pickle.loads(pickle.dumps(model))
    x = torch.randn(1, 3, 32, 32)
    assert torch.equal(again(x), model(x))
    compiled = torch.compile(model, fullgraph=True, backend="eager")
    assert torch.equal(compiled(x), model(x))


def test_a_module_that_fails_is_not_kept(spec: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from archdsl import api

    before = set(sys.modules)
    with pytest.raises(ZeroDivisionError):
        api._module("specs/net.arch", "1 / 0\n")
    assert set(sys.modules) == before


def test_public_names_are_documented() -> None:
    for name in archdsl.__all__:
        assert getattr(archdsl, name).__doc__


def test_inputs_by_name_and_imports_of_another_folder(tmp_path: Path) -> None:
    (tmp_path / "parts.arch").write_text("block Part { conv(4, 3x3) -> relu }\n")
    (tmp_path / "nets").mkdir()
    spec = tmp_path / "nets" / "two.arch"
    spec.write_text("""\
import "../parts.arch" (Part)
model Two: (left: [1, 8, 8], right: [1, 8, 8]) -> [4, 8, 8] {
    from left -> Part as a
    from right -> Part as b
    from a + b
}
variant two = Two()
""")
    assert [finding.code for finding in archdsl.check(spec)] == ["E330"]
    assert archdsl.check(spec, {"left": "1x16x16", "right": (1, 16, 16)}, root=tmp_path) == ()
    assert [item.code for item in archdsl.check(spec, {"left": "1x16x16"}, root=tmp_path)] == [
        "E208"
    ]
    assert archdsl.summary(spec, root=tmp_path)[0]["params"] == 80
    assert archdsl.compile(spec, tmp_path / "out", root=tmp_path).changed
    assert "two" in dir(archdsl.load(spec, root=tmp_path))

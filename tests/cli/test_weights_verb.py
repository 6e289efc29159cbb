"""`archdsl weights`, and `archdsl.weights`: checkpoints fitted to variants."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from random_weights import random_state
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

import archdsl
from archdsl.cli import main

SPEC = """
block Unit(width) { conv(width, 3x3) -> bn -> relu }

model Net(width, num_classes = 10): [3, 8, 8] -> [num_classes] {
    const mean [3, 1, 1] = 0.5
    from in - mean -> stem: conv(width, 3x3) -> relu
    layer1: Unit(width)
    layer2: Unit(2 * width)
    flatten -> fc: linear(num_classes)
}

variant small = Net(4)
variant large = Net(8)

weights theirs for Net {
    "body.{i}.{kind}.{rest}": "layer{i + 1}.{kind}.{rest}"
    "head.{rest}": "fc.{rest}"
    "teacher.{rest}": none
}
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    Path("net.arch").write_text(SPEC)
    return tmp_path


def model(variant: str = "small") -> nn.Module:
    made: nn.Module = getattr(archdsl.load("net.arch"), variant)()
    return made


def state(variant: str = "small") -> dict[str, Tensor]:
    return random_state(model(variant))


def theirs(variant: str = "small") -> dict[str, Tensor]:
    """The same as somebody else would name and shape it."""
    renamed = {"teacher.weight": torch.zeros(2)}
    for key, value in state(variant).items():
        for number in (1, 2):
            key = key.replace(f"layer{number}.", f"body.{number - 1}.")
        renamed[key.replace("fc.", "head.")] = value
    weight = renamed["head.weight"]
    return {**renamed, "head.weight": weight.reshape(len(weight), -1, 8, 8)}


def holds(file: str, expected: dict[str, Tensor]) -> bool:
    """Whether a file has these tensors; it has an order of its own."""
    found = load_file(file)
    return same({key: found[key] for key in expected if key in found}, expected)


def same(found: dict[str, Tensor], expected: dict[str, Tensor]) -> bool:
    return list(found) == list(expected) and all(
        torch.equal(found[key], value) for key, value in expected.items()
    )


def fails(*arguments: str, capsys: pytest.CaptureFixture[str]) -> list[str]:
    assert main(["weights", "net.arch", *arguments]) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    return shown.err.splitlines()


# What fits


@pytest.mark.parametrize("name", ["net.pth", "net.pt", "net.safetensors"])
def test_its_own_state(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    save: Any = save_file if name.endswith("safetensors") else torch.save
    save(state(), name)
    assert main(["weights", "net.arch", name, "-o", "out.safetensors"]) == 0
    keys = len(state())
    assert capsys.readouterr().out == (f"{name}: {keys} keys fit small\nout.safetensors: written\n")
    assert holds("out.safetensors", state())
    found = archdsl.weights("net.arch", name)
    assert same(found, state())
    model().load_state_dict(found)


def test_without_an_output_nothing_is_written() -> None:
    torch.save(state(), "net.pth")
    before = set(Path().iterdir())
    assert main(["weights", "net.arch", "net.pth"]) == 0
    assert set(Path().iterdir()) == before


@pytest.mark.parametrize("inner", ["state_dict", "model"])
def test_a_state_among_other_things(inner: str) -> None:
    torch.save({inner: state(), "epoch": 90, "optimizer": {"lr": 0.1}}, "net.pth")
    assert same(archdsl.weights("net.arch", "net.pth"), state())


def test_renamed_flattened_and_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    torch.save(theirs("large"), "net.pth")
    assert main(["weights", "net.arch", "net.pth"]) == 0
    keys = len(state("large"))
    assert capsys.readouterr().out == f"net.pth: {keys} keys fit large, renamed from theirs\n"
    assert same(archdsl.weights("net.arch", "net.pth", source="theirs"), state("large"))


@pytest.mark.parametrize("prefix", ["module.", "_orig_mod.module."])
def test_a_prefix_of_all_keys(prefix: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Wrappers for several devices and compiled modules put one in front."""
    torch.save({prefix + key: value for key, value in theirs().items()}, "net.pth")
    assert main(["weights", "net.arch", "net.pth"]) == 0
    found = (
        f"{len(state())} keys fit small, without the `{prefix}` of all keys, renamed from theirs"
    )
    assert capsys.readouterr().out == f"net.pth: {found}\n"
    assert same(archdsl.weights("net.arch", "net.pth"), state())


def test_a_prefix_that_is_our_own_stays() -> None:
    text = (
        "model Net: [3, 8, 8] -> [4, 8, 8] { stage body { conv(4, 3x3) } }\nvariant net = Net()\n"
    )
    Path("net.arch").write_text(text)
    own = state("net")
    assert all(key.startswith("body.") for key in own)
    torch.save({f"module.{key}": value for key, value in own.items()}, "net.pth")
    assert same(archdsl.weights("net.arch", "net.pth"), own)


def test_the_nearest_way_takes_a_prefix_off(capsys: pytest.CaptureFixture[str]) -> None:
    wrong = {f"module.{key}": value for key, value in state().items()}
    del wrong["module.stem.bias"]
    torch.save(wrong, "net.pth")
    lines = fails("net.pth", capsys=capsys)
    assert lines[0].endswith("net.pth, without the `module.` of all keys, does not fit `small`")
    assert lines[3:4] == ["  = missing: stem.bias [4]"]


def test_half_precision_is_as_good() -> None:
    torch.save({key: value.half() for key, value in state().items() if "num" not in key}, "net.pth")
    assert archdsl.weights("net.arch", "net.pth")["fc.weight"].dtype == torch.float16


def test_old_files_are_read_in_silence() -> None:
    torch.save(state(), "net.pth", pickle_protocol=3)
    script = "import sys; from archdsl.cli import main; sys.exit(main(sys.argv[1:]))"
    command = [sys.executable, "-c", script, "weights", "net.arch", "net.pth"]
    assert subprocess.run(command, capture_output=True, check=True).stderr == b""


def test_files_from_before_batches_were_counted() -> None:
    old = {key: value for key, value in state().items() if "num_batches" not in key}
    torch.save(old, "net.pth")
    found = archdsl.weights("net.arch", "net.pth", "small")
    assert list(found) == list(state())
    assert found["layer1.bn.num_batches_tracked"] == 0
    model().load_state_dict(found)


def test_tensors_that_share_memory(capsys: pytest.CaptureFixture[str]) -> None:
    shared = state()
    shared["layer1.bn.weight"] = shared["layer1.bn.bias"]
    shared["stem.weight"] = shared["stem.weight"].permute(0, 1, 3, 2)
    torch.save(shared, "net.pth")
    assert main(["weights", "net.arch", "net.pth", "-o", "out.safetensors"]) == 0
    assert holds("out.safetensors", shared)


def test_keys_of_extern_layers_are_taken_as_they_are() -> None:
    Path("net.arch").write_text(
        'extern Norm = "torch.nn:LazyBatchNorm2d" shape same\n'
        "model Net: [3, 8, 8] -> [4, 8, 8] { conv(4, 3x3) -> norm: Norm }\nvariant net = Net()\n"
    )
    weights = {"conv.weight": torch.rand(4, 3, 3, 3), "conv.bias": torch.rand(4)}
    torch.save({**weights, "norm.weight": torch.rand(4)}, "net.pth")
    assert list(archdsl.weights("net.arch", "net.pth")) == [*weights, "norm.weight"]
    torch.save({**weights, "other.weight": torch.rand(4)}, "net.pth")
    with pytest.raises(archdsl.CompileError, match=r"unexpected: other\.weight \[4\]"):
        archdsl.weights("net.arch", "net.pth")


# What does not


def test_all_that_is_wrong_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    wrong = state()
    del wrong["stem.bias"]
    wrong["layer2.convolution.weight"] = wrong.pop("layer2.conv.weight")
    wrong["fc.weight"] = torch.zeros(100, wrong["fc.weight"].shape[1])
    torch.save(wrong, "net.pth")
    assert fails("net.pth", capsys=capsys) == [
        "error[E598]: net.pth does not fit `small`",
        " --> net.pth",
        "  |",
        "  = missing: stem.bias [4]",
        "  = missing: layer2.conv.weight [8, 4, 3, 3]",
        "  = unexpected: layer2.convolution.weight [8, 4, 3, 3]; near: layer2.conv.weight",
        "  = another shape: fc.weight [100, 512], not [10, 512]",
        "",
        "1 error",
    ]


def test_the_nearest_way_is_reported(capsys: pytest.CaptureFixture[str]) -> None:
    wrong = theirs("large")
    del wrong["head.bias"]
    torch.save(wrong, "net.pth")
    lines = fails("net.pth", capsys=capsys)
    assert lines[0] == "error[E598]: net.pth, renamed from theirs, does not fit `large`"
    assert [line for line in lines if line.startswith("  = ")] == ["  = missing: fc.bias [10]"]
    lines = fails("net.pth", "--variant", "small", capsys=capsys)
    assert "  = another shape: stem.weight [8, 3, 3, 3], not [4, 3, 3, 3]" in lines


@pytest.mark.parametrize(
    ("key", "dtype", "said"),
    [
        ("fc.bias", torch.long, "integer numbers, not floating ones"),
        ("fc.bias", torch.complex64, "complex numbers, not floating ones"),
        ("fc.bias", torch.bool, "boolean numbers, not floating ones"),
        ("layer1.bn.num_batches_tracked", torch.float, "floating numbers, not integer ones"),
    ],
)
def test_numbers_of_another_type(
    key: str, dtype: torch.dtype, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    torch.save({**state(), key: state()[key].to(dtype)}, "net.pth")
    assert fails("net.pth", capsys=capsys)[3:4] == [f"  = another type: {key} holds {said}"]


@pytest.mark.parametrize("form", ["sparse", "meta"])
def test_what_holds_no_plain_numbers(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    weight = state()["fc.weight"]
    torch.save(
        {**state(), "fc.weight": weight.to_sparse() if form == "sparse" else weight.to("meta")},
        "net.pth",
    )
    lines = fails("net.pth", capsys=capsys)
    assert lines[0] == "error[E597]: net.pth holds no plain numbers under 'fc.weight'"


def test_two_keys_that_become_one(capsys: pytest.CaptureFixture[str]) -> None:
    twice = theirs()
    twice["fc.bias"] = twice["head.bias"]
    torch.save(twice, "net.pth")
    lines = fails("net.pth", "--from", "theirs", "--variant", "small", capsys=capsys)
    assert "  = one key for several: fc.bias, from head.bias and fc.bias" in lines


def test_a_transposed_weight_is_no_flattened_one(capsys: pytest.CaptureFixture[str]) -> None:
    wrong = state()
    wrong["fc.weight"] = wrong["fc.weight"].T.contiguous()
    torch.save(wrong, "net.pth")
    lines = fails("net.pth", capsys=capsys)
    assert "  = another shape: fc.weight [512, 10], not [10, 512]" in lines


@pytest.mark.parametrize("shape", [[3], [1, 3], [3, 1, 1, 1], [1, 3, 1]])
def test_only_weights_of_layers_are_flattened(
    shape: list[int], capsys: pytest.CaptureFixture[str]
) -> None:
    torch.save({**state(), "mean": torch.zeros(shape)}, "net.pth")
    lines = fails("net.pth", capsys=capsys)
    assert lines[3:4] == [f"  = another shape: mean {shape}, not [3, 1, 1]"]


def test_an_index_beyond_a_list_names_no_key(capsys: pytest.CaptureFixture[str]) -> None:
    text = SPEC.replace("layer{i + 1}", "layer{[1, 2][i]}")
    Path("net.arch").write_text(text)
    torch.save(theirs(), "net.pth")
    assert main(["weights", "net.arch", "net.pth"]) == 0
    capsys.readouterr()
    torch.save({**theirs(), "body.2.conv.weight": torch.zeros(1)}, "net.pth")
    lines = fails("net.pth", "--from", "theirs", capsys=capsys)
    assert lines[3:4] == ["  = unexpected: body.2.conv.weight [1]"]


def test_several_variants(capsys: pytest.CaptureFixture[str]) -> None:
    Path("net.arch").write_text(f"{SPEC}variant again = Net(4)\n")
    torch.save(state(), "net.pth")
    lines = fails("net.pth", capsys=capsys)
    assert lines[0] == "error[E598]: net.pth fits several variants: small, again"
    assert main(["weights", "net.arch", "net.pth", "--variant", "again"]) == 0


class Payload:
    def __reduce__(self) -> tuple[Any, ...]:
        return (open, ("ran.txt", "w"))


@pytest.mark.parametrize("content", [Payload(), [1, 2], {}, {"a": 1}, {1: torch.zeros(1)}])
def test_what_holds_no_weights(content: object, capsys: pytest.CaptureFixture[str]) -> None:
    torch.save(content, "net.pth")
    assert fails("net.pth", capsys=capsys)[0].startswith("error[E597]: net.pth ")
    assert not Path("ran.txt").exists()


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        (
            "net.pth",
            b"nothing of the kind",
            "torch.save writes no such file, it begins with b'nothing ",
        ),
        ("net.pth", b"", "it is empty"),
        ("net.pth", b"PK\x03\x04 and no more", "it is damaged, or not the whole file"),
        ("net.pth", b"\x80\x02}q\x00(", "it is damaged, or not the whole file"),
        ("net.h5", b"\x89HDF\r\n\x1a\n", "it is a file of Keras's"),
        ("net.safetensors", b"nothing of the kind", "it is no safetensors file, or not the whole"),
    ],
)
def test_what_is_no_file_of_weights(
    name: str, content: bytes, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path(name).write_bytes(content)
    lines = fails(name, capsys=capsys)
    assert lines[0].startswith(f"error[E597]: {name} cannot be read: {said}")
    assert lines[-3].startswith("  = help: ")


def test_a_whole_model_is_not_read(capsys: pytest.CaptureFixture[str]) -> None:
    torch.save(nn.Linear(2, 2), "net.pth")
    lines = fails("net.pth", capsys=capsys)
    assert "holds other objects than weights" in lines[0]
    assert "torch.save(model.state_dict(), path)" in lines[-3]


def test_another_number_of_classes(capsys: pytest.CaptureFixture[str]) -> None:
    """The variant to write is told where it is all that differs."""
    other = {key: value[:3] if key.startswith("fc.") else value for key, value in state().items()}
    torch.save(other, "net.pth")
    (help,) = [line for line in fails("net.pth", capsys=capsys) if "help" in line]
    assert help == (
        "  = help: it tells 3 classes apart, not 10: `variant small_3 = small(num_classes=3)`"
    )
    scalars = {key: value.flatten()[0] for key, value in other.items() if key.startswith("fc.")}
    for unlike in ({**other, "more": torch.zeros(1)}, {**other, **scalars}):
        torch.save(unlike, "net.pth")
        assert not any("help" in line for line in fails("net.pth", capsys=capsys))


def test_files_that_cannot_be_read_or_written(capsys: pytest.CaptureFixture[str]) -> None:
    assert fails("nowhere.pth", capsys=capsys)[0].startswith("error[E594]: cannot read nowhere.pth")
    torch.save(state(), "net.pth")
    assert main(["weights", "net.arch", "net.pth", "-o", "nowhere/out.safetensors"]) == 1
    assert "error[E594]: cannot write nowhere/out.safetensors" in capsys.readouterr().err


def test_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    torch.save(state(), "net.pth")
    assert main(["weights", "net.arch", "net.pth", "--variant", "smal"]) == 2
    assert "there is no variant smal; did you mean small?" in capsys.readouterr().err
    assert main(["weights", "net.arch", "net.pth", "--from", "their"]) == 2
    assert "tells no weights from their; did you mean theirs?" in capsys.readouterr().err
    with pytest.raises(ValueError, match="no variant 'smal'"):
        archdsl.weights("net.arch", "net.pth", "smal")
    with pytest.raises(ValueError, match="no variant has weights from 'their'"):
        archdsl.weights("net.arch", "net.pth", source="their")


def test_a_wrong_spec(capsys: pytest.CaptureFixture[str]) -> None:
    Path("net.arch").write_text(SPEC.replace("-> bn", "-> bm"))
    assert any("error[E302]" in line for line in fails("net.pth", capsys=capsys))
    with pytest.raises(archdsl.CompileError, match="E302"):
        archdsl.weights("net.arch", "net.pth")


def test_without_torch(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    torch.save(state(), "net.pth")
    monkeypatch.setitem(sys.modules, "torch", None)
    lines = fails("net.pth", capsys=capsys)
    assert lines[0].startswith("error[E597]: import of torch halted")
    assert "  = help: pip install 'archdsl[torch]'" in lines

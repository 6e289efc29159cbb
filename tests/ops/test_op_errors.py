"""What the table refuses, and how it says so: the code, the numbers, the way out."""

from __future__ import annotations

from typing import Any

import pytest
from op_grid import complete
from op_symbol import Symbol

from archdsl.codes import CODES
from archdsl.ops.op import SAME, OpError, Shape, Size
from archdsl.ops.table import check_arguments, lookup

# op, arguments, input, code, parameter, what message and help say
SHAPES: list[tuple[str, dict[str, Any], Shape, str, str | None, tuple[str, ...]]] = [
    ("conv", {"width": 8, "kernel": 3}, (512,), "E230", None, ("vector of 512", "flatten")),
    ("maxpool", {"kernel": 2}, (64, 49), "E230", None, ("[64, 49]", "reshape")),
    ("unflatten", {"shape": (2, 2)}, (4, 1, 1), "E230", None, ("4x1x1", "reshape")),
    ("layer_norm", {}, (49, 64), "E230", None, ("[49, 64]", "last=true")),
    ("matmul", {"k": (4,)}, (3, 4), "E230", "k", ("vector of 4",)),
    ("resize", {"like": (4,)}, (3, 4, 4), "E230", "like", ("vector of 4",)),
    ("linear", {"width": 10}, (512, 7, 7), "E231", None, ("512x7x7", "flatten")),
    (
        "conv",
        {"width": 8, "kernel": 7, "pad": 1},
        (3, 4, 9),
        "E232",
        "kernel",
        ("height 7 on 4 + 1 + 1", "pad=2", "at least 5"),
    ),
    (
        "conv",
        {"width": 8, "kernel": 3, "dilation": 4, "pad": 0},
        (3, 9, 8),
        "E232",
        "kernel",
        ("width 3 (dilated: 9) on 8", "pad=1"),
    ),
    ("avgpool", {"kernel": 8}, (3, 7, 7), "E232", "kernel", ("8 on 7", "at least 8")),
    ("maxpool", {"kernel": 9, "stride": 2, "ceil": True}, (3, 2, 2), "E232", "kernel", ("9 on 2",)),
    (
        "conv",
        {"width": 64, "kernel": 3, "groups": 5},
        (64, 9, 9),
        "E233",
        "groups",
        ("64 incoming", "5 groups", "4 or 8 would divide"),
    ),
    (
        "conv",
        {"width": 10, "kernel": 3, "groups": 4},
        (64, 9, 9),
        "E233",
        "groups",
        ("10 outgoing", "2 would divide"),
    ),
    ("shuffle", {"groups": 5}, (12, 4, 4), "E233", "groups", ("12", "4 or 6")),
    ("group_norm", {"groups": 32}, (48, 4, 4), "E233", "groups", ("48", "24 or 48")),
    (
        "conv_transpose",
        {"width": 8, "kernel": 2, "pad": 2},
        (8, 3, 3),
        "E234",
        "pad",
        ("height would be 0", "at most 1"),
    ),
    ("upsample", {"factor": 0.1}, (3, 4, 4), "E234", "factor", ("height 4",)),
    (
        "conv",
        {"width": 8, "kernel": 2},
        (3, 8, 8),
        "E235",
        "kernel",
        ("spans 2", "pad=0", "[0, 1, 0, 1]"),
    ),
    (
        "depthwise",
        {"kernel": Size(3, 4), "pad": SAME},
        (3, 8, 8),
        "E235",
        "kernel",
        ("spans 4", "`pad=[1, 2, 1, 1]`", "`pad=1`"),
    ),
    ("maxpool", {"kernel": 3, "pad": 2}, (3, 8, 8), "E236", "pad", ("pads 2", "at most 1")),
    ("select", {"channels": (0, 6)}, (6, 4, 4), "E237", "channels", ("channel 6", "0 to 5")),
    ("slice", {"start": 0, "stop": 9}, (6, 4, 4), "E237", "stop", ("channel 9", "6")),
    ("slice", {"start": 6}, (6, 4, 4), "E237", "start", ("no channel", "below 6")),
    (
        "pixel_shuffle",
        {"factor": 2},
        (10, 4, 4),
        "E238",
        "factor",
        ("10", "by 4", "8 or 12 channels"),
    ),
    ("pixel_unshuffle", {"factor": 2}, (3, 4, 9), "E238", "factor", ("width 9", "1 or 3")),
    ("maxout", {"pieces": 4}, (10,), "E238", "pieces", ("10", "8 or 12")),
    ("glu", {}, (7,), "E238", None, ("7 is odd", "6 or 8")),
    (
        "reshape",
        {"shape": (4, 10)},
        (8, 3, 2),
        "E239",
        "shape",
        ("48 arrive", "holds 40", "48 = 4 * 12"),
    ),
    ("reshape", {"shape": (-1, 7)}, (8, 3, 2), "E239", "shape", ("48", "multiple of 7")),
    ("reshape", {"shape": (-1, -1)}, (8, 3, 2), "E240", "shape", ("at most one",)),
    ("permute", {"order": (0, 1)}, (8, 3, 2), "E240", "order", ("[0, 1]", "0 to 2")),
    ("transpose", {"a": 0, "b": 3}, (8, 3, 2), "E240", "b", ("axis 3", "0 to 2")),
    ("softmax", {"axis": 1}, (8,), "E240", "axis", ("axis 1", "only axis is 0")),
    ("reduce_mean", {"axes": (0, 0)}, (8, 3, 2), "E240", "axes", ("[0, 0]",)),
    (
        "pad",
        {"amount": 4, "mode": "reflect"},
        (3, 4, 9),
        "E242",
        "amount",
        ("height 4", "at most 3"),
    ),
    (
        "conv",
        {"width": 8, "kernel": 9, "pad_mode": "reflect"},
        (3, 4, 9),
        "E242",
        "pad",
        ("4 pixels", "at most 3"),
    ),
    ("pad_channels", {"width": 4}, (6, 4, 4), "E244", "width", ("6", "4", "slice(0, 4)")),
    ("crop", {"size": 9}, (6, 4, 12), "E244", "size", ("height 9", "at most 4")),
    ("crop", {"like": (1, 4, 13)}, (6, 4, 12), "E244", "like", ("width 13", "at most 12")),
    (
        "conv_transpose",
        {"width": 8, "kernel": 3, "stride": 2, "output_pad": 2},
        (8, 3, 3),
        "E245",
        "output_pad",
        ("2", "at most 1"),
    ),
    ("instance_norm", {}, (8, 1, 1), "E246", None, ("single pixel", "layer_norm")),
    ("reduce_var", {"axes": (1, 2)}, (8, 1, 1), "E246", "axes", ("single value", "unbiased")),
    ("resize", {}, (8, 4, 4), "E247", "size", ("neither", "like=x")),
    ("crop", {"size": 2, "like": (8, 4, 4)}, (8, 4, 4), "E247", "size", ("not both",)),
    (
        "upsample",
        {"factor": 2, "align_corners": True},
        (8, 4, 4),
        "E247",
        "align_corners",
        ("nearest", "bilinear"),
    ),
    (
        "pad",
        {"amount": 1, "mode": "reflect", "value": 3},
        (8, 4, 4),
        "E247",
        "value",
        ("not by both",),
    ),
    (
        "conv",
        {"width": 8, "kernel": 3, "pad": (0, 1, 0, 1), "pad_mode": "reflect"},
        (8, 4, 4),
        "E247",
        "pad_mode",
        ("unevenly", "pad(...)"),
    ),
    ("matmul", {"k": (4, 6)}, (4, 6), "E248", "k", ("6 and 4", "transpose(0, 1)")),
    ("matmul", {"k": (3, 6, 2)}, (2, 4, 6), "E248", "k", ("2 matrices with 3",)),
    ("matmul", {"k": (6, 2)}, (2, 4, 6), "E248", "k", ("as many axes", "reshape")),
    ("maximum", {"k": (8, 4, 4)}, (8, 4, 5), "E248", "k", ("[8, 4, 5] and [8, 4, 4]",)),
    ("minimum", {"k": (8,)}, (8, 4, 5), "E248", "k", ("as many axes", "reshape")),
    ("cosine_similarity", {"k": (8,), "axis": 1}, (8,), "E240", "axis", ("only axis is 0",)),
    ("reduce_norm", {"axes": (0,), "keep": False}, (8,), "E240", "axes", ("leaves nothing",)),
    ("clamp", {}, (8,), "E247", "low", ("`low` or `high`",)),
    ("clamp", {"low": 2, "high": 1}, (8,), "E381", "low", ("2 and 1",)),
    ("blurpool", {"size": 7}, (8, 9, 3), "E242", "size", ("3 pixels", "width 3", "zeros")),
    (
        "std_conv",
        {"width": 8, "kernel": 3, "pad": (0, 1, 0, 1)},
        (8, 4, 4),
        "E247",
        "pad",
        ("alike", "pad(...)"),
    ),
    ("pad", {"amount": SAME}, (3, 4, 4), "E380", "amount", ("same", "conv")),
    ("hardtanh", {"low": 2, "high": 1}, (4,), "E381", "low", ("2 and 1",)),
]


@pytest.mark.parametrize(
    ("name", "given", "x", "code", "parameter", "says"),
    SHAPES,
    ids=[f"{case[3]}-{case[0]}-{index}" for index, case in enumerate(SHAPES)],
)
def test_refused_shapes(
    name: str,
    given: dict[str, Any],
    x: Shape,
    code: str,
    parameter: str | None,
    says: tuple[str, ...],
) -> None:
    op = lookup(name)
    assert op is not None
    args = complete(op, **given)
    check_arguments(op, args)
    with pytest.raises(OpError) as caught:
        op.shape(args, x)
    error = caught.value
    assert (error.code, error.parameter) == (code, parameter)
    for part in says:
        assert part in f"{error.message}; {error.help}"


ARGUMENTS: list[tuple[str, str, Any, str, tuple[str, ...]]] = [
    ("conv", "width", 2.0, "E380", ("whole number", "2.0", "`2`", "//")),
    ("conv", "width", 2.5, "E380", ("2.5", "round")),
    ("conv", "width", True, "E380", ("true is a truth value",)),
    ("conv", "width", None, "E380", ("none is nothing",)),
    ("conv", "kernel", (3, 5), "E380", ("[3, 5]", "`3x5`")),
    ("conv", "kernel", "3x3", "E380", ("a string",)),
    ("conv", "pad", (1, 1), "E380", ("left, right, top, bottom",)),
    ("conv", "stride", SAME, "E380", ("same is a padding",)),
    ("conv", "bias", 1, "E380", ("true or false",)),
    ("conv", "bias", None, "E380", ("true or false", "none is nothing")),
    ("conv", "width", object(), "E380", ("a block or op",)),
    ("conv", "width", 0, "E381", ("at least 1", "0")),
    ("conv", "kernel", Size(3, 0), "E381", ("3x0",)),
    ("conv", "pad", (0, 0, -1, 0), "E381", ("at least 0", "[0, 0, -1, 0]")),
    ("conv", "pad_mode", "reflection", "E382", ("reflection", 'did you mean "reflect"')),
    ("conv", "pad_mode", "x", "E382", ('there are "zeros"',)),
    ("select", "channels", 3, "E380", ("`[3]`",)),
    ("dropout", "p", 1.5, "E381", ("between 0 and 1", "1.5")),
    ("dropout", "p", float("nan"), "E381", ("finite",)),
    ("bn", "eps", 64, "E381", ("below 1", "64", "channels are never written: `bn`")),
    ("bn", "eps", 1, "E381", ("below 1",)),
    ("layer_norm", "eps", 64, "E381", ("channels are never written: `layer_norm`",)),
    ("instance_norm", "eps", 64, "E381", ("channels are never written: `instance_norm`",)),
    ("group_norm", "eps", 64.0, "E381", ("below 1", "64.0")),
    ("normalize", "eps", 64, "E381", ("below 1",)),
    ("upsample", "factor", 0, "E381", ("above 0",)),
    ("upsample", "factor", 1e300, "E381", ("at most 1024", "1e+300")),
    ("upsample", "mode", "linear", "E382", ("bilinear",)),
    ("matmul", "k", 3, "E380", ("flows",)),
]


@pytest.mark.parametrize(("name", "parameter", "value", "code", "says"), ARGUMENTS)
def test_refused_arguments(
    name: str, parameter: str, value: Any, code: str, says: tuple[str, ...]
) -> None:
    op = lookup(name)
    assert op is not None
    args: dict[str, Any] = {"width": 8, "kernel": 3, "channels": (0,), "factor": 2, "k": (3, 3)}
    args["groups"] = 1
    names = {p.name for p in op.parameters}
    args = complete(op, **{key: args[key] for key in args if key in names})
    check_arguments(op, args)
    args[parameter] = value
    with pytest.raises(OpError) as caught:
        check_arguments(op, args)
    assert (caught.value.code, caught.value.parameter) == (code, parameter)
    for part in says:
        assert part in f"{caught.value.message}; {caught.value.help}"


def test_every_code_of_the_ops_is_raised_here_and_in_the_catalogue() -> None:
    raised = {case[3] for case in SHAPES} | {case[3] for case in ARGUMENTS}
    assert raised <= set(CODES)
    listed = {code for code in CODES if "E230" <= code <= "E249" or "E380" <= code <= "E382"}
    assert raised == listed


def test_unknown_sizes_are_not_refused() -> None:
    conv = lookup("conv")
    assert conv is not None
    height = Symbol("h", 2)
    assert conv.shape(complete(conv, width=8, kernel=5, pad=0), (3, height, height))[0] == 8

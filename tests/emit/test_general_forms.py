"""Specs whose general form takes some thought: what is written runs, and is what was checked."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from emit_text import images, meta, module_of, results_of
from torch import nn

from archdsl import driver
from archdsl.diagnostics import Bag
from archdsl.emit import emit as emitter
from archdsl.render import render_all

SPECS = {
    "pixels out of channels by a parameter": """\
block Up(w, f) { conv(w * f ** 2, 3x3) -> pixel_shuffle(f) -> relu -> pixel_unshuffle(f) }
model M(ws, f): [3, 16, 16] -> [10] {
    for w in ws { conv(w * f ** 2, 3x3) -> pixel_shuffle(f) -> maxpool(2x2) }
    Up(4, f) -> conv(8, 1x1) -> global_avgpool -> flatten -> linear(10)
}
variant m = M([4, 8], 2)
variant n = M([4, 8], 3)
""",
    "shared modules whose first use is in a loop": """\
block Head(width) { conv(width, 3x3) -> bn -> relu }
block Tower(n) {
    share head = conv(8, 3x3)
    repeat n { repeat 2 { head -> relu } }
    head * 2
}
block Beside(n, width) {
    share head = Head(width)
    concat { for i in range(n) { dropout(0.0) -> head; head } }
}
model M(levels, width): [8, 8, 8] -> [10] {
    share head = conv(8, 3x3)
    share gate = conv(width, 1x1)
    for i in range(levels) { conv(width + i, 3x3) -> conv(8, 1x1) -> relu as p[i] }
    for i in range(levels) { from p[i] -> head -> gate as h[i] }
    from h -> sum -> Tower(levels) -> Beside(levels, width)
    global_avgpool -> flatten -> linear(10)
}
variant m = M(2, 8)
variant n = M(3, 8)
""",
    "activations of other forms": """\
block B(act, width) { conv(width, 3x3) -> bn -> act -> conv(8, 3x3) -> act }
model M: [3, 8, 8] -> [10] {
    B(relu, 8) -> B(prelu, 8) -> B(prelu(per_channel=false), 4) -> B(leaky_relu(slope=0.2), 8)
    global_avgpool -> flatten -> linear(10)
}
variant m = M()
""",
    "a convolution and a dilated one": """\
block B(op, w) { op(w, 3x3) -> bn -> relu }
model M: [3, 8, 8] -> [10] {
    B(conv, 8) -> B(conv(dilation=2), 8)
    global_avgpool -> flatten -> linear(10)
}
variant m = M()
""",
    "a block and an op": """\
block Act { relu }
block B(act) { conv(8, 3x3) -> act }
model M: [3, 8, 8] -> [10] {
    B(Act) -> B(relu)
    global_avgpool -> flatten -> linear(10)
}
variant m = M()
""",
    "cells of blocks and ops": """\
block Sep(width, stride = 1) { depthwise(3x3, stride=stride) -> conv(width, 1x1) -> bn }
block Cell(op, width, n = 1) { op(width, stride=2) -> bn -> relu }
block Cells(ops, width) { for op in ops { op(width) } }
model M: [3, 16, 16] -> [10] {
    Cell(Sep, 8) -> Cell(conv(kernel=3x3), 8) -> Cells([Sep, conv(kernel=1x1, bias=false)], 8)
    global_avgpool -> flatten -> linear(10)
}
variant m = M()
""",
    "maps that loops make smaller": """\
sequence Halve(width) { conv(width, 3x3, stride=2) -> relu }
block Inside(n) { repeat n { conv(4, 3x3, pad=0) } }
model Written(widths): [3, 64, 64] -> [10] {
    for w in widths { conv(w, 3x3, stride=2) -> bn -> relu }
    flatten -> linear(12) -> relu -> linear(10)
}
model Repeated(n): [3, 64, 64] -> [10] {
    stage down { repeat n { conv(8, 3x3) -> maxpool(2x2) } }
    Inside(2) -> Halve(8) * 2 -> flatten -> linear(10)
}
model Strides(strides): [3, 64, 64] -> [10] {
    for s in strides { repeat 2 { conv(8, 3x3, stride=s) } }
    body: { Halve(4) -> Halve(4) }
    flatten -> linear(10)
}
variant m = Written([16, 32, 64])
variant repeated = Repeated(2)
variant strides = Strides([1, 2])
""",
    "steps in nested loops": """\
block B(widths, n) { for k in widths { repeat n { conv(k, 1x1) } } }
model M: [3, 8, 8] -> [10] {
    B([2, 4], 2) -> B([4], 1)
    global_avgpool -> flatten -> linear(10)
}
variant m = M()
""",
    "a step under a condition in a loop": """\
block B(widths) { for k in widths { if k > 3 { conv(k, 1x1) } else { relu } } }
model M: [3, 8, 8] -> [10] {
    B([2, 4]) -> B([4])
    global_avgpool -> flatten -> linear(10)
}
variant m = M()
""",
    "a width after a loop in an if": """\
block U(width) { conv(width, 1x1) }
block V(width) { conv(width + 1, 1x1) }
block B(n, unit) { repeat n { if n > 1 { unit(4) * n } } }
model M: [3, 8, 8] -> [10] {
    B(2, U) -> B(2, V)
    global_avgpool -> flatten -> linear(10)
}
variant m = M()
""",
    "one width from both arms": """\
block U(width) { conv(width, 3x3) -> bn -> relu }
block V(width, act = relu) { act -> conv(width + 1, 1x1) }
block B(w, n = 2, unit = U) {
    repeat n as i5 {
        dense {
            if i5 % 2 == 0 {
                unit(w + i5) as v6
            } else {
                unit(w + 1)
                unit(w + i5)
                relu6 as v7
            }
            conv(i5 + 2, 1x1)
        }
    }
}
model M(w = 4, n = 2, unit = U, num_classes = 10): [3, 8, 8] -> [num_classes] {
    B(w, n, unit=unit) -> B(3, 1)
    global_avgpool -> flatten -> linear(num_classes)
}
variant m = M()
variant m2 = M(n=3, unit=V)
""",
    "square and oblong kernels": """\
block B(kernels) { for kernel in kernels { conv(4, kernel) } }
model M: [3, 8, 8] -> [10] {
    B([3x3, 1x3]) -> B([3x3])
    global_avgpool -> flatten -> linear(10)
}
variant m = M()
""",
    "oblong kernels in tables": """\
let ROWS = [[8, 1x3, 1], [4, 3x3, 2]]
block C(width, kernel, s) { conv(width, kernel, stride=s) -> bn }
block T(rows) { for w, k, s in rows { C(w, k, s) -> conv(w, k) -> relu } }
block G(kernels) { for i in range(len(kernels)) { conv(4, kernels[i]) } }
block H(unit, k = 3) { unit(8, k, 1) -> unit(8, 1x5, 1) -> conv(8, k) }
model M: [3, 16, 16] -> [10] {
    T(ROWS) -> T([[6, 5x5, 1]]) -> G([1x3, 3x3]) -> G([3x3]) -> H(C)
    for k in [3x3, 1x3] { conv(3, k) }
    global_avgpool -> flatten -> linear(10)
}
variant m = M()
""",
    "oblong kernels through two wrappers": """\
block Inner(width, kernel: size, dilation = 1, pad = same, stride = 1) { conv(width, kernel, stride=stride, dilation=dilation, pad=pad) -> bn -> relu }
block Outer(width, kernel, pad = same) { Inner(width, kernel, pad=pad) -> Inner(width, kernel, dilation=2) -> Inner(width, 1x3, pad=0) }
model M(num_classes = 10): [3, 16, 16] -> [num_classes] {
    Outer(4, 3x1) -> Outer(5, 5x5) -> Outer(6, 3x5, pad=0x1)
    global_avgpool -> flatten -> linear(num_classes)
}
variant m = M()
""",
    "two kernels of a model": """\
model Factorised(tall, wide): [64, 32, 32] -> [64, 32, 32] {
        conv(64, tall, bias=false) -> relu -> conv(64, wide, bias=false) -> relu
    }
variant factorised_3x3 = Factorised(3x1, 1x3)
variant factorised_7x7 = Factorised(7x1, 1x7)
""",
    "two kernels and two paddings": """\
block ConvBN(width, kernel, pad = same) { conv(width, kernel, pad=pad) -> bn -> relu }
block Pair(first = 1x7, second = 7x1) { ConvBN(8, first) -> ConvBN(8, second) }
model Net(num_classes = 10): [3, 32, 32] -> [num_classes] {
    Pair -> ConvBN(8, 3x3, pad=0) -> Pair(first=7x1, second=1x7) -> global_avgpool -> flatten -> linear(num_classes)
}
variant net = Net()
""",
    "sizes of the input": """\
block B { conv(in.height, 3x3) }
block C { const mask [1, in.height, in.width] = 2; from in * mask }
block D { maxpool(2x2) -> C }
model M: [3, 8, 8] -> [10] {
    B -> C -> D
    global_avgpool -> flatten -> linear(10)
}
variant m = M()
""",
    "parts of a split": """\
block B(n) { split(n) { relu; conv(4, 1x1) } }
model M: [3, 8, 8] -> [10] {
    conv(12, 3x3) -> B(2) -> B(2)
    global_avgpool -> flatten -> linear(10)
}
variant m = M()
""",
    "parts of a split in a loop": """\
block B(n) { split(n) { for i in range(n) { conv(4, 1x1) } } }
model M: [3, 8, 8] -> [10] {
    conv(12, 3x3) -> B(2) -> B(4)
    global_avgpool -> flatten -> linear(10)
}
variant m = M()
""",
    "a list of values": """\
block B(n) {
    for i in range(n) { convs[i]: conv(8, 3x3) as xs[i] }
    from [xs[i] for i in range(n)] -> concat
}
model M: [3, 8, 8] -> [10] {
    B(2) -> B(3)
    global_avgpool -> flatten -> linear(10)
}
variant m = M()
""",
    "a block that no variant makes": """\
block Inner(act) { conv(8, 3x3) -> act }
block B(deep = false) { if deep { Inner(relu) } else { conv(8, 3x3) } }
model M: [3, 8, 8] -> [10] {
    B
    global_avgpool -> flatten -> linear(10)
}
variant m = M()
""",
    "ops of a block that no variant makes": """\
block Inner(ops) { for op in ops { op } }
block B(deep = false) { if deep { Inner([relu, gelu]) } else { conv(8, 3x3) } }
model M: [3, 8, 8] -> [10] {
    B
    global_avgpool -> flatten -> linear(10)
}
variant m = M()
""",
    "a projection before its body": """\
sequence Sep(width) { depthwise(3x3, bias=false) -> conv(width, 1x1, bias=false) }
block Block(width, reps, middle: int = width) {
    residual {
        rep: {
            Sep(middle) -> bn
            repeat reps - 1 { relu -> Sep(width) -> bn }
        }
    } skip identity else { skip: conv(width, 1x1) -> skipbn: bn }
}
model M(num_classes = 10): [3, 32, 32] -> [num_classes] {
    b1: Block(16, 2) -> b2: Block(16, 3) -> b3: Block(32, 2, middle=16)
    global_avgpool -> flatten -> fc: linear(num_classes)
}
variant m = M()
""",
    "a projection around a reshape": """\
block Mixer(w) {
    conv(w, 1x1) -> reshape([w, in.height * in.width]) -> reshape([w, in.height, in.width])
}
block B(w) { residual { Mixer(w) } skip identity else { conv(w, 1x1) } }
model M: [3, 8, 8] -> [10] {
    conv(16, 3x3) -> B(16) -> B(16) -> B(24)
    global_avgpool -> flatten -> linear(10)
}
variant m = M()
""",
    "projections around loops with strides": """\
block B(w, strides) {
    residual { for s in strides { conv(w, 3x3, stride=s) } }
    skip identity else { conv(w, 1x1, stride=4) }
}
block C(w, strides) {
    residual { deep: { for s in strides { conv(w, 3x3, stride=s) } } }
    skip identity else { conv(w, 1x1) }
}
model M: [3, 32, 32] -> [4] {
    B(4, [2, 2]) -> B(4, [4]) -> C(4, [1, 1]) -> C(8, [1])
    global_avgpool -> flatten -> linear(4)
}
variant m = M()
""",
    "a residual that reads a value beside its input": """\
block B(w, s) {
    conv(w, 3x3, stride=s) as y
    bn
    residual { from y -> conv(w, 1x1) } skip identity else { conv(w, 1x1) }
}
block C(w, s) {
    conv(w, 3x3, stride=2) as y
    conv(w, 3x3, stride=s)
    residual { from y -> conv(w, 3x3, stride=s) } skip identity else { conv(w, 1x1) }
}
model M: [3, 32, 32] -> [10] {
    B(8, 1) -> B(8, 2) -> C(8, 1) -> C(8, 2)
    global_avgpool -> flatten -> linear(10)
}
variant m = M()
""",
    "a name that both arms give": """\
block B(w, first) {
    conv(w, 1x1) as y
    if first { from y -> maxpool(2x2) as z } else { from (in, y) -> concat as z }
    from z -> conv(z.channels + 1, 1x1) -> bn
}
block C(w, first) {
    conv(w, 1x1) -> split(2) as (a, b)
    if first {
        from (a, b) -> concat -> split(2) as (c, d)
    } else {
        from a -> conv(3, 1x1) as c
        from (b, c) -> concat as d
    }
    from (c, d) -> concat -> bn
}
model M: [3, 8, 8] -> [10] {
    B(8, true) -> B(8, false) -> C(8, true) -> C(8, false)
    global_avgpool -> flatten -> linear(10)
}
variant m = M()
""",
    "several results that both arms give": """\
block B(w, g, first = false) in (r, d) -> (r2, d2) {
    from r -> conv(w, 1x1) as r2
    from d -> conv(w + g, 1x1) as dd
    if first { from dd -> relu as d2 } else { from (d, dd) -> concat as d2 }
}
model M(w, counts): [3, 8, 8] -> [10] {
    conv(w, 3x3) as x
    from (x, x)
    for i, n in enumerate(counts) {
        B(w, i, first=true)
        if n > 1 { B(w, i) }
    }
    concat -> global_avgpool -> flatten -> linear(10)
}
variant m = M(8, [1, 2])
""",
    "members of families of values": """\
block Kept(w, first) {
    if first { conv(w, 1x1) as ys[0] } else { conv(w + 2, 1x1) as ys[0] }
    if first { conv(w, 1x1) as ys[1] } else { conv(w + 3, 1x1) as ys[1] }
    from (ys[0], ys[1]) -> concat -> conv(5, 1x1)
}
block Parts(n) {
    for i in range(n) {
        conv(12, 3x3) -> split([4, 8]) as (a[i], b[i])
        from (b[i], a[i]) -> concat
    }
    from [a[i] for i in range(n)] -> concat as c
    from (c, b[0]) -> concat
}
block Both(w) in (r, d) -> (r2, d2) {
    from r -> conv(w, 1x1) as r2
    from d -> relu as d2
}
model M(w): [3, 8, 8] -> [10] {
    conv(w, 3x3) -> split([w // 2, w - w // 2]) as (r[0], d[0])
    from (r[0], d[0])
    for k in [4, 6] { Both(k) }
    concat -> conv(7, 1x1) -> split([3, 4]) as (y[0], y[1])
    from (y[1], y[0], y[1]) -> concat -> Kept(8, true) -> Kept(4, false) -> Parts(2) -> Parts(3)
    global_avgpool -> flatten -> linear(10)
}
variant m = M(8)
variant m2 = M(9)
""",
    "a size compared in a constructor": """\
block C(w, k) { conv(w, k) -> relu
  if k != 1x1 { extra: conv(w, 1x1) } }
model A(k): [3, 8, 8] -> [4] { C(8, 1x1) -> C(8, k) -> conv(4, 1x1) -> global_avgpool -> flatten }
variant a = A(3x3)
variant b = A(1x5)
""",
    "a size of a list compared": """\
model A(ks): [3, 8, 8] -> [4] {
  for k in ks { conv(4, k) -> relu }
  conv(4, 3x3 if ks[0] == 3x3 else 1x1) -> global_avgpool -> flatten }
variant a = A([3x3, 1x3])
variant b = A([1x1])
""",
    "a size looked for in a list": """\
block C(w, k) { conv(w, k) -> relu
  conv(w + k[0] * k[1], 3x3) -> relu
  if k in [1x1, 3x3] { extra: conv(w, 1x1) } }
model A(k): [3, 8, 8] -> [4] { C(8, 1x1) -> C(8, k) -> conv(4, 1x1) -> global_avgpool -> flatten }
variant a = A(3x3)
variant b = A(1x5)
""",
    "sizes compared in both functions": """\
block Inc(spec) {
    concat {
        for w, k in spec { if k == 1x1 { conv(w, 1x1) } else { conv(w, k) -> relu } }
    }
}
model N(specs): [3, 32, 32] -> [10] {
    for s in specs { Inc(s) }
    global_avgpool -> flatten -> linear(10)
}
variant n1 = N([[[8, 1x1], [8, 3x3]], [[8, 1x1], [12, 1x7], [6, 5x5]]])
""",
    "sizes that are never oblong compared": """\
model N(ks): [3, 32, 32] -> [10] {
    for k in ks { if k == 1x1 { conv(8, 1x1) } else { conv(8, k) -> relu } }
    if ks[0] == 3x3 { conv(8, 1x1) }
    conv(16 if 1x1 in ks else 12, 1x1)
    global_avgpool -> flatten -> linear(10)
}
variant n1 = N([1x1, 3x3])
variant n2 = N([3x3])
""",
    "numbers compared with sizes": """\
block C(w, k) { conv(w, k) -> relu
  if k == 3 { extra: conv(w, 1x1) } }
model A(k): [3, 8, 8] -> [4] { C(8, k) -> conv(4, 1x1) -> global_avgpool -> flatten }
variant a = A(3x3)
variant b = A(3)
variant c = A(1)
""",
    "sizes compared in rows, arms and comprehensions": """\
block Choice(w, k, wide = false) { conv(w, k if wide else 3x3) -> bn }
block Strided(w, ss) { for i in range(len(ss)) { conv(w, 3x3, stride=ss[i]) -> relu } }
block Row(spec) { let w, k = spec; conv(w, k) -> relu
  if k == 1x1 { extra: conv(4, 1x1) } }
model A(ks, ss, rows): [3, 16, 16] -> [4] {
  for r in rows { Row(r)
    conv(8 if r[1] == 3x3 else 6, r[1]) }
  for k in ks { Choice(6, k) -> Choice(6, k, wide=true) }
  Strided(5, ss)
  conv(len([k for k in ks if k == 3x3]) + 2, 1x1)
  global_avgpool -> flatten -> linear(4) }
variant a = A([3x3, 1x3], [1x2, 2], [[8, 1x1], [6, 3x3]])
variant b = A([1x1], [2, 1], [[4, 3x5]])
""",
    "sizes of two lists compared": """\
block Z(w, ks, js) { for k, j in zip(ks, js) { conv(w, k) -> conv(w, j) -> relu }
  if 1x1 in ks or ks[0] in js { conv(w, 1x1) } }
block Only(w, k) { conv(w, k) -> relu
  if k in [1x1, 1x7] { conv(w + 1, 1x1) } }
model A(ks, js): [3, 16, 16] -> [4] {
  Z(8, ks, js) -> Only(8, 3) -> Only(8, 1)
  global_avgpool -> flatten -> linear(4) }
variant a = A([3x3, 1x3], [5x5, 3x3])
variant b = A([1x1], [1x1])
""",
    "numbers among oblong strides": """\
sequence CB(w, k, s = 1, d = 1) { conv(w, k, stride=s, dilation=d) -> bn -> relu }
block Rs(w, k, s = 1, d = 1) { residual(scale=0.5) { CB(w, k, s, d) -> CB(w, k) } skip identity else { conv(w, 1x1, stride=s) } }
block Sc(ws, ks, ss) {
    for w, k, s in zip(ws, ks, ss) { Rs(w, k, s) }
}
model N(ks, ss, ws): [3, 32, 32] -> [10] {
    Sc(ws, ks, ss) -> Sc(ws, [1x3 for k in ks], [1 for s in ss]) -> Rs(8, 3x1, 2x1, d=2)
    concat { for i, k in enumerate(ks) { CB(ws[i], k) -> CB(4, k, d=i + 1) } }
    global_avgpool -> flatten -> linear(10) }
variant n1 = N([3x3, 5x5], [1, 2], [8, 12])
variant n2 = N([3x3, 1x7, 7x1], [1x2, 2, 1], [8, 8, 6])
""",
    "numbers among oblong kernels of the file": """\
let KS = [3, 1x3, 5x5]
block Unit(kernels) { for kernel in kernels { conv(4, kernel) }
  if 3 in kernels { conv(4, 1x1) } }
model Net(ks): [3, 8, 8] -> [4, 8, 8] { Unit(ks + [1]) -> Unit(KS) -> Unit([3x3, 1x3])
   for k in [3, 1x5] { conv(4, k)
     if k == 3 { conv(4, 1x1) } }
   for k in KS { conv(4, k)
     if k == 3 { conv(4, 1x1) } } }
variant net = Net([1x3, 5])
""",
    "a block given under a condition": """\
block Tail(width, kernel) { conv(width, kernel) -> relu }
block Stage(width, n, last = none) {
    conv(width, 3x3) * n
    if last != none { tail: last(width, 1x1) }
}
model S(ns, last = none): [3, 8, 8] -> [4] {
    for n in ns { Stage(8, n, last=last if n > 1 else none) }
    global_avgpool -> flatten -> linear(4)
}
variant s1 = S([1, 2], last=Tail)
variant s2 = S([1])
""",
    "a block or op given under a condition": """\
sequence CB(width, kernel, stride = 1, act = relu) { conv(width, kernel, stride=stride) -> bn -> act }
block Stage(unit, width, n, stride = 2, last = none) {
    unit(width, 3x3, stride=stride)
    unit(width, 3x3) * (n - 1)
    if last != none { tail: last(width, 1x1) }
}
model S(unit, ns, widths, last = none): [3, 64, 64] -> [10] {
    for n, w in zip(ns, widths) { Stage(unit, w, n, last=last if n > 1 else none) }
    global_avgpool -> flatten -> linear(10)
}
variant s1 = S(CB, [1, 2, 3], [8, 16, 24])
variant s2 = S(CB(act=prelu), [2, 2], [8, 12], last=CB)
variant s3 = S(conv, [1, 2], [8, 16], last=conv(bias=false))
""",
}


@pytest.mark.parametrize("name", SPECS)
def test_what_is_written_is_what_was_checked(name: str, tmp_path: Path) -> None:
    path = tmp_path / "spec.arch"
    path.write_text(SPECS[name], encoding="utf-8")
    bag = Bag()
    checked = driver.check(str(path), bag)
    assert checked is not None, render_all(bag.items)
    text = emitter.emit(checked.program, checked.designs, bag)
    assert not bag.failed, render_all(bag.items)
    module = module_of(text)
    for design in checked.designs:
        model = meta(getattr(module, design.name)).eval()
        assert sum(each.numel() for each in model.parameters()) == design.params
        with torch.no_grad():
            result = results_of(model(*images(design, 1, "meta")))
        assert [tuple(part.shape[1:]) for part in result] == [shape for _, shape in design.outputs]
        paths = {step.path: step.outputs[0] for step in design.walk()}
        for key, child in model.named_modules():
            if isinstance(child, (nn.Conv2d, nn.Linear)):
                assert paths[key][0] == child.weight.shape[0], key
        real = getattr(module, design.name)()
        outputs = results_of(real(*images(design, 2)))
        torch.stack([output.sum() for output in outputs]).sum().backward()


_DEEP = {
    "loops": "for i{i} in range(n) {{ unit(4)\n{inner} }}",
    "residuals": "residual {{ unit(4)\n{inner}\nconv(8, 1x1) }} skip identity else {{ conv(8, 1x1) }}",
    "conditions": "if n > {i} {{ unit(4)\n{inner} }} else {{ unit({i} + 1) }}",
}


@pytest.mark.parametrize("kind", _DEEP)
def test_nesting_costs_little(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A body is walked a few times for each level around it, not twice as often for each."""
    from archdsl.emit.writer import ClassWriter

    walks = []
    walk = ClassWriter.walk

    def counting(self: ClassWriter, region: object, flow: object) -> object:
        walks.append(region)
        return walk(self, region, flow)  # type: ignore[arg-type]

    monkeypatch.setattr(ClassWriter, "walk", counting)
    body = "unit(8)"
    for i in range(8):
        body = _DEEP[kind].format(i=i, inner=body)
    path = tmp_path / "spec.arch"
    path.write_text(
        "block U(width) { conv(width, 3x3) }\nblock V(width) { conv(width + 1, 1x1) }\n"
        f"block B(n, unit) {{ {body} }}\n"
        "model M: [3, 8, 8] -> [_, 8, 8] { B(1, U) -> B(1, V) }\nvariant m = M()\n",
        encoding="utf-8",
    )
    bag = Bag()
    assert driver.emit(str(path), bag) is not None, render_all(bag.items)
    assert len(walks) < 400

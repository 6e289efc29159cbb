"""Specs whose general form takes some thought: what is written runs, and is what was checked."""

from __future__ import annotations

from pathlib import Path

import pytest
from emit_text import compare

from archdsl import driver
from archdsl.diagnostics import Bag
from archdsl.render import render_all

SPECS = {
    "a shared model with side heads": """\
model B(w): [3, 16, 16] -> [4] {
    conv(w, 3x3, stride=2) -> relu
    aux a1: { global_avgpool -> flatten -> linear(4) }
    global_avgpool -> flatten -> fc: linear(4)
}
model V: (x: [3, 16, 16], y: [3, 16, 16]) -> [4] { share bb = B(4); from x -> bb as a; from y -> bb as b; from a + b }
model W: [3, 16, 16] -> [5] { share bb = B(4); bb -> linear(5) }
model X: [3, 16, 16] -> [4] { share bb = B(4); bb }
variant v = V()
variant w = W()
variant x = X()
""",
    "one value where a block takes a list": """\
block Wide in (x[]) -> (y) { from x -> sum as y }
block Each in (x[]) -> (y[]) { for i, part in enumerate(x) { from part -> relu as y[i] } }
model M: [3, 16, 16] -> [4] {
    relu -> Wide -> conv(4, 3x3) -> Wide * 3 -> residual { Wide -> relu } -> Each -> Each * 2 -> Wide
    for i in range(2) { Wide -> conv(4, 3x3) }
    global_avgpool -> flatten
}
variant m = M()
""",
    "a ratio by zero that no use comes to": """\
block Unit(w) { require w > 2: "{1 / 0}"; conv(w, 3x3) -> relu }
model M: [3, 16, 16] -> [4, 16, 16] { Unit(4) }
variant m = M()
""",
    "an init of layers that aren't there": """\
model M: [3, 16, 16] -> [4, 16, 16] { conv(4, 3x3); init { conv, layer_norm: ones } }
variant m = M()
""",
    "a name that is a keyword of torch's, too": """\
model M: [3, 16, 16] -> [3, 16, 16] {
    conv(3, 1x1) as a
    relu as dim
    from a -> concat { relu; conv(3, 1x1) } -> conv(3, 1x1) as up
    from dim
    for k in [1, 2] { conv(3, 1x1) }
    relu as z
    from z + up
}
variant m = M()
""",
    "a dimension that is named and read": """\
model A: [3, side: 32, side] -> [10] {
    conv(8, 3x3) -> relu -> global_maxpool -> flatten -> linear(10)
}
model B: [3, h: 16, 2 * h] -> [8, h, _] { conv(8, 3x3) }
variant a = A()
variant b = B()
""",
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
    "a member of a family that both arms of an if make": """\
block A(w, n, k = 1) {
    split(n) as parts
    for i in range(n - 1) { from parts[i] -> convs[i]: conv(w, 3x3) as ys[i] }
    if k > 1 { from parts[n - 1] -> maxpool(1) as ys[n - 1] } else { from parts[n - 1] as ys[n - 1] }
    from ys -> concat -> conv(w, 1x1)
}
model M: [4, 8, 8] -> [_, 8, 8] { A(1, 4) }
variant m = M()
""",
    "modules at literal indices and in a loop": """\
block A {
    convs[0]: conv(4, 3x3) -> relu
    for i in range(1, 3) { convs[i]: conv(4, 3x3) -> relu }
}
model M: [3, 8, 8] -> [_, 8, 8] { A }
variant m = M()
""",
    "heads at literal indices": """\
model M: [3, 8, 8] -> (a: [5, 8, 8], b: [5, 4, 4]) {
  conv(4, 3x3) as x
  maxpool(2) as y
  from x -> det[0]: conv(5, 1x1) as a
  from y -> det[1]: conv(5, 1x1) as b
}
variant m = M()
""",
    "modules at indices in arms, loops and out of order": """\
block A(n, k) {
    if k { convs[0]: conv(4, 3x3) -> relu } else { convs[0]: conv(5, 3x3) -> relu }
    for i in range(1, n) { convs[i]: conv(4, 3x3) -> relu as ys[i - 1] }
    convs[n]: conv(4, 1x1)
    repeat 2 as j { repeat 2 as k2 { grid[j, k2]: conv(4, 1x1) } }
    from ys -> concat -> heads[1]: conv(3, 1x1) as h
    from ys[0] -> heads[0]: conv(3, 1x1) as g
    from g + h
}
model M: [3, 8, 8] -> [_, 8, 8] { A(3, true) -> A(2, false) }
variant m = M()
""",
    "modules at indices in one arm": """\
block A(n, k) {
    if k { convs[0]: conv(4, 3x3) -> relu }
    for i in range(n) { convs[i + 1]: conv(4, 3x3) -> relu }
    for i in range(n) { convs[i + n + 1]: conv(4, 3x3) -> relu }
    for i in range(n) { for j in range(i) { sq[2 * i + j]: conv(4, 3x3) -> relu }  }
    sq[100]: Sub(4)
}
block Sub(n) { conv(n, 1x1) }
model M: [4, 8, 8] -> [_, 8, 8] { A(3, true) -> A(2, false) }
variant m = M()
""",
    "values of different widths, each made of the one before": """\
block Down(n) {
    conv(4, 1x1) as xs[0]
    for i in range(n) { from xs[i] -> c[i]: conv(8 * (i + 1), 3x3) -> relu as xs[i + 1] }
    from xs -> concat -> conv(3, 1x1)
}
model M(n): [3, 32, 40] -> [3, _, _] { Down(n) }
variant m = M(2)
""",
    "values of widths out of a list, each made of the one before": """\
block Down(ws) {
    conv(4, 1x1) as xs[0]
    for i, w in enumerate(ws) { from xs[i] -> c[i]: conv(w, 3x3) -> bn -> relu as xs[i + 1] }
    from xs[len(ws)] -> conv(3, 1x1)
}
model M(ws): [3, 32, 40] -> [3, _, _] { Down(ws) }
variant m = M([5, 6])
""",
    "a family as a list of results": """\
block Down(n) in (x) -> (xs[]) {
    from x as xs[0]
    for i in range(n) { from xs[i] -> c[i]: conv(4 * 2 ** (i + 1), 3x3, stride=2) -> relu as xs[i + 1] }
}
model M(n): [3, 32, 40] -> [3, _, _] { Down(n) as ys
  from ys[1] -> conv(3, 1x1) }
variant m = M(2)
""",
    "a family as a list of results that is joined": """\
block Down(n) in (x) -> (xs[]) {
    from x as xs[0]
    for i in range(n) { from xs[i] -> c[i]: conv(4 * 2 ** (i + 1), 3x3) -> relu as xs[i + 1] }
}
model M(n): [3, 32, 40] -> [3, _, _] { Down(n) -> concat -> conv(3, 1x1) }
variant m = M(2)
""",
    "all values so far, joined in the loop that makes them": """\
block Dense(g, n) {
    identity as xs[0]
    for i in range(n) { from xs -> concat -> c[i]: conv(g, 3x3) -> relu as xs[i + 1] }
    from xs -> concat
}
model M: [3, 16, 16] -> [_, _, _] { Dense(4, 3) }
variant m = M()
""",
    "side heads of a model with several results": """\
model M(deep = true): [3, 32, 32] -> (a: [5], b: [4, 8, 8]) {
    conv(4, 3x3, stride=2) -> bn -> relu
    if deep { aux h1: { global_avgpool -> flatten -> linear(5) } }
    maxpool(2) as b
    global_avgpool -> flatten -> fc: linear(5) as a
}
variant m = M()
""",
    "a recursive block with two inputs": """\
block Merge(n) in (a, b) -> (o) {
    from a + b -> conv(4, 1x1) as s
    if n > 0 { from (s, a) -> next: Merge(n - 1) as o } else { from s -> relu as o }
}
model M: (a: [4, 8, 8], b: [4, 8, 8]) -> [4, 8, 8] { from (a, b) -> Merge(2) }
variant m = M()
""",
    "a list among several results": """\
block A(w) in (a, xs[], b) -> (c, ys[]) {
    from a + b as c
    for i, x in enumerate(xs) { from x -> cs[i]: conv(w, 3x3) as ys[i] }
}
model M: [4, 8, 8] -> [_, 8, 8] {
    conv(4, 3x3) as a
    from (a, [a, in], a) -> A(4) as (c, ys)
    from (c, ys[0], ys[1]) -> concat
}
variant m = M()
""",
    "values made backwards": """\
block A(ws) {
 for i, w in enumerate(ws) { c[i]: conv(w, 3x3) as m[i] }
 for i in reversed(range(len(ws) - 1)) { from (m[i], m[i + 1]) -> concat -> d[i]: conv(8, 1x1) as q[i] }
 from q -> mean
 }
model M(ws): [4, 8, 8] -> [_, 8, 8] { A(ws) }
variant m = M([4, 8, 5])
""",
    "a comprehension over a family": """\
block A(n) {
    for i in range(n) { c[i]: conv(4, 3x3) as xs[i] }
    from [x for x in xs] -> mean
}
model M: [3, 16, 16] -> [_, _, _] { A(4) }
variant m = M()
""",
    "cells on two streams": """\
block Cell(w) in (p, q) -> (o) {
 from p -> conv(w, 1x1) as s[0]
 from q -> conv(w, 1x1) as s[1]
 for i, src in enumerate([[0, 1], [1, 2], [0, 3]]) { let a, b = src
  from s[a] -> x[i]: conv(w, 3x3) as u
  from s[b] -> y[i]: conv(w, 3x3) as v
  from u + v -> identity as s[i + 2] }
 from s[4] as o
}
model M: [3, 16, 16] -> [_, _, _] { conv(4, 1x1) as a
 from (a, in) -> Cell(4) }
variant m = M()
""",
    "a loop over values": """\
model M: (x: [4, 8, 8], y: [4, 8, 8]) -> [8, 8, 8] {
    for i, v in enumerate([x, y]) { from v -> c[i]: conv(4, 3x3) as es[i] }
    from es -> concat
}
variant m = M()
""",
    "a shared module in a loop over values": """\
model M: (x: [4, 8, 8], y: [4, 8, 8]) -> [8, 8, 8] {
    share enc = conv(4, 3x3)
    for i, v in enumerate([x, y]) { from v -> enc as es[i] }
    from es -> concat
}
variant m = M()
""",
    "a list of values under a name": """\
model M: (x: [4, 8, 8], y: [4, 8, 8]) -> [8, 8, 8] {
    share enc = conv(4, 3x3)
    from [x, y] as vs
    for i in range(2) { from vs[i] -> enc as es[i] }
    from es -> concat
}
variant m = M()
""",
    "branches over a family": """\
model M(k): [3, 24, 24] -> [_, _, _] {
    conv(4, 3x3) as x
    repeat k as i { conv(4, 3x3) as ys[i] }
    from x -> concat { conv(2, 1x1); for y in ys { from y } }
}
variant m = M(2)
""",
    "values and widths side by side": """\
model M: (x: [4, 8, 8], y: [3, 8, 8]) -> [_, 8, 8] {
    for i, v, w in zip([0, 1], [x, y], [4, 5]) { from v -> c[i]: conv(w, 3x3) as zs[i] }
    from [z for z in zs] -> concat
}
variant m = M()
""",
    "loops over values whose stream runs on": """\
model M: (x: [4, 8, 8], y: [4, 8, 8]) -> [_, 8, 8] {
    from x
    for v in [x, y] { conv(4, 3x3) as u
    from u + v }
    for v in reversed([x, y]) { conv(v.channels, 3x3) as u
      from u + v }
}
variant m = M()
""",
    "families and parts in enumerate, reversed and zip": """\
block B(n) {
    from in -> split(n) as ps
    for i, p in enumerate(ps) { from p -> c[i]: conv(4, 3x3) as qs[i] }
    for i, q in enumerate(reversed(qs)) { from q -> d[i]: conv(4, 3x3) as rs[i] }
    for q, r in zip(qs, rs) { from q + r -> e: conv(4, 3x3)
      }
    relu as z; from [q * 2 + z for q in qs] -> concat
}
model M: [8, 8, 8] -> [_, 8, 8] {
 B(2) -> B(4)
}
variant m = M()
""",
    "a mean over a map without its axes": """\
model M: [3, 8, 12] -> [5] { conv(4, 3x3) -> reduce_mean([1, 2], keep=false) -> linear(5) }
variant m = M()
""",
    "a maximum over a map without its axes, in a block": """\
block B(n) { reduce_max([1, 2], keep=false) -> layer_norm -> linear(n) }
model M: [3, 8, 12] -> [5] { conv(4, 3x3) -> B(5) }
variant m = M()
""",
    "comprehensions over lists of values": """\
block Double in (x[]) -> (y) { from [2 * each for each in x] -> sum as y }
block Twice in (x[]) -> (ys[]) { from [2 * each for each in x] as ys }
block Sums in (x[], z[]) -> (y) { from [a + b for a, b in zip(x, z)] -> concat -> conv(16, 1x1) as y }
block Num in (x[]) -> (y) { from [i * each for i, each in enumerate(x)] -> concat as y }
block Own(n) {
  for i in range(n) { c[i]: conv(4, 3x3) as xs[i] }
  let t = sum([v.channels for v in xs])
  from [v * 2 for v in xs] -> concat -> conv(t, 1x1) -> conv(16, 1x1)
}
block Own2(n) {
  for i in range(n) { c[i]: conv(4 * (i + 1), 3x3) as xs[i] }
  from [v * 2 for v in reversed(xs)] -> concat -> conv(16, 1x1)
}
model Net: [16, 32, 32] -> [_, 32, 32] {
    relu as a
    from (in, a) -> Double as b
    from (in, a, b) -> Double as c
    from (a, b) -> Twice as ds
    from ([c, ds[0]], ds) -> Sums as e
    from [e, c] -> Num -> Own(2) -> Own2(3) as g
    from [a, g, c] -> Num
}
variant net = Net()
""",
    "lists in lists of values": """\
block Root(w) in (xs[]) -> (y) { from xs -> concat -> conv(w, 1x1) as y }
block Pass(w) in (x, cs[]) -> (y) { from [x, cs, x] -> Root(w) as y }
model M: [3, 8, 8] -> [_, 8, 8] {
    conv(4, 3x3) as a
    from (a, []) -> Pass(4) as b
    from (b, [a, in]) -> Pass(5)
}
variant m = M()
""",
    "a shared module after widths out of a list": """\
block Tower(widths) {
    share head = conv(4, 3x3)
    for width in widths { from in -> conv(width, 1x1) -> head -> relu }
}
model M: [3, 8, 8] -> [10] {
    Tower([5, 5]) -> Tower([6])
    global_avgpool -> flatten -> linear(10)
}
variant m = M()
""",
    "blocks that are handed to each other": """\
block Inner(width, unit = conv(kernel=1x1)) { unit(width) -> bn }
block Outer(width, unit = Inner) { unit(width) * 2 -> conv(width, 3x3) -> relu }
model M: [3, 16, 16] -> [_, 16, 16] {
    Outer(4, unit=Inner(unit=Outer(unit=conv(kernel=3x3)))) -> Inner(8, unit=Outer) -> Outer(2)
}
variant m = M()
""",
    "shared modules whose first use is in one of several arms": """\
block Before(width, extra) { share q = conv(width, 3x3); if extra { q }; relu -> q }
block Looped(width, extra) {
    share q = conv(width, 3x3)
    if extra { conv(width, 1x1); repeat 2 { q -> relu } } else { conv(width, 1x1) }
    bn -> q
}
block Branch(width, extra) {
    share q = conv(width, 3x3)
    sum {
        if extra { conv(width, 1x1) -> q } else { relu -> conv(width, 1x1) -> q }
        conv(width, 1x1)
    }
}
block Alone(width, extra) { share q = bn; conv(width, 1x1); if extra { q -> relu -> q } }
model M(extra): [3, 16, 16] -> [_, 16, 16] {
    conv(8, 1x1) -> Before(8, extra) -> Looped(4, extra) -> Branch(6, extra) -> Alone(4, extra)
}
variant m = M(true)
variant n = M(false)
""",
    "shared modules that tell their own widths": """\
block Wide(ws) { for w in ws { conv(w, 3x3) -> relu } }
block Twice(ws, deep) {
    share u = Wide(ws)
    conv(8, 1x1)
    if deep { u -> conv(8, 1x1) }
    repeat 2 { u -> conv(8, 3x3) }
    u as a
    relu -> conv(a.channels, 1x1) as b
    from a + b
}
model Body(ws): [3, 16, 16] -> [4] {
    stage first { for w in ws { conv(w, 3x3) } }
    stage second { for w in ws { conv(2 * w, 3x3) -> relu } }
    global_avgpool -> flatten -> linear(4)
}
model Tapped(ws): [3, 16, 16] -> [_, 16, 16] {
    share body = Body(ws) tap (first, second)
    body as (a, b)
    from (a, b) -> concat -> conv(3, 1x1) -> body as (c, d)
    from c + a -> Twice(ws, true) -> Twice([5], false) as e
    from (d, e) -> concat
}
variant tapped = Tapped([4, 8])
variant tapped_more = Tapped([4, 6, 2])
""",
    "a side head that gives what it gets": """\
block Side { }
model M: [3, 16, 16] -> [4] {
    conv(4, 3x3) -> relu
    aux(weight=0.3) side: Side
    relu -> global_avgpool -> flatten
}
variant m = M()
""",
    "a block that uses itself, to which no variant comes": """\
block Tree(width, depth) {
    conv(width, 3x3)
    if depth > 0 { concat { Tree(width + 4, depth - 1); relu } }
}
block Unit(deep = false) { if deep { Tree(8, 2) } else { conv(4, 1x1) } }
model M: [3, 16, 16] -> [_, 16, 16] { Unit }
variant m = M()
""",
}


@pytest.mark.parametrize("name", SPECS)
def test_what_is_written_is_what_was_checked(name: str, tmp_path: Path) -> None:
    compare(SPECS[name], tmp_path)


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


def test_some_of_a_family_is_not_all_of_it(tmp_path: Path) -> None:
    spec = tmp_path / "net.arch"
    spec.write_text("""\
block Add in (ys[]) -> (o) { from ys -> sum as o }
block First in (fs[]) -> (o) { from [fs[0], fs[1]] -> Add as o }
model M: [3, 16, 16] -> [4, 16, 16] {
    for i in range(3) { conv(4, 3x3) as f[i] }
    from [f[0], f[1]] -> Add as a
    from f -> First as b
    from a + b
}
variant m = M()
""")
    bag = Bag()
    emitted = driver.emit(str(spec), bag)
    assert emitted is not None, render_all(bag.items)
    assert "self.add([f[0], f[1]])" in emitted[1]
    assert "self.add([fs[0], fs[1]])" in emitted[1]
    assert "self.first(f)" in emitted[1]


def test_a_step_that_nothing_takes_is_left_out(tmp_path: Path) -> None:
    spec = tmp_path / "net.arch"
    spec.write_text(
        "model M: [3, 8, 8] -> [3, 8, 8] { conv(4, 1x1)\n from in -> relu }\nvariant m = M()\n"
    )
    bag = Bag()
    emitted = driver.emit(str(spec), bag)
    assert emitted is not None
    assert [item.code for item in bag.items] == ["W609"]
    assert "return self.relu(x)" in emitted[1] or "x = self.relu(x)" in emitted[1]
    assert "self.conv(" not in emitted[1]


def test_what_is_written_is_typed_throughout(tmp_path: Path) -> None:
    spec = tmp_path / "net.arch"
    spec.write_text("""\
let CFG = [4, "M", 8]
block Both in (x) -> (a, b) { from x -> conv(4, 3x3) as a; from x -> conv(5, 3x3) as b }
block Chain(w, n) { conv(w, 3x3) -> relu; if n > 0 { rest: Chain(w + 2, n - 1) } }
block Tall(w) { conv(w, 1x1) -> reshape([w, in.height, 8]) }
model M(n): [3, 8, 8] -> [_, _, _] {
    stage body { for v in CFG { if v == "M" { maxpool(1) } else { conv(v, 3x3) } } }
    Chain(4, n) -> Tall(3) -> Both as (p, q)
    from q
}
variant m = M(1)
""")
    bag = Bag()
    emitted = driver.emit(str(spec), bag)
    assert emitted is not None, render_all(bag.items)
    assert 'CFG: Sequence[int | Literal["M"]] = (4, "M", 8)' in emitted[1]
    assert "self.out_channels: int = channels" in emitted[1]
    assert "height = x.shape[-2]\n" in emitted[1]
    assert "_, x = self.both(" in emitted[1]


def test_figures_beyond_floats(tmp_path: Path) -> None:
    spec = tmp_path / "net.arch"
    spec.write_text(
        "model M: [3, 8, 8] -> [_, 8, 8] { conv(10 ** 200, 1x1) -> conv(10 ** 200, 1x1) }\n"
        "variant m = M()\n"
    )
    bag = Bag()
    emitted = driver.emit(str(spec), bag)
    assert emitted is not None, render_all(bag.items)
    assert " G multiply-adds" in emitted[1].replace("\n", " ").replace("    ", "")

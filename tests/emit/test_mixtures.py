"""Specs that mix what the language has: each is written, runs, and computes what was checked."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from emit_text import compare, images, results_of
from executor import Executor

from archdsl import driver
from archdsl.diagnostics import Bag

SPECS = {
    "ops and none in a list": """\
model M(ops): [3, 8, 8] -> [_, _, _] { for op, w in ops { conv(w, 3x3) -> op } }
variant m = M([[bn, 3], [none, 4]])
""",
    "ops, none and functions in a list": """\
model M(ops): [3, 8, 8] -> [_, _, _] { for op in ops { conv(4, 3x3) -> op } }
variant m = M([abs, clamp(low=0), pow(2)])
variant n = M([relu, none, exp, std_conv(4, 3x3), group_norm(2), bn(affine=false)])
""",
    "a list of ops in a container and in families": """\
model M(ops): [3, 8, 8] -> [_, _, _] {
    stage a { for op in ops { conv(4, 3x3) -> op } }
    for i, op in enumerate(ops) { if op != none { c[i]: conv(4, 1x1) -> o[i]: op } }
}
variant m = M([relu, none, abs])
""",
    "an op of a list, with an argument more": """\
block U(act) { conv(4, 3x3) -> act }
model M(ops): [3, 8, 8] -> [_, _, _] { for op in ops { U(op(slope=0.2)) -> U(op) } }
variant m = M([leaky_relu])
""",
    "ops that stride, and others": """\
block U(op) { conv(4, 1x1) -> op }
model M: [3, 8, 8] -> [_, _, _] { U(blurpool) -> U(maxpool(2)) -> U(none) }
variant m = M()
""",
    "functions of ops with arguments, and what a norm takes away": """\
block U(op) { conv(4, 3x3) -> op(8, 1x3) -> bn }
model M: [3, 8, 8] -> [_, _, _] { U(conv) -> U(std_conv) -> U(conv(bias=true)) }
variant m = M()
""",
    "convolutions, pools and none before a norm": """\
block U(op) { conv(4, 3x3) -> op -> bn }
model M: [3, 8, 8] -> [_, _, _] {
    U(conv(8, 3x3)) -> U(maxpool(2)) -> U(none) -> U(conv(4, 5x1, bias=true))
}
variant m = M()
""",
    "a padding that one call gives": """\
block U(op) { conv(4, 3x3) -> op(8, 3x3, pad=1) -> relu -> op(8, 3x3) }
model M: [3, 8, 8] -> [_, _, _] { U(conv) -> U(std_conv) -> U(conv(stride=2)) }
variant m = M()
""",
    "blocks and ops of several widths": """\
block U(a, b) { conv(4, 1x1) -> a -> b }
block B(act = relu) { conv(4, 3x3) -> act }
model M: [3, 8, 8] -> [_, _, _] { U(B, relu) -> U(B(none), B) -> U(none, conv(5, 1x1)) }
variant m = M()
""",
    "blocks and ops in lists, repeated": """\
block B(act = relu, norm = bn) { conv(4, 3x3) -> norm -> act }
block U(blocks, reps) { for b, r in zip(blocks, reps) { b * r } }
model M: [3, 8, 8] -> [_, _, _] { U([B, B(tanh), relu], [1, 2, 1]) -> U([B(norm=none)], [3]) }
variant m = M()
""",
    "blocks of several widths or none": """\
block A { conv(6, 3x3) }
block B(w) { conv(w, 3x3) }
block U(op) { conv(4, 3x3) -> op -> bn }
model M: [3, 8, 8] -> [_, _, _] { U(A) -> U(none) -> U(B(5)) }
variant m = M()
""",
    "blocks that stride, and others, before a linear layer": """\
block D { conv(4, 3x3, stride=2) }
block S { conv(4, 3x3) }
block W(u) { u -> bn -> flatten -> linear(3) }
model M: (a: [4, 8, 8], b: [4, 16, 16]) -> [_] {
    from a -> W(S) as x
    from b -> W(D) as y
    from x + y
}
variant m = M()
""",
    "a block that gets itself": """\
block Plain(width) { conv(width, 3x3) }
block U(width, unit = Plain) { unit(width) -> relu }
model Net(width): [3, 16, 16] -> [_, _, _] { U(16, unit=U) }
variant net = Net(8)
""",
    "none beside a computed default": """\
block B(w, squeeze = w // 4, act = dropout(0.1)) {
    conv(w, 3x3) -> act
    if squeeze != none { conv(squeeze, 1x1) -> conv(w, 1x1) }
}
model M: [3, 8, 8] -> [_, _, _] { B(8) -> B(8, none) -> B(8, 3, none) -> B(4, 2, relu) }
variant m = M()
""",
    "side heads in containers, families and arguments": """\
model B(w): [3, 16, 16] -> [4] {
    conv(w, 3x3, stride=2) -> relu
    aux a1: { global_avgpool -> flatten -> linear(4) }
    global_avgpool -> flatten -> fc: linear(4)
}
block W(net) { net(4) -> linear(3) }
sequence Q { B(5) -> linear(3) }
model V: [3, 16, 16] -> [5] {
    sum { W(B); Q; qq: { B(2) -> linear(3) }; B(2) -> linear(3) } -> linear(5)
}
variant b = B(3)
variant v = V()
""",
    "side heads in a list of models": """\
model B(w): [3, 16, 16] -> [4] {
    conv(w, 3x3, stride=2) -> relu
    aux a1: { global_avgpool -> flatten -> linear(4) }
    global_avgpool -> flatten -> fc: linear(4)
}
model V2(nets): [3, 16, 16] -> [4] { sum { for i, n in enumerate(nets) { x[i]: n } } }
variant b = B(3)
variant v2 = V2([B(2), b, B(5)])
""",
    "side heads of several results in a family": """\
model B(w): [3, 16, 16] -> (s: [4], t: [_, _, _]) {
    conv(w, 3x3, stride=2) -> relu as t
    aux a1: { global_avgpool -> flatten -> linear(4) }
    from t -> global_avgpool -> flatten -> fc: linear(4) as s
}
model V: [3, 16, 16] -> [_] {
    B(4) as (a, b)
    from b -> global_avgpool -> flatten as c
    from (a, c) -> concat
}
model V3: [3, 16, 16] -> [_] {
    share n = B(4)
    n as (a, b)
    from b -> global_avgpool -> flatten as c
    from in * 2 -> n as (a2, b2)
    from (a, c, a2) -> concat
}
variant v = V()
variant v3 = V3()
variant b = B(2)
""",
    "side heads that hang on two conditions": """\
model M(aux1 = true, deep = false): [3, 32, 32] -> (a: [5], b: [4, 8, 8]) {
    conv(4, 3x3, stride=2) -> bn -> relu
    if aux1 {
        aux(weight=0.3) h1: { global_avgpool -> flatten -> linear(5) }
        if deep { conv(4, 3x3) -> relu; aux h2: { global_avgpool -> flatten -> linear(5) } }
    }
    maxpool(2) as b
    global_avgpool -> flatten -> fc: linear(5) as a
}
variant m = M()
variant m2 = M(deep=true)
variant m3 = M(false, true)
""",
    "a class beside the names that side heads take": """\
block E { exp }
block BOutput { relu }
block BMain { relu }
model B(w): [3, 16, 16] -> [4] {
    conv(w, 3x3, stride=2) -> BOutput -> BMain
    aux a1: { global_avgpool -> flatten -> linear(4) }
    global_avgpool -> flatten -> fc: linear(4)
}
model V(B): [3, 16, 16] -> [5] { s: { B(4) -> linear(5) } }
variant b = B(2)
variant v = V(B)
""",
    "a harmonic dense block": """\
fn links(i) = [i - 2 ** k for k in range(0, 8) if i % 2 ** k == 0 and i - 2 ** k >= 0]
block Hard(g, n) {
    identity as xs[0]
    for i in range(1, n + 1) {
        from [xs[j] for j in links(i)] -> concat
            -> c[i - 1]: { conv(g, 3x3) -> bn -> relu6 } as xs[i]
    }
    from [xs[j] for j in range(n + 1) if j == n or j % 2 == 1] -> concat
}
model M: [3, 16, 16] -> [_, _, _] { Hard(4, 4) -> Hard(6, 2) }
variant m = M()
""",
    "widths that are read back in a list": """\
block Cell(n) {
    identity as s[0]
    for i in range(n) { from s[i] -> conv(4, 1x1) -> relu as s[i + 1] }
    from [s[k + 1] for k in range(n)] -> concat
}
model M: [3, 8, 8] -> [_, _, _] { Cell(2) -> Cell(3) }
variant m = M()
""",
    "cells of rows of blocks and indices": """\
block Cell(genes) in (a, b) -> (out) {
    from a -> identity as s[0]
    from b -> identity as s[1]
    for i, g in enumerate(genes) {
        for k, e in enumerate(g) { let op, j = e; from s[j] -> ops[i, k]: op as t[i, k] }
        from t[i, 0] + t[i, 1] as s[i + 2]
    }
    from [s[k + 2] for k in range(len(genes))] -> concat as out
}
block Sk { identity }
block Sep(w, k) { depthwise(k) -> conv(w, 1x1) -> relu }
model M(w): [3, 8, 8] -> [_, _, _] {
    conv(w, 3x3) as x
    from (x, x)
        -> Cell([
            [[Sep(w, 3x3), 0], [Sk, 1]], [[maxpool(3x3, stride=1, pad=1), 2], [Sep(w, 5x5), 0]]
        ])
}
variant m = M(4)
variant n = M(6)
""",
    "computed labels in a merge in a loop": """\
block Cell(genes) in (a, b) -> (out) {
    from a -> identity as s[0]
    from b -> identity as s[1]
    for i, g in enumerate(genes) {
        sum { for op, j in g { from s[j] -> "op_{i}_{j}": op } } as s[i + 2]
    }
    from [s[k + 2] for k in range(len(genes))] -> concat as out
}
block Sk { identity }
block Sep(w, k) { depthwise(k) -> conv(w, 1x1) -> relu }
model M: [3, 8, 8] -> [_, _, _] {
    conv(4, 3x3) as x
    from (x, x)
        -> Cell([
            [[Sep(4, 3x3), 0], [Sk, 1]], [[maxpool(3x3, stride=1, pad=1), 2], [Sep(4, 5x5), 0]]
        ])
}
variant m = M()
""",
    "computed labels beside an if": """\
block A(width, ks, deep = 1) {
    concat {
        for i, k in enumerate(ks) {
            sum {
                repeat deep as j { "b{i}_{j}": conv(width, k) }
                identity -> conv(width, 1x1) -> relu
            }
        }
        if deep > 1 { maxpool(3x3, stride=1, pad=1) } else { avgpool(3x3, stride=1, pad=1) }
    }
}
model M: [3, 20, 28] -> [10] {
    A(4, [3x3, 1x5], deep=2) -> A(6, [3x3, 7x1], deep=2)
    global_avgpool -> flatten -> linear(10)
}
variant m = M()
""",
    "computed labels beside another loop": """\
model Net(width): [3, 16, 16] -> [_, _, _] {
    concat {
        for i in range(2) { "p{i}": { conv(8, 3x3) -> bn } }
        for i in range(2) { conv(8, 1x1) }
    }
}
variant net = Net(8)
""",
    "labels of a list of words": """\
block A(names) {
    concat { for n in names { "br_{n}": conv(4, 3x3) } }
}
model M: [3, 8, 8] -> [_, 8, 8] { A(["x", "y"]) }
variant m = M()
""",
    "steps without a label beside computed ones": """\
model Net(width): [3, 16, 16] -> [_, _, _] { for i in range(2) { "c{i + 1}": conv(8, 3x3) -> bn } }
variant net = Net(8)
""",
    "computed labels from 1 on": """\
model DN(n): [3, 64, 64] -> [5] {
    for i in range(1, n) { "b{i}": conv(8 * (i + 1), 3x3) }
    global_avgpool -> flatten -> fc: linear(5)
}
variant d = DN(4)
""",
    "an outer loop's number in a comprehension": """\
model M: [3, 16, 16] -> [_, _, _] { conv(8, 1x1); split(4) { for i in range(4) { relu } } }
variant m = M()
""",
    "a list through a repeated block": """\
block R in (xs[]) -> (ys[]) { for i in range(len(xs)) { from xs[i] -> relu as ys[i] } }
model M: [3, 16, 16] -> [_, _, _] {
    conv(3, 1x1) as a
    from [in, a] -> R * 2 as (u, v)
    from (u, v) -> concat
}
variant m = M()
""",
    "a list through blocks in loops and arms": """\
block R in (xs[]) -> (ys[]) {
    for i in range(len(xs)) { from xs[len(xs) - 1 - i] -> relu as ys[i] }
}
block A(n) in (xs[]) -> (ys[]) { if n > 1 { R } else { R -> R }; repeat n { R }; identity as ys }
model M(n): [3, 16, 16] -> [_, _, _] {
    conv(4, 3x3) as a
    conv(5, 3x3) as b
    from [a, b]
    repeat n { R -> R }
    if n > 1 { R }
    R
    concat
}
variant m = M(2)
variant m2 = M(1)
""",
    "lists of several lengths through blocks": """\
block R in (xs[]) -> (ys[]) {
    for i in range(len(xs)) { from xs[len(xs) - 1 - i] -> relu as ys[i] }
}
block P(ws) in (xs[]) -> (ys[]) {
    for i, w in enumerate(ws) { from xs[i] -> p[i]: conv(w, 1x1) as ys[i] }
}
model M(ws): [3, 16, 16] -> [_, _, _] {
    for i, w in enumerate(ws) { conv(w, 3x3, stride=2) as f[i] }
    from f -> P(ws) -> R * 2 -> R as g
    for i in range(len(ws)) { from g[i] -> resize(like=f[0]) as h[i] }
    from h -> concat
}
variant m = M([4, 6])
variant n = M([4, 6, 8])
""",
    "rows of values taken apart": """\
block Dec(w) in (a[], b[]) -> (o) {
    for i, p in enumerate(zip(a, b)) {
        let x, y = p
        from x + y -> c[i]: conv(w, 3x3) -> relu as t[i]
    }
    from t -> concat as o
}
model M: [3, 16, 16] -> [_, _, _] {
    conv(4, 3x3) as a
    conv(4, 3x3) as b
    from ([a, b], [b, a]) -> Dec(4)
}
variant m = M()
""",
    "rows of values and numbers": """\
block Dec(ws) in (a[]) -> (o) {
    for p in zip(a, ws) { let x, w = p; from x -> c[w]: conv(w, 3x3) -> relu as t[w] }
    for i, p in enumerate(zip(a, ws)) { from p[0] -> d[i]: conv(p[1], 3x3) as u[i] }
    from u -> concat as o
}
model M: [3, 16, 16] -> [_, _, _] {
    conv(4, 3x3) as a
    conv(5, 3x3) as b
    from [a, b] -> Dec([2, 4]) -> relu
}
variant m = M()
""",
    "rows of values gone through backwards": """\
block Dec(w) in (a[], b[]) -> (o) {
    for p in reversed(zip(a, b)) { let x, y = p; from x + y -> conv(w, 3x3) -> relu }
    identity as o
}
model M: [3, 16, 16] -> [_, _, _] {
    conv(4, 3x3) as a
    conv(4, 3x3) as b
    from ([a, b], [b, a]) -> Dec(4)
}
variant m = M()
""",
    "slices of a list": """\
block R in (xs[]) -> (o) {
    from xs[1:] -> concat -> conv(4, 1x1) as a
    from xs[0] -> conv(4, 1x1) as b
    from a + b as o
}
model M: [3, 16, 16] -> [_, _, _] {
    conv(4, 3x3) as a
    conv(5, 3x3) as b
    from [a, b, in] -> R as u
    from [a, b, in][:2] -> R as v
    from u + v
}
variant m = M()
""",
    "a loop over a slice": """\
block R in (xs[]) -> (o) {
    for i, x in enumerate(xs[1:]) { from x -> c[i]: conv(4, 3x3) as t[i] }
    from t -> sum as o
}
model M: [3, 16, 16] -> [_, _, _] {
    conv(4, 3x3) as a
    conv(5, 3x3) as b
    from [a, b, in] -> R as u
    from [in, a, b] -> R as v
    from u + v
}
variant m = M()
""",
    "slices of families": """\
block D(n, ws) {
    for i in range(n) { conv(ws[i], 3x3) as xs[i] }
    from xs[1:] -> concat -> conv(3, 1x1) as y
    for x in xs[:-1] { from x -> conv(3, 1x1) as z }
    from xs[:2] -> concat -> conv(3, 1x1) as v
    from y + v
}
model M: [3, 16, 16] -> [_, _, _] { D(2, [4, 5]) -> D(4, [4, 5, 6, 7]) }
variant m = M()
""",
    "slices while a family grows": """\
block D(n) {
    identity as xs[0]
    for i in range(n) { from xs[-1:] -> concat -> c[i]: conv(4, 3x3) as xs[i + 1] }
    from xs[1:n + 1] -> concat
}
model M: [3, 16, 16] -> [_, _, _] { D(2) -> D(4) }
variant m = M()
""",
    "a loop of branches on parts": """\
model M: [3, 16, 16] -> [_, _, _] { conv(8, 1x1); split(4) { for i in range(4) { conv(3, 1x1) } } }
variant m = M()
""",
    "branches and loops on parts": """\
block A(n, deep) {
    split(n) { relu; for i in range(n - 2) { conv(3, 1x1) }; if deep { tanh } else { sigmoid } }
}
model M: [4, 16, 16] -> [_, _, _] { A(2, true) -> conv(8, 1x1) -> A(4, false) }
variant m = M()
""",
    "branches of two in a loop on parts": """\
block A(n) { split(2 * n) { for i in range(n) { relu; conv(3, 1x1) } } }
model M: [4, 16, 16] -> [_, _, _] { A(2) -> conv(4, 1x1) -> A(1) }
variant m = M()
""",
    "labelled branches of two on parts": """\
block A(n) { split(2 * n) { for i in range(n) { relu; "c{i}": conv(3, 1x1) } } }
model M: [4, 16, 16] -> [_, _, _] { A(2) -> conv(4, 1x1) }
variant m = M()
""",
    "a family backwards": """\
model M: [3, 16, 16] -> [_, _, _] {
    for i in range(2) { cs[i]: conv(8, 1x1) -> relu as xs[i + 1] }
    from [y for y in reversed(xs)] -> concat
}
variant m = M()
""",
    "blocks that ignore what they are given": """\
block A(width, stride = 1) { conv(width, 3x3, stride=stride) }
block B(width, stride = 1) { identity }
model S(op): [16, 32, 32] -> [16, 32, 32] { op(16, stride=1) -> conv(16, 3x3) }
variant a = S(A)
variant b = S(B)
""",
    "a block in a part of itself": """\
block C(w) { conv(w, 1x1) }
block A(w, inner) { inner(w) -> relu }
model M(u): [3, 8, 8] -> [_, _, _] { A(4, u) }
variant a = M(C)
variant b = M(A(inner=C))
""",
    "several widths that only the constructor knows": """\
block Cell(n, w) in (a, b) -> (b, out) {
    from a -> conv(w, 1x1) as s[0]
    from b -> conv(w, 1x1) as s[1]
    for i in range(n) {
        from s[i] + s[i + 1] -> c[i]: conv(w + i, 1x1) -> d[i]: conv(w, 1x1) as s[i + 2]
    }
    from [s[k + 2] for k in range(n)] -> concat as out
}
block Grow(n) in (a, b) -> (b, out) {
    from a as s[0]
    for i in range(n) { from s[i] -> c[i]: conv(2 * (i + 1), 1x1) as s[i + 1] }
    from (b, s[n]) -> concat as out
}
model M(n): [3, 8, 8] -> [_, _, _] {
    conv(4, 1x1) as x
    from (x, x) -> Cell(2, 4) * n -> Grow(2) -> Grow(n) as (p, q)
    from (p, q) -> concat -> conv(3, 1x1)
}
variant m = M(2)
variant m2 = M(3)
""",
    "blocks of two results and other widths": """\
block A(w) in (a, b) -> (b, out) { from a -> conv(w, 1x1) as out }
block B(w) in (a, b) -> (b, out) { from b -> conv(2 * w, 1x1) as out }
model M(c): [3, 8, 8] -> [_, _, _] {
    conv(4, 1x1) as x
    from (x, x) -> c(5) -> c(6) as (p, q)
    from (p, q) -> concat -> conv(3, 1x1)
}
variant m = M(A)
variant m2 = M(B)
""",
    "a stride for each run, and a projection": """\
block B(w, strides) {
    residual { for i, s in enumerate(strides) { c[i]: conv(w, 3x3, stride=s) -> bn } } skip identity else {
        for s in strides { conv(w, 1x1, stride=s) }
    }
}
model S: [3, 16, 16] -> [_, _, _] {
    B(4, [2, 1]) -> B(4, [1, 1]) -> B(4, [2, 2]) -> B(5, [1, 1, 1])
}
variant a = S()
""",
    "a stride in each run of a repeat": """\
block B(w, n, s) {
    residual { repeat n { conv(w, 3x3, stride=s) -> bn } } skip identity else {
        repeat n { conv(w, 1x1, stride=s) }
    }
}
model S: [3, 16, 16] -> [_, _, _] { B(4, 2, 2) -> B(4, 3, 1) -> B(4, 1, 2) -> B(5, 2, 1) }
variant a = S()
""",
    "strides of a block with a loop": """\
block C(w, strides) { for s in strides { conv(w, 3x3, stride=s) -> bn } }
block B(w, strides) {
    residual { conv(w, 1x1) -> C(w, strides) } skip identity else {
        for s in strides { conv(w, 1x1, stride=s) }
    }
}
model S: [3, 16, 16] -> [_, _, _] {
    B(4, [2, 1]) -> B(4, [1, 1]) -> B(4, [2, 2]) -> B(5, [1, 1, 1])
}
variant a = S()
""",
    "heads on maps of several sizes": """\
block Heads(anchors) in (maps[]) -> (boxes) {
    for i, n in enumerate(anchors) { from maps[i] -> box[i]: conv(4 * n, 3x3) -> flatten as b[i] }
    from b -> concat as boxes
}
model S: [3, 16, 16] -> [_] {
    conv(4, 3x3) as a
    conv(4, 3x3, stride=2) as b
    from [a, b] -> Heads([2, 3])
}
variant a = S()
""",
    "a width beside the map's": """\
block At {
    let n = in.height * in.width
    const pos [n] = 1
    from in -> reshape([in.channels, n]) as q
    from q * pos -> reshape([in.channels, in.height, in.width])
}
block Tr(width, stride = 1) { maxpool(stride) -> At -> conv(width, 1x1) }
model S: [3, 16, 16] -> [_, _, _] { Tr(8) -> Tr(4, 2) }
variant a = S()
""",
    "a list made of itself, from both ends": """\
block Pyr(width, levels) in (xs[]) -> (ys[]) {
    from xs[levels - 1] as td[levels - 1]
    for i in reversed(range(levels - 1)) {
        from td[i + 1] -> upsample(2) as up
        from (xs[i], up) -> concat -> down[i]: conv(width, 1x1) as td[i]
    }
    from td[0] as ys[0]
    for i in range(1, levels) {
        from ys[i - 1] -> maxpool(2) as low
        from (xs[i], td[i], low) -> concat -> up[i]: conv(width, 1x1) as ys[i]
    }
}
model S(n): [3, 16, 16] -> [_, _, _] {
    for i in range(3) { conv(4 + i, 3x3, stride=2) as fs[i] }
    from fs -> Pyr(5, 3) * n as ps
    from ps[0] -> conv(3, 1x1)
}
variant a = S(1)
variant b = S(2)
""",
    "a residual with a scale and no skip": """\
block U(w, s) {
    residual(scale=0.1) { conv(w, 3x3) } skip none
    residual(scale=0.2) { conv(w, 3x3) } skip identity if s > 1
    residual(scale=0.3) { conv(w, 3x3, stride=2) } skip { conv(w, 1x1, stride=2) } if s > 1
}
model M: [4, 8, 8] -> [_, _, _] { U(4, 1) -> U(4, 2) }
variant m = M()
""",
}


@pytest.mark.parametrize("name", SPECS)
def test_what_is_written_computes_what_was_checked(name: str, tmp_path: Path) -> None:
    module = compare(SPECS[name], tmp_path)
    checked = driver.check(str(tmp_path / "spec.arch"), Bag())
    assert checked is not None
    for design in checked.designs:
        torch.manual_seed(0)
        model = getattr(module, design.name)().eval()
        inputs = images(design, 2)
        with torch.no_grad():
            expected = Executor(design, model).run(inputs)
            found = results_of(model(*inputs))
        assert len(found) == len(expected)
        for one, other in zip(found, expected, strict=True):
            assert torch.allclose(one, other, rtol=1e-4, atol=1e-5)

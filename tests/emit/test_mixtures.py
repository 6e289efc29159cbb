"""Specs that mix what the language has: each is written, runs, and computes what was checked."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from emit_text import compare, emitted, images, results_of
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
    "a height and a width by name, for `forward`": """\
fn sides(h, w) = [h * 2, w + 1]
block A(dim) {
    let n = in.height * in.width
    conv(dim, 1x1) -> reshape([dim, n]) -> reshape([2 * dim, n // 2])
    reshape([dim, in.height, in.width])
}
block S(w) {
    let h, side = sides(in.height, in.width)
    resize(size(h, side)) -> conv(w, 1x1)
}
model M: [3, 6, 4] -> [_, _, _] { A(4) -> S(5) -> A(2) -> resize(9) }
variant m = M()
""",
    "sizes of the members of a list": """\
block A(dim) in (xs[]) -> (y) {
    let n = xs[0].height * xs[0].width
    from xs[0] -> conv(dim, 1x1) -> reshape([dim, n])
    reshape([dim, xs[0].height, xs[0].width]) -> resize(size(xs[1].height, 7)) as y
}
model M: [3, 6, 4] -> [_, _, _] {
    conv(8, 1x1) as a
    conv(9, 1x1, stride=2) as b
    from [a, b] -> A(4)
}
variant m = M()
""",
    "a square size of the input's sides": """\
block S(w) { resize(size(in.height * 2, in.width * 2)) -> conv(w, 1x1) }
model M: [3, 8, 8] -> [_, _, _] { S(4) -> S(2) }
variant m = M()
""",
    "a recursive block that gives a list": """\
block Fr(n, w) in (x) -> (ys[]) {
    from x -> c: conv(w, 3x3) -> relu as ys[0]
    if n > 1 {
        from x -> first: Fr(n - 1, w) as a
        from a -> mean -> second: Fr(n - 1, w) as b
        for i in range(n - 1) { from b[i] as ys[i + 1] }
    }
}
model M(n): [3, 8, 8] -> [_, _, _] { Fr(n, 4) -> mean }
variant m = M(3)
variant one = M(1)
""",
    "a recursive block that gives two values": """\
block Two(n, w) in (x) -> (y, z) {
    from x -> c: conv(w, 3x3) -> relu as y
    if n > 1 {
        from x -> first: Two(n - 1, w) as (a, b)
        from a + b -> relu as z
    } else {
        from x -> d: conv(w, 3x3) as z
    }
}
model M(n): [3, 8, 8] -> [_, _, _] { Two(n, 4) -> sum }
variant m = M(3)
variant one = M(1)
""",
    "recursive blocks that grow": """\
block Chain(w, n) { conv(w, 3x3) -> relu; if n > 0 { rest: Chain(w + 2, n - 1) } }
block Tree(w, n) {
    if n > 0 { concat { Tree(w, n - 1); Tree(w * 2, n - 1) } } else { conv(w, 3x3) -> relu }
}
block Listed(ws) { conv(ws[0], 3x3) -> relu; if len(ws) > 1 { rest: Listed(ws[1:]) } }
model M(n): [3, 8, 8] -> [_, _, _] {
    Chain(4, n) -> Tree(2, n) -> Listed([3, 5, 7]) -> conv(2, 1x1)
}
variant m = M(2)
variant none_ = M(0)
""",
    "recursive blocks that shrink the map": """\
block Down(w, n) { conv(w, 3x3, stride=2); if n > 0 { rest: Down(w, n - 1) } }
model M(n): [3, 16, 16] -> [_, _, _] { residual { Down(4, n) } skip { conv(4, 1x1, stride=2 ** (n + 1)) } }
variant m = M(2)
variant none_ = M(0)
""",
    "blocks that use each other": """\
block A(w, n) { conv(w, 3x3) -> relu; if n > 0 { rest: B(w + 1, n - 1) } }
block B(w, n) { conv(w, 1x1) -> relu; if n > 0 { rest: A(w + 2, n - 1) } }
block C(w, n) { conv(w, 3x3); if n > 0 { rest: D(w, n - 1) } }
block D(w, n) { conv(w, 1x1); if n > 0 { rest: C(w, n - 1) } }
model M(n): [3, 8, 8] -> [_, _, _] { A(4, n) -> D(3, n) -> B(2, n) -> conv(2, 1x1) }
variant m = M(3)
variant none_ = M(0)
""",
    "a merge that nothing takes, on a module that others use": """\
block B(w) {
    conv(w, 1x1) -> bn as q
    sum { from q -> relu; { from q -> bn } }
    from q -> relu as z
    from z + q
}
model M: [3, 8, 8] -> [_, _, _] { B(4) -> B(5) }
variant m = M()
""",
    "labels of one arm, counted by an argument": """\
model M(n, g): [3, 8, 8] -> [_, _, _] {
    for i in range(n) {
        if i % g == 0 { stage "g{i // g}" { conv(4, 3x3) -> relu } } else { "x{i}": conv(5, 1x1) }
    }
    sum { for i in range(n) { if i % g == 0 { "m{i // g}": conv(4, 3x3) } else { conv(4, 1x1) } } }
}
variant m = M(4, 2)
variant again = M(4, 2)
""",
    "`in` of a block whose input has a name": """\
block H(w) in (x) { residual { conv(w, 1x1) -> conv(in.channels, 1x1) } }
block G in (low) -> (y) { conv(in.channels, 1x1) as y }
block K(w) in (x) { conv(in.channels, 1x1) as y; from y + in -> conv(w, 1x1) }
model M: [3, 8, 8] -> [_, _, _] { H(4) -> G -> K(3) }
variant m = M()
""",
    "a block whose first argument is bound": """\
block R(n, w) { conv(w * n, 3x3) -> conv(w, 1x1) }
block T(n, k, w) { conv(w * n, k) -> conv(w, 1x1) }
block P(f) { from in -> f(in.channels) }
block Q(f, g) { f(2, 5) -> g(3) }
model M: [3, 8, 8] -> [_, _, _] {
    P(R(1)) -> P(T(2, 3x3)) -> Q(T(w=3), T(1, 1x3)) -> Q(T(w=4), R(2))
}
variant m = M()
""",
    "a sum of what may be one value, and work in place": """\
block S(w, n) {
    identity as xs[0]
    for i in range(n) {
        sum {
            for j in range(i + 1) {
                if j == i { from xs[j] } else { from xs[j] -> cs[i, j]: conv(w, 3x3) }
            }
        }
        relu as xs[i + 1]
    }
    from xs -> concat
}
block T(w, n) {
    for i in range(n) { from in -> conv(w, 3x3) as xs[i] }
    from xs -> sum -> relu as y
    from xs[0] + y
}
model M: [3, 8, 8] -> [_, _, _] { conv(4, 1x1) -> S(4, 3) -> conv(4, 1x1) -> T(4, 1) -> T(4, 2) }
variant m = M()
""",
    "the taps of a shared model": """\
model Enc(w): [3, 16, 16] -> [_, _, _] {
    for i in range(3) { stage "s{i}" { conv(w + i, 3x3, stride=2) -> relu } }
    conv(2, 1x1)
}
model Twins(w): (a: [3, 16, 16], b: [3, 16, 16]) -> (near: [_, _, _], far: [_, _, _]) {
    share enc = Enc(w) tap (s0, s2)
    from a -> enc as (a0, a2)
    from b -> enc as (b0, b2)
    from a0 - b0 as near
    from a2 * b2 as far
}
variant four = Twins(4)
""",
    "one tap of a shared model, used twice": """\
model A(w): [3, 32, 32] -> [4, _, _] {
    stage low { conv(w, 3x3, stride=2) -> relu }
    stage high { conv(4, 3x3, stride=2) -> relu }
}
variant a = A(8)
model B: [3, 32, 32] -> [_, _, _] {
    share enc = a(w=3) tap (low)
    enc -> enc -> conv(4, 3x3)
}
variant b = B()
""",
    "one input with a name is `in`, too": """\
block Gate(r) in (maps) {
    mul { identity; global_avgpool -> conv(in.channels // r, 1x1) -> relu -> conv(maps.channels, 1x1) }
}
block Both(w) in (x) -> (y, z) {
    let n = in.channels * w
    param k [in.channels, 1, 1] = 1
    const grid [1, in.height, in.width] = 0.5
    conv(n, 1x1) -> relu as y
    from in * k + x + grid -> reshape([in.channels, in.height * in.width]) -> flatten -> linear(4) as z
}
block Hour(n, w) in (x) -> (y) {
    residual {
        conv(w, 1x1) -> relu
        if n > 0 { maxpool(2) -> Hour(n - 1, w) -> upsample(2) }
        conv(in.channels, 1x1)
    } as y
}
block Mix(w) in (xs[]) { let n = len(in); from in -> concat -> conv(w * n, 1x1) }
model M: (img: [3, 8, 8]) -> (maps: [_, _, _], kinds: [_]) {
    conv(4, 3x3) -> Gate(2) -> Hour(2, 6) -> Both(2) as (a, kinds)
    from a -> conv(in.channels, 1x1) -> relu as q
    from [in, q + in * img] -> Mix(3) as maps
}
variant m = M()
""",
    "functions that choose among ops and blocks": """\
fn pick(c, a, b) = a if c else b
block P(w) { conv(w, 3x3) -> relu }
block Q(w, k = 3) { conv(w, k) -> bn }
block X(w, f) { conv(w, 3x3) -> f }
model M(fancy): [3, 8, 8] -> [_, _, _] {
    let f = pick(fancy, silu, relu)
    let u = pick(fancy, P, Q(k=5))
    X(4, f) -> u(4) -> X(5, pick(not fancy, silu, none)) -> f -> u(6)
}
variant m = M(true)
variant n = M(false)
""",
    "a cell of ops and blocks, in a family that is summed": """\
block Cell(ops) {
    for i, op in enumerate(ops) { from in -> op as hs[i] }
    from hs -> sum
}
block SepC(w, k = 3) { depthwise(k) -> conv(w, 1x1) -> bn }
model M(w): [3, 8, 8] -> [_, _, _] {
    conv(w, 1x1) -> Cell([conv(w, 3x3), identity, maxpool(3x3, stride=1, pad=1), SepC(w, k=5)])
    Cell([SepC(w + 1), SepC(w + 1, k=5)]) -> Cell([none, SepC(5)])
}
variant m = M(4)
""",
    "a cell of blocks that get a width": """\
block Cell(ops, w) {
    for i, op in enumerate(ops) { from in -> op(w) as hs[i] }
    from hs -> concat
}
block SepC(w, k = 3) { depthwise(k) -> conv(w, 1x1) -> bn }
block Id(w) { identity }
model M(w): [3, 8, 8] -> [_, _, _] {
    conv(w, 1x1) -> Cell([SepC, Id, SepC(k=5), conv(kernel=3x3)], w + 1) -> Cell([SepC, Id], w)
}
variant m = M(4)
""",
    "branches of ops, in loops": """\
block Cell(ops) { sum { for op in ops { op } } }
block Deep(ops, n) { for i in range(n) { concat { for op in ops { op }; identity } } }
block Apart(ops, n) {
    for i in range(n) {
        identity as a
        for j, op in enumerate(ops) { from a -> op as hs[i, j] }
        from a -> concat { identity; for op in ops { op -> relu } }
    }
}
block SepC(w, k = 3) { depthwise(k) -> conv(w, 1x1) -> bn }
model M(w): [3, 8, 8] -> [_, _, _] {
    conv(w, 1x1) -> Deep([conv(w, 3x3), identity, SepC(w, k=5)], 2) -> Cell([SepC(w)])
    Cell([identity, maxpool(3x3, stride=1, pad=1), SepC(w, k=5)])
    Apart([conv(w, 3x3), identity, SepC(w)], 2) -> conv(2, 1x1)
}
variant m = M(4)
""",
    "widths that grow in a loop, and are joined after it": """\
block S(w, n) {
    for i in range(n) {
        concat { identity; for j in range(i) { conv(w, 3x3) } }
        relu as ys[i]
    }
    from ys -> concat
}
block Cat(w) { concat { identity; conv(w, 3x3) } }
block T(w, n) {
    for i in range(n) {
        Cat(w)
        relu as ys[i]
    }
    from ys -> concat
}
model M: [3, 8, 8] -> [_, _, _] { S(4, 3) -> T(2, 2) -> conv(2, 1x1) }
variant m = M()
""",
    "a split by a list that is an argument": """\
block A(ws) {
    split(ws) as (a, b)
    from b -> conv(b.channels, 3x3) as b2
    from (b2, a) -> concat
}
block B(ws) { split(ws) { conv(4, 1x1); conv(5, 1x1) } }
block C(ws) {
    split(ws) as parts
    for i, p in enumerate(parts) { from p -> cs[i]: conv(p.channels + 1, 3x3) as o[i] }
    from o -> concat
}
block D(ws) { split(ws) { for i in range(len(ws)) { conv(ws[i] + 1, 1x1) } } }
block E(ws) {
    split([w * 2 for w in ws[1:]]) as (a, b)
    from (b, a) -> concat
}
model M(ws): [3, 8, 8] -> [_, _, _] {
    conv(sum(ws), 1x1) -> A(ws) -> B(ws) -> conv(sum(ws), 1x1) -> C(ws) -> conv(4, 1x1)
    D([1, 2, 1]) -> conv(6, 1x1) -> E([5, 1, 2])
}
variant m = M([2, 3])
variant n = M([4, 1])
""",
    "an exchange of maps of several sizes": """\
block HR(w) in (xs[]) -> (ys[]) {
    for i in range(len(xs)) {
        sum {
            for j in range(len(xs)) {
                if j == i { from xs[j] }
                else { if j > i {
                    from xs[j] -> ups[i, j]: conv(w * 2 ** i, 1x1) -> upsample(2 ** (j - i))
                } else {
                    from xs[j] -> downs[i, j]: conv(w * 2 ** i, 3x3, stride=2 ** (i - j))
                } }
            }
        }
        relu as ys[i]
    }
}
model M(n): [3, 8, 8] -> [_, _, _] {
    conv(4, 3x3) as a
    conv(8, 3x3, stride=2) as b
    conv(16, 3x3, stride=2) as c
    from [a, b] -> HR(4) as (p, q)
    from [p, q, c] -> HR(4) * n as (x, y, z)
    from y -> upsample(2) as u
    from z -> upsample(4) as v
    from (x, u, v) -> concat
}
variant m = M(2)
""",
    "what a loop over values makes is as wide as they are": """\
block B(w, n) {
    for i in range(n) { convs[i]: conv(w + i, 3x3) as c[i] }
    for i in range(n) { ds[i]: conv(w + i, 3x3) as d[i] }
    for i, x, y in zip(range(n), c, d) { from (x, y) -> concat as e[i] }
    from e -> concat
}
block C in (xs[]) { concat { for x in xs { from x -> conv(x.channels + 1, 3x3) } } }
block D in (xs[]) { sum { for x in xs { from x } } }
model M(ws): [3, 8, 8] -> [_, _, _] {
    B(4, 2) -> B(3, 3)
    for i, w in enumerate(ws) { from in -> c[i]: conv(w, 3x3) as cs[i] }
    from cs -> C -> conv(5, 1x1) as a
    from [a, a, in] -> C -> conv(5, 1x1) as b
    from [a, b] -> D -> conv(2, 1x1)
}
variant m = M([2, 3])
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


def test_widths_that_no_one_asks_for_are_not_kept(tmp_path: Path) -> None:
    spec = """\
block Id { identity }
block Wide(w) { conv(w, 1x1) }
model M(ops): [4, 8, 8] -> [_, _, _] { sum { for op in ops { op } } }
variant m = M([Id, Wide(4)])
variant n = M([Wide(6), Wide(6)])
"""
    compare(spec, tmp_path)
    text = emitted(str(tmp_path / "spec.arch")).text
    assert "_channels: list" not in text and ".append(channels)" not in text


def test_a_height_that_only_forward_reads_follows_the_input(tmp_path: Path) -> None:
    spec = """\
block A(dim) {
    let n = in.height * in.width
    let most = n - 1
    conv(dim, 1x1) -> reshape([dim, n]) -> reshape([dim, most + 1])
    reshape([dim, in.height, in.width])
}
model M: [3, 6, 4] -> [_, _, _] { conv(8, 1x1) -> A(4) }
variant m = M()
"""
    module = compare(spec, tmp_path)
    assert module.m()(torch.zeros(2, 3, 24, 40)).shape == (2, 4, 24, 40)

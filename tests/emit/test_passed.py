"""What is passed as an argument: blocks and ops with a part of theirs, in lists, models, layers."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from emit_text import compare, emitted, module_of
from torch import nn

SEP = "block Sep(w, k = 3x3) { conv(w, k) }\nblock Oth(w, k = 1) { conv(w, k) -> relu }\n"
SPECS = {
    "a part of an argument's arguments": """\
block Wrap(unit, width) { unit(width) }
block Outer(unit, width) { Wrap(unit(k=5), width) -> Wrap(unit, width); let f = unit(k=3); f(width) }
block Act(act) { conv(4, 1x1) -> act }
block Acts(act) { Act(act(slope=0.3)) -> Act(act) }
model M(u): [3, 8, 8] -> [8, 8, 8] { Wrap(u(k=1x3), 8) -> Outer(u, 4) -> Acts(leaky_relu) -> conv(8, 1x1) }
variant m = M(Sep)
""",
    "ops and blocks in rows": """\
block Row(width, act) { conv(width, 3x3) -> act }
let T = [[4, relu], [8, hardswish], [8, none]]
let OPS = [[Sep, 1], [Oth, 2]]
block Cells(ops) { for row in ops { let op, n = row; op(4 * n) } }
model M: [3, 8, 8] -> [_, 8, 8] {
    for i, row in enumerate(T) { Row(row[0], row[1]) }
    for row in T { let w, act = row; Row(w, act) }
    for op, n in OPS { op(4 * n) }
    Cells([[Sep, 1], [Oth, 2]])
}
variant m = M()
""",
    "a block chosen by a condition": """\
block U(unit, c, w) { let f = unit if c else Oth; f(w) -> f(2 * w) }
model M: [3, 8, 8] -> [_, _, _] { U(Sep, true, 3) -> U(Sep, false, 4) }
variant m = M()
""",
    "models as arguments": """\
model A(w): [3, 16, 16] -> [w] { conv(w, 3x3) -> relu -> global_avgpool -> flatten }
block C(w) { conv(w, 1x1) -> relu -> global_avgpool -> flatten }
model B(bb): [3, 16, 16] -> [5] { features: bb(8) -> fc: linear(5) }
block Two(body) { body(4) -> linear(5) }
model D: [3, 16, 16] -> [5] { from in -> Two(A) as a; from in -> Two(C) as b; from a + b }
variant b = B(A)
variant d = D()
""",
    "a convolution whose kernel is oblong somewhere": """\
block T(f) { f(8) }
model M(k = 5x5): [3, 16, 16] -> [_, _, _] {
    T(conv(kernel=k, bias=false)) -> T(conv(kernel=3, groups=4))
}
variant m = M()
variant n = M(1x3)
""",
    "lists that Python has as iterators": """\
block D(ws) { let b = [1, 2] + ws; conv(sum(b), 1x1); for w in ws + [2] { conv(w, 1x1) } }
block E(ws, ks) {
    let pairs = zip(ws, ks)
    for i, w in reversed(enumerate(ws)) { c[i]: conv(w, 3x3) -> relu }
    conv(len(pairs), 1x1)
    for w, k in pairs[1:] { conv(w * k, 1x1) }
    for w, k in reversed(zip(ws, ks)) { conv(w * k, 1x1) }
    conv(enumerate(ws)[1][1] + len(enumerate(ws)), 1x1)
}
model M(ws): [1, 8, 8] -> [_, 8, 8] { D(ws) -> E(ws, [1, 2]) }
variant m = M([4, 8])
""",
    "a default of none that is counted with": """\
block D(f = none) { if f == none { conv(4, 1x1) } else { conv(int(f * 4), 1x1) } }
model M: [1, 8, 8] -> [_, 8, 8] { D -> D(1.5) }
variant m = M()
""",
    "a condition of a comprehension in a function": """\
fn links(i) = [i - 2 ** k for k in range(0, 4) if i % (2 ** k) == 0 and i - 2 ** k >= 0]
block Hard(g, n) {
    conv(g, 1x1) as xs[0]
    for i in range(1, n + 1) {
        from [xs[j] for j in links(i)] -> concat -> c[i - 1]: conv(g, 3x3) as xs[i]
    }
    from xs[n]
}
model M: [3, 16, 16] -> [_, _, _] { Hard(4, 4) }
variant m = M()
""",
    "computed labels in loops of branches": """\
block A(ws) {
    concat {
        for i in range(2) { for j in range(2) { "b{i}_{j}": conv(4, 3x3) } }
        for i, w in enumerate(ws) { "c{i}": conv(w, 3x3) }
    }
}
model M: [3, 20, 28] -> [_, _, _] { A([1, 2]) }
variant m = M()
""",
    "repeated steps on two streams in a loop": """\
block Two(w) in (a, b) -> (c, d) { from a -> conv(w, 3x3) as c; from b -> conv(w, 3x3) as d }
model M: [3, 8, 8] -> [_, 8, 8] {
    conv(4, 3x3) as x
    from (x, x)
    for i, n in enumerate([2, 3]) { dp1: Two(4 * (i + 1)) -> dp2: Two(4) * (n - 1) }
    concat
}
variant m = M()
""",
    "members of either arm, and sizes beside numbers": """\
block A(n, w, k) {
    for i in range(n) { if i % 2 == 0 { conv(w, 3x3) as xs[i] } else { conv(k, 1x1) as xs[i] } }
    from xs -> concat -> conv(4, 1x1)
}
block U(kernels) { for k in kernels { conv(4, k) } }
model M: [3, 8, 8] -> [_, 8, 8] { A(3, 4, 5) -> A(2, 3, 6) -> U([9, 1x3]) }
variant m = M()
""",
    "ops whose held arguments stand behind the input's channels": """\
block Unit(op) { op -> conv(16, 1x1) }
model M: [3, 8, 8] -> [16, 8, 8] { Unit(conv(8, 3x3)) -> Unit(conv(8, 5x5)) }
variant m = M()
""",
    "an arm that would never end": """\
block B(n) { if n > 1 { conv(2 ** 10 ** 9, 1x1) } else { relu } }
model M(n = 1): [3, 8, 8] -> [_, _, _] { B(n) -> conv(4, 1x1) }
variant m = M()
""",
}


@pytest.mark.parametrize("name", SPECS)
def test_it_arrives(name: str, tmp_path: Path) -> None:
    compare(SEP + SPECS[name], tmp_path)


def test_layers_of_python_get_the_defaults_of_the_spec(tmp_path: Path) -> None:
    module = compare(
        'extern Drop(p = 0.1) = "torch.nn:FeatureAlphaDropout" shape same\n'
        "model M: [4, 8, 8] -> [_, 8, 8] { Drop -> Drop(0.3) -> conv(4, 1x1) }\nvariant m = M()\n",
        tmp_path,
    )
    drops = [each for each in module.m().children() if isinstance(each, nn.FeatureAlphaDropout)]
    assert [each.p for each in drops] == [0.1, 0.3]


def test_a_rule_for_depthwise_leaves_other_convolutions(tmp_path: Path) -> None:
    module = compare(
        "block U(w) { conv(w, 3x3) -> relu -> depthwise(3x3)\n"
        "    init { conv: constant(1.5), bias=0.1; depthwise: constant(9) } }\n"
        "model M: [1, 8, 8] -> [_, 8, 8] { U(1) -> U(4) }\nvariant m = M()\n",
        tmp_path,
    )
    found = [
        (each.groups, float(each.weight.mean().detach()))
        for each in module.m().modules()
        if isinstance(each, nn.Conv2d)
    ]
    assert found == [(1, 1.5), (1, 1.5), (1, 1.5), (4, 9.0)]


def test_a_model_with_side_heads_is_a_step_in_training_too(tmp_path: Path) -> None:
    module = compare(
        "model B(w): [3, 16, 16] -> [4] { conv(w, 3x3, stride=2) -> relu\n"
        "    aux side: { global_avgpool -> flatten -> linear(4) }\n"
        "    global_avgpool -> flatten -> fc: linear(4) }\n"
        "model V: [3, 16, 16] -> [5] {\n    from in -> one: B(4) as a\n    from in -> other: B(4) as b\n"
        "    from a + b -> linear(5) }\nvariant v = V()\n",
        tmp_path,
    )
    assert module.v().train()(torch.randn(2, 3, 16, 16)).shape == (2, 5)


def test_a_layer_of_python_may_ask_for_channels(tmp_path: Path) -> None:
    path = tmp_path / "spec.arch"
    path.write_text(
        "extern Cv(in_channels, out_channels, kernel_size = 1) = "
        '"torch.nn:Conv2d" shape [out_channels, in.height, in.width]\n'
        "block P(out_channels) { conv(out_channels, 1x1) -> relu }\n"
        "block B(w, unit = P) { unit(out_channels=w) }\n"
        "model M: [3, 8, 8] -> [_, _, _] { Cv(in.channels, 4) -> B(5) -> B(6, Cv(5)) }\n"
        "variant m = M()\n"
    )
    model = module_of(emitted(str(path)).text).m()
    convs = [each for each in model.modules() if isinstance(each, nn.Conv2d)]
    assert [(each.in_channels, each.out_channels) for each in convs] == [(3, 4), (4, 5), (5, 6)]
    assert model(torch.zeros(1, 3, 8, 8)).shape == (1, 6, 8, 8)

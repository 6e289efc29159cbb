"""Specs as text, elaborated; findings with the place marked `«so»`."""

from __future__ import annotations

from typing import Any

from archdsl.analysis.elaborate import Session, elaborate, elaborate_all
from archdsl.diagnostics import Bag, Diagnostic
from archdsl.ir import program as p
from archdsl.ir.design import Design, Step
from archdsl.sema.lower import lower
from archdsl.source import Source, Span
from archdsl.syntax import ast, parser


def program(text: str, path: str = "spec.arch") -> p.Program:
    """The program of a text that parses and resolves without a finding."""
    bag = Bag()
    file = parser.parse(Source(path, text), bag)

    def load(found: str, span: Span) -> ast.File | None:
        raise AssertionError(f"imports {found}")

    assert file is not None, [item.message for item in bag.items]
    result = lower(file, load, bag)
    assert result is not None and not bag.items, [(i.code, i.message) for i in bag.items]
    return result


def designs(text: str, input: Any = None) -> tuple[Design, ...]:
    """The designs of all variants of a text without mistakes."""
    bag = Bag()
    found = elaborate_all(program(text), input, bag)
    assert not bag.items, [(item.code, item.message) for item in bag.items]
    return found


def design(text: str, input: Any = None) -> Design:
    """The only design of a text."""
    (found,) = designs(text, input)
    return found


def body(text: str, shape: str = "[8, 16, 16]", more: str = "") -> Design:
    """The design of a model with that body and input."""
    return design(f"{more}\nmodel M: {shape} -> [_, _, _] {{\n{text}\n}}\nvariant m = M()\n")


def steps(found: Design) -> dict[str, Step]:
    """The nodes by path: the first of each."""
    result: dict[str, Step] = {}
    for step in found.walk():
        result.setdefault(step.path, step)
    return result


def findings(text: str, input: Any = None, **limits: int) -> list[Diagnostic]:
    """What elaboration finds, marks in the text ignored."""
    spec = program(text.replace("«", "").replace("»", ""))
    bag = Bag()
    session = Session(spec, bag, **limits)
    for variant in spec.variants:
        elaborate(spec, variant, input, bag, session)
    return bag.items


def finding(text: str, input: Any = None, **limits: int) -> Diagnostic:
    """The one finding of a text, which stands at the mark."""
    found = findings(text, input, **limits)
    assert len(found) == 1, [(item.code, item.message) for item in found]
    start = text.index("«")
    end = text.index("»") - 1
    span = found[0].label.span
    plain = text.replace("«", "").replace("»", "")
    assert (span.start, span.end) == (start, end), (span.text, plain[start:end])
    return found[0]


def wrong(text: str, shape: str = "[8, 16, 16]", more: str = "") -> Diagnostic:
    """The one finding of a model with that body."""
    return finding(f"{more}\nmodel M: {shape} -> [_, _, _] {{\n{text}\n}}\nvariant m = M()\n")


RESNET = """
block Basic(width, stride = 1) {
    residual {
        conv(width, 3x3, stride=stride) -> bn -> relu
        conv(width, 3x3) -> bn
    } skip identity else downsample: { conv(width, 1x1, stride=stride) -> bn }
    relu
}
block Bottleneck(width, stride = 1, groups = 1, base = 64) {
    let mid = width * base // 64 * groups
    residual {
        conv(mid, 1x1) -> bn -> relu
        conv(mid, 3x3, stride=stride, groups=groups) -> bn -> relu
        conv(4 * width, 1x1) -> bn
    } skip identity else downsample: { conv(4 * width, 1x1, stride=stride) -> bn }
    relu
}
model ResNet(unit, depths, num_classes = 1000): [3, 224, 224] -> [num_classes] {
    stem -> [64, 56, 56] {
        conv1: conv(64, 7x7, stride=2) -> bn1: bn -> relu -> maxpool(3x3, stride=2, pad=1)
    }
    stage layer1 { unit(64) * depths[0] }
    stage layer2 { unit(128, stride=2) -> unit(128) * (depths[1] - 1) }
    stage layer3 { unit(256, stride=2) -> unit(256) * (depths[2] - 1) }
    stage layer4 -> [_, 7, 7] { unit(512, stride=2) -> unit(512) * (depths[3] - 1) }
    head { global_avgpool -> flatten -> fc: linear(num_classes) }
}
variant resnet18 = ResNet(Basic, [2, 2, 2, 2])
variant resnet50 = ResNet(Bottleneck, [3, 4, 6, 3])
variant resnext50_32x4d = resnet50(unit = Bottleneck(groups=32, base=4))
"""

DENSENET = """
block Layer(growth) {
    dense {
        norm1: bn -> relu -> conv1: conv(4 * growth, 1x1)
        norm2: bn -> relu -> conv2: conv(growth, 3x3, bias=false)
    }
}
sequence Block(layers, growth) { repeat layers as i { "denselayer{i + 1}": Layer(growth) } }
block Transition {
    norm: bn -> relu -> conv: conv(in.channels // 2, 1x1, bias=false) -> pool: avgpool(2x2)
}
model DenseNet(growth, depths): [3, 224, 224] -> [1000] {
    stage features -> [_, 7, 7] {
        conv0: conv(64, 7x7, stride=2) -> norm0: bn -> relu0: relu
        pool0: maxpool(3x3, stride=2, pad=1)
        for i, layers in enumerate(depths) {
            "denseblock{i + 1}": Block(layers, growth)
            if i + 1 < len(depths) { "transition{i + 1}": Transition }
        }
        norm5: bn
    }
    head { relu -> global_avgpool -> flatten -> classifier: linear(1000) }
}
variant densenet121 = DenseNet(32, [6, 12, 24, 16])
"""

GOOGLENET = """
block ConvBN(width, kernel, stride = 1) {
    conv: conv(width, kernel, stride=stride) -> bn: bn(eps=1e-3) -> relu
}
block Inception(b1, r3, b3, r5, b5, pool) {
    concat {
        branch1: ConvBN(b1, 1x1)
        branch2: { ConvBN(r3, 1x1) -> ConvBN(b3, 3x3) }
        branch3: { ConvBN(r5, 1x1) -> ConvBN(b5, 3x3) }
        branch4: { maxpool(3x3, stride=1, pad=1, ceil=true) -> ConvBN(pool, 1x1) }
    }
}
block Aux(num_classes) {
    adaptive_avgpool(4x4) -> conv: ConvBN(128, 1x1)
    flatten -> fc1: linear(1024) -> relu -> dropout(0.7) -> fc2: linear(num_classes)
}
model GoogLeNet(aux_logits = true): [3, 224, 224] -> [1000] {
    conv1: ConvBN(64, 7x7, stride=2) -> maxpool(3x3, stride=2, ceil=true)
    conv2: ConvBN(64, 1x1) -> conv3: ConvBN(192, 3x3) -> maxpool(3x3, stride=2, ceil=true)
    inception3a: Inception(64, 96, 128, 16, 32, 32)
    inception3b: Inception(128, 128, 192, 32, 96, 64) -> maxpool(3x3, stride=2, ceil=true)
    inception4a: Inception(192, 96, 208, 16, 48, 64)
    if aux_logits { aux(weight=0.3) aux1: Aux(1000) }
    inception4b: Inception(160, 112, 224, 24, 64, 64)
    inception4c: Inception(128, 128, 256, 24, 64, 64)
    inception4d: Inception(112, 144, 288, 32, 64, 64)
    if aux_logits { aux(weight=0.3) aux2: Aux(1000) }
    inception4e: Inception(256, 160, 320, 32, 128, 128) -> maxpool(2x2, ceil=true)
    inception5a: Inception(256, 160, 320, 32, 128, 128)
    inception5b: Inception(384, 192, 384, 48, 128, 128)
    global_avgpool -> flatten -> dropout(0.2) -> fc: linear(1000)
}
variant googlenet = GoogLeNet()
variant googlenet_noaux = GoogLeNet(aux_logits=false)
"""

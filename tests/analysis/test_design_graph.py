"""The graph, the dumps, and the smallest input."""

from __future__ import annotations

import networkx as nx
import pytest
from analysis_text import GOOGLENET, RESNET, body, designs, program

from archdsl.analysis.smallest import smallest_input
from archdsl.ir import dump
from archdsl.ir.graph import Unsound, graph, ordered, verify


def test_the_graph_keeps_every_operand() -> None:
    found = graph(body("from in + in -> relu"))
    verify(found)
    assert found.number_of_edges("in", 0) == 2
    assert found.nodes[0]["operands"] == (("in", 0), ("in", 0))
    assert found.nodes[1]["shape"] == (8, 16, 16)


@pytest.mark.parametrize("text", [RESNET, GOOGLENET])
def test_graphs_of_networks_are_sound(text: str) -> None:
    for design in designs(text):
        found = graph(design)
        verify(found)
        assert sum(data["params"] for _, data in found.nodes(data=True)) == design.params
        order = ordered(found)
        assert order == ["in", *range(design.totals.nodes)]
        place = {node: position for position, node in enumerate(order)}
        assert all(place[a] < place[b] for a, b in found.edges())


def test_depth_is_networkxs_longest_path() -> None:
    for design in designs(RESNET):
        found = graph(design)
        for _, b, data in found.edges(data=True):
            data["weight"] = int(found.nodes[b]["weighted"])
        assert nx.dag_longest_path_length(nx.DiGraph(found)) == design.depth


def test_the_verifier_refuses() -> None:
    found = graph(body("relu -> relu"))
    found.nodes[1]["operands"] = ((7, 0),)
    with pytest.raises(Unsound, match="operand 7"):
        verify(found)
    found = graph(body("relu -> relu"))
    found.nodes[0]["shapes"] = ()
    with pytest.raises(Unsound, match="no shape"):
        verify(found)
    found = graph(body("relu -> relu"))
    found.remove_edge("in", 0)
    found.add_edge(1, 0)
    with pytest.raises(Unsound, match="cycle"):
        verify(found)


def test_dumps() -> None:
    spec = program(RESNET)
    text = dump.dump_program(spec)
    assert "block Basic(width, stride = 1): (in) -> (_)" in text
    assert "variant resnet18 = ResNet(unit=Basic, depths=[2, 2, 2, 2])" in text
    first = dump.dump_design(designs(RESNET)[0])
    assert first.startswith("resnet18 = ResNet: 3x224x224 -> 1000\n")
    assert "layer2.0.downsample.0: conv  64x56x56 -> 128x28x28  params 8,192" in first


def test_smallest_inputs() -> None:
    spec = program(RESNET)
    assert smallest_input(spec, spec.variants[0]) == (3, 1, 1)
    spec = program(
        "model M: [3, 32, 32] -> [10] { conv(8, 5x5, pad=0) -> maxpool(2x2) -> conv(8, 5x5, pad=0)\n"
        "    global_avgpool -> flatten -> linear(10) }\n"
        "model Flat: [3, 32, 32] -> [10] { conv(8, 5x5, stride=4, pad=0) -> flatten -> linear(10) }\n"
        "model W: [3, 4, 4] -> [_, _, _] { conv(8, 5x5, pad=0) }\n"
        "variant m = M()\nvariant f = Flat()\nvariant w = W()\n"
    )
    assert [smallest_input(spec, variant) for variant in spec.variants] == [
        (3, 14, 14),
        (3, 29, 29),
        None,
    ]

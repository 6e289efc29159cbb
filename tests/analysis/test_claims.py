"""`expect`: exact figures, figures rounded as written, and figures that papers cut off."""

from __future__ import annotations

import pytest
from analysis_text import RESNET, finding, findings

TEXT = RESNET.split("variant")[0] + "variant r = ResNet(Bottleneck, [3, 4, 6, 3]) expect { %s }\n"


@pytest.mark.parametrize(
    "claim",
    [
        "params: 25_557_032",
        "params: 25.6M",
        "params: 25557K",
        "params: ~25.5M",
        "params: ~25M, macs: ~4G",
        "params: 0.026G",
        "macs: 4.09G, depth: 50, convs: 53, linears: 1, receptive_field: 427",
        "conv_macs: 4_087_136_256, aux_params: 0, aux_macs: 0, buffers: 0",
        "training_macs: 4_089_184_256, main_params: 25_557_032",
        "conv_activations: 11_113_984",
        "depth: 5 * 10",
    ],
)
def test_claims_that_hold(claim: str) -> None:
    assert findings(TEXT % claim) == []


def test_figures_are_what_the_reference_says() -> None:
    """Of side heads, and of activations in place, which make no value."""
    text = (
        "block Side { conv(4, 1x1) -> global_avgpool -> flatten -> linear(10) }\n"
        "model M: [8, 8, 8] -> [10] {\n"
        "conv(4, 3x3) -> relu -> maxpool(2x2)\naux(weight=0.3) s: Side\n"
        "global_avgpool -> flatten -> linear(10)\n}\nvariant m = M() expect { %s }\n"
    )
    main, aux = (4 * 8 * 9 + 4) + (4 * 10 + 10), (4 * 4 + 4) + (4 * 10 + 10)
    conv, side = 4 * 8 * 9 * 64, 4 * 4 * 16 + 40
    claims = (
        f"params: {main + aux}, main_params: {main}, aux_params: {aux}, buffers: 0",
        f"macs: {conv + 40}, aux_macs: {side}, training_macs: {conv + 40 + side}",
        f"conv_macs: {conv}, convs: 1, linears: 1, depth: 2, receptive_field: 4",
        f"activations: {256 + 64 + 4 + 4 + 10}, conv_activations: 256",
    )
    assert findings(text % ", ".join(claims)) == []


@pytest.mark.parametrize(
    ("claim", "message", "help"),
    [
        ("params: «25_557_033»", "`params` of `r` is 25_557_032, not 25_557_033",
         "`params: 25_557_032`"),
        ("params: «25.5M»", "`params` of `r` is 25_557_032, not 25.5M", "`params: 25.6M`"),
        ("params: «~25.4M»", "`params` of `r` is 25_557_032, not ~25.4M", "`params: ~25.6M`"),
        ("params: «~24M»", "`params` of `r` is 25_557_032, not ~24M", "`params: ~25.6M`"),
        ("params: «~27M»", "`params` of `r` is 25_557_032, not ~27M", "`params: ~25.6M`"),
        ("depth: «~49»", "`depth` of `r` is 50, not ~49", "`depth: ~50`"),
        ("macs: «4.1K»", "`macs` of `r` is 4_089_184_256, not 4.1K", "`macs: 4089184.3K`"),
        ("depth: «5 * 11»", "`depth` of `r` is 50, not 5 * 11", "`depth: 50`"),
    ],
)  # fmt: skip
def test_claims_that_do_not(claim: str, message: str, help: str) -> None:
    found = finding(TEXT % claim)
    assert (found.code, found.message, found.help) == ("E416", message, help)


def test_what_is_shown_can_be_pasted() -> None:
    for written in ("25.5M", "~20M", "26K", "0.1G", "3"):
        found = findings(TEXT % f"params: {written}")
        assert found[0].help is not None
        assert findings(TEXT % found[0].help.strip("`")) == [], found[0].help


def test_unknown_figures() -> None:
    found = finding(TEXT % "«mac»: 3")
    assert (found.code, found.message) == ("E417", "there is no figure `mac` to expect")
    assert found.help == "did you mean `macs`?"


def test_every_claim_is_checked() -> None:
    assert [item.code for item in findings(TEXT % "params: 1, depth: 2, convs: 53")] == [
        "E416",
        "E416",
    ]

"""Random specs that are right: what must hold for each does.

`python tests/robust/program_checks.py --seed N --count N` tries more of them.
"""

from __future__ import annotations

import random
import tempfile
from collections import Counter

import programs
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from program_checks import check_planted, check_program, write

from archdsl import driver
from archdsl.diagnostics import Bag
from archdsl.render import report

torch.set_num_threads(1)
ANY = settings(
    max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)


@ANY
@given(st.randoms(use_true_random=False))
def test_any_right_program(dice: random.Random) -> None:
    with tempfile.TemporaryDirectory() as folder:
        check_program(programs.Maker(dice).program(), folder)


@pytest.mark.parametrize("first", range(0, 60, 15))
def test_programs_of_seeds(first: int) -> None:
    """As drawn from seeds, which have more in them than what hypothesis tends to."""
    refused: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(first, first + 15):
            refused.update(check_program(programs.make(seed), folder))
    assert refused.total() <= 1, refused


def test_faults_are_found_where_they_are() -> None:
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(150):
            program = programs.make(seed)
            if program.places:
                check_planted(program, random.Random(seed), folder)


CONSTRUCTS = (
    """residual concat sum mean mul dense split repeat for if aux share init param const let
    require fn import sequence stage stem head from as variant block model dropout resize
    depthwise maxpool avgpool SqueezeExcite skip identity none * in tap zip( enumerate( reversed(
    range( unique( else unit= acts kernels widths norm [y (c[]) skips [0]: [i]: {i} unit(
    extern ACTS[ s[1:] s[-1] s[:2] ROWS picked( copies( wider( round_to( size( matmul( crop( select(
    kind hidden .height .channels Noise Gated tower_end Exchange( Ladder( Grid( Tree( Mirror Masked
    log2( ceil( sum( min( max( conv_transpose maxout( glu""".split()
)


def test_every_construct_occurs() -> None:
    text = "\n".join(programs.make(seed).text for seed in range(1000))
    phrases = ("else if", "skip none", "if v > 8", "tap (body0, body", "bn: constant")
    missing = [word for word in (*CONSTRUCTS, *phrases) if word not in text]
    assert not missing


def test_programs_are_right_before_they_are_broken() -> None:
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(100):
            bag = Bag()
            path = write(programs.make(seed), folder)
            assert driver.check(path, bag) is not None, report(bag.items)

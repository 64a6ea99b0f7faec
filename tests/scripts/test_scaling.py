"""Test the arithmetic of docs/scaling.md against calculations by hand, and its counts against the recipes."""

import csv
from dataclasses import replace

import pytest

from scripts import scaling, scaling_tables
from scripts.scaling import Link, Work, efficiency, fastest, ring_seconds, step_seconds, streamed_bytes_per_second

# 1 MB/s, and a tenth of a second from neighbour to neighbour.
SLOW = Link("slow", 8e6, 0.1)
WORK = Work("toy", 250_000, batch=8, turns=1, operations=1, reduced_bytes=1_000_000, example_bytes=784, seconds=None)


def test_a_ring_by_hand():
    assert ring_seconds(1, 1e6, SLOW) == 0
    # Two workers: each sends half to the other and gets the other half's sum: 1 MB in 2 hops.
    assert ring_seconds(2, 1e6, SLOW) == pytest.approx(1.0 + 0.2)
    # Four: three quarters of the bytes twice, in 6 hops.
    assert ring_seconds(4, 1e6, SLOW) == pytest.approx(1.5 + 0.6)
    # Operations share the bytes, and each needs its own hops.
    assert ring_seconds(4, 1e6, SLOW, operations=3) == pytest.approx(1.5 + 1.8)
    # With any number of workers, at most twice the bytes are sent.
    assert ring_seconds(10**6, 1e6, replace(SLOW, hop_seconds=0)) == pytest.approx(2.0, rel=1e-5)


def test_overlap_hides_no_more_than_the_backward_pass():
    assert step_seconds(3.0, 2.5) == 5.5
    assert step_seconds(3.0, 2.5, overlap=1) == pytest.approx(3.5)
    assert step_seconds(3.0, 2.5, overlap=0.5) == pytest.approx(4.5)
    assert step_seconds(3.0, 1.5, overlap=1) == 3.0


def test_efficiency_is_the_share_of_computation():
    assert efficiency(WORK, 3.6, 2, SLOW) == pytest.approx(3.6 / 4.8)
    assert efficiency(WORK, 3.6, 2, SLOW, overlap=1) == 1
    assert efficiency(WORK, 3.6, 1, SLOW) == 1


def test_the_fastest_number_of_gpus_is_where_hops_begin_to_cost_more_than_they_save():
    # 8: 1 + 1.75 + 1.4 s; 4: 2 + 1.5 + 0.6; 2: 4 + 1.0 + 0.2; 1: 8.
    best, gain = fastest(WORK, 8.0, SLOW)
    assert (best, gain) == (4, pytest.approx(8 / 4.1))
    assert fastest(WORK, 0.5, SLOW) == (1, 1.0)
    # Without latency and with much to compute, all that the batch allows: 8 images in 2 turns.
    free = Link("free", 1e15, 0.0)
    assert fastest(WORK, 8.0, free) == (8, pytest.approx(8.0))
    assert fastest(replace(WORK, turns=2), 8.0, free)[0] == 4


def test_a_stream_is_read_by_every_worker_or_shared():
    assert streamed_bytes_per_second(100, 8, 1000, sharded=False) == 800_000
    assert streamed_bytes_per_second(100, 8, 1000, sharded=True) == 100_000


def test_steps_come_from_the_benchmark_and_others_are_marked_as_missing():
    with (scaling.ROOT / "results" / "speed" / "training.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["measure"] == "loop"]
    measured = {row["model"]: (int(row["batch"]), float(row["value"])) for row in rows}
    works = {work.name: work for work in scaling.works()}
    assert list(works) == list(scaling.MODELS)
    for name, work in works.items():
        batch, rate = measured.get(name, (0, 0.0))
        assert work.seconds == (pytest.approx(1 / rate) if batch == work.batch else None)
        row = next(line for line in scaling_tables.steps_table().splitlines() if f"`{name}`" in line)
        assert ("not measured" in row) == (batch != work.batch)


def counted(name):
    from scripts.scaling_counts import counts

    return counts(name, scaling.MODELS[name])


@pytest.mark.parametrize("name", ["ae_subpixel", "espcn_x3_subpixel"])
def test_bytes_are_four_for_each_trained_parameter_clipped_or_not(name):
    found = counted(name)
    assert found["operations"] == 1
    assert found["reduced_bytes"] == 4 * found["parameters"]


@pytest.mark.slow
@pytest.mark.parametrize("name", scaling.MODELS)
def test_the_committed_counts_are_those_of_the_recipes(name):
    with scaling.COUNTS.open() as file:
        row = next(row for row in csv.DictReader(file) if row["model"] == name)
    assert counted(name) == {key: int(value) for key, value in row.items() if key != "model"}, (
        "run python -m scripts.scaling"
    )

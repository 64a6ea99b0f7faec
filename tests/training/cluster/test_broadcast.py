import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from tests.helpers.local_cluster import ends, start_workers
from tests.helpers.small_commands import arguments, assert_same_end, run_of
from training.cluster.broadcast import broadcast, chiefs_checkpoint
from training.runs.checkpoint import Checkpoint

ROOT = Path(__file__).resolve().parents[3]
CONTENTS = (b"", b"a", b"\xff" * 4, bytes(range(256)) * 5, b"\x00\x80" * 7)

ON_TWO_REPLICAS = """
from training.cluster import broadcast
from training.cluster import create_strategy
two = create_strategy("mirrored", logical_cpus=2)
assert two.num_replicas_in_sync == 2
broadcast.CHUNK_BYTES = 64
for content in {contents}:
    assert broadcast.broadcast(two, content) == content, content
"""


def test_bytes_arrive_once_however_many_replicas_the_chief_has():
    code = ON_TWO_REPLICAS.format(contents=CONTENTS)
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_checkpoint_arrives_bit_for_bit():
    strange = np.array([-0.0, np.nan, np.inf, 5e-324])
    sent = Checkpoint(7, {"network/model": [strange, np.array(3, "uint32")]}, {"totals": {"loss": 0.1}})
    one = tf.distribute.get_strategy()
    got = chiefs_checkpoint(one, sent)
    assert (got.step, got.state) == (sent.step, sent.state)
    for value, expected in zip(got.arrays["network/model"], sent.arrays["network/model"], strict=True):
        assert (value.dtype, value.tobytes()) == (expected.dtype, expected.tobytes())
    assert chiefs_checkpoint(one, None) is None
    assert broadcast(one, b"") == b""


@pytest.mark.slow
def test_workers_with_folders_of_their_own_resume_what_the_chief_has(started, tmp_path, shapes_folder):
    command = arguments(shapes_folder, 200, "checkpoint_minutes=0.0001")
    apart = [tmp_path / name for name in ("chief", "other")]
    workers = start_workers(started, apart, command)
    until = time.monotonic() + 300
    while not list(apart[0].glob("runs/*/*/checkpoints/step-*")):
        assert [worker.poll() for worker in workers] == [None, None], [worker.communicate() for worker in workers]
        assert time.monotonic() < until
        time.sleep(0.02)
    workers[1].send_signal(signal.SIGTERM)
    assert ends(workers) == [143, 143]
    assert not run_of(apart[0]).joinpath("saved_model").exists()

    workers = start_workers(started, apart, command)
    output, errors = workers[0].communicate(timeout=400)
    assert [*ends(workers[1:]), workers[0].returncode] == [0, 0], errors
    assert "resumed" in output
    assert not (apart[1] / "runs").exists()

    undisturbed = [tmp_path / name for name in ("chief again", "other again")]
    assert ends(start_workers(started, undisturbed, command)) == [0, 0]
    assert_same_end(run_of(undisturbed[0]), run_of(apart[0]))

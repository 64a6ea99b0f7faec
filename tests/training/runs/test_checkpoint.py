import keras
import numpy as np
import pytest

from training.errors import InputError
from training.runs.checkpoint import Checkpoints, DamagedCheckpointError, read


@pytest.fixture
def variables():
    generator = np.random.default_rng(0)
    return [keras.Variable(generator.random(shape).astype("float32")) for shape in [(3, 2), (), (12,)]]


def test_values_and_state_come_back_as_they_were(tmp_path, variables):
    Checkpoints(tmp_path).save(7, {"network/model": variables}, {"rows": [{"step": 1, "x": 0.1}], "best": None})
    saved = [keras.ops.convert_to_numpy(variable).copy() for variable in variables]
    for variable in variables:
        variable.assign(variable * 0)
    checkpoint, complaints = Checkpoints(tmp_path).load_newest()
    checkpoint.restore({"network/model": variables})
    assert complaints == []
    assert checkpoint.step == 7
    assert checkpoint.state == {"rows": [{"step": 1, "x": 0.1}], "best": None}
    for variable, value in zip(variables, saved, strict=True):
        np.testing.assert_array_equal(keras.ops.convert_to_numpy(variable), value)


def test_more_than_ten_variables_keep_their_order(tmp_path):
    variables = [keras.Variable(float(number)) for number in range(25)]
    Checkpoints(tmp_path).save(1, {"group": variables}, {})
    checkpoint, _ = Checkpoints(tmp_path).load_newest()
    assert [float(value) for value in checkpoint.arrays["group"]] == list(range(25))


def test_only_the_newest_and_the_best_are_kept(tmp_path, variables):
    checkpoints = Checkpoints(tmp_path, keep=2)
    for step, best in [(1, 1), (2, 1), (3, 3), (4, 3)]:
        if step == best:
            checkpoints.save_best(step, {"model": variables})
        checkpoints.save(step, {"network/model": variables}, {"best": {"step": best, "score": 0.0}})
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["best-00000003.npz", "step-00000003.npz", "step-00000004.npz"]
    assert len(checkpoints.load_best(3).arrays["model"]) == 3


@pytest.mark.parametrize("damage", ["cut", "empty", "flip", "text"])
def test_a_damaged_checkpoint_is_named_and_the_one_before_used(tmp_path, variables, damage):
    checkpoints = Checkpoints(tmp_path)
    for step in (1, 2):
        path = checkpoints.save(step, {"network/model": variables}, {})
    content = bytearray(path.read_bytes())
    if damage == "flip":
        position = content.find(np.asarray(variables[0]).tobytes())
        content[position + 1] ^= 4
    path.write_bytes(
        {"cut": content[: len(content) // 2], "empty": b"", "text": b"not a zip"}.get(damage, bytes(content))
    )
    with pytest.raises(DamagedCheckpointError):
        read(path)
    checkpoint, complaints = checkpoints.load_newest()
    assert checkpoint.step == 1
    assert len(complaints) == 1
    assert "step-00000002.npz is damaged" in complaints[0]
    first = tmp_path / "step-00000001.npz"
    whole = first.read_bytes()
    first.write_bytes(whole[:-50])
    assert checkpoints.load_newest()[0] is None
    assert checkpoints.load_newest()[1][1:] == [
        f"{first} is damaged (it is cut short, or not what was written) and is not used",
        "no checkpoint is left that can be read: the run begins again at step 0",
    ]
    first.write_bytes(whole)
    # Going on from step 1 does not let the damaged file push out a good one.
    Checkpoints(tmp_path, keep=1).save(1, {"network/model": variables}, {})
    assert [path.name for path in tmp_path.iterdir()] == ["step-00000001.npz"]


def test_no_byte_that_changes_goes_unseen(tmp_path, variables):
    path = Checkpoints(tmp_path).save(1, {"network/model": variables}, {"a": 1})
    content, whole = path.read_bytes(), read(path)
    marked = content.rfind(b"sha256 ")
    for number in range(len(content)):
        changed = bytearray(content)
        changed[number] ^= 1 << number % 8
        path.write_bytes(changed)
        if marked <= number < marked + len(b"sha256 "):
            # The mark of the digest: what the checkpoint holds is not touched.
            assert read(path).state == whole.state
            continue
        with pytest.raises(DamagedCheckpointError):
            read(path)


def test_a_write_that_fails_leaves_the_old_checkpoint(tmp_path, variables, monkeypatch):
    checkpoints = Checkpoints(tmp_path)
    checkpoints.save(1, {"network/model": variables}, {})

    def no_space(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", no_space)
    with pytest.raises(OSError, match="No space"):
        checkpoints.save(2, {"network/model": variables}, {})
    assert [path.name for path in tmp_path.iterdir()] == ["step-00000001.npz"]
    assert checkpoints.load_newest()[0].step == 1


def test_other_variables_are_refused(tmp_path, variables):
    Checkpoints(tmp_path).save(1, {"network/model": variables}, {})
    checkpoint, _ = Checkpoints(tmp_path).load_newest()
    with pytest.raises(InputError, match="other variables; start anew"):
        checkpoint.restore({"network/model": variables[:2]})

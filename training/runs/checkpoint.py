"""Write checkpoints, each one file that is renamed into place, and check them on reading.

A checkpoint is an uncompressed `.npz`: every variable as an array under `<group>/<number>`, and the run's
Python state as JSON. A digest of the whole follows, because the zip format's checksums miss a byte that changed in its
directory. The file is renamed as a whole, so a process killed at any moment leaves the old checkpoint or the new one.
"""

import hashlib
import io
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from training.errors import InputError
from zoo.system.files import sha256, written_beside

if TYPE_CHECKING:
    import keras

_STATE = "state"
_DIGEST = b"sha256 "
_DIGEST_BYTES = len(_DIGEST) + hashlib.sha256().digest_size
_NAME = re.compile(r"(step|best)-([0-9]{8,})\.npz")
Groups = Mapping[str, Sequence["keras.Variable"]]


class DamagedCheckpointError(ValueError):
    """Raised for a checkpoint that cannot be read whole."""


@dataclass(frozen=True)
class Checkpoint:
    """Hold the content of a checkpoint.

    Attributes:
        step: optimiser steps taken.
        arrays: values by group, in the order of the group's variables.
        state: the Python state that was saved with them.
    """

    step: int
    arrays: dict[str, list[np.ndarray]]
    state: dict[str, Any]

    def restore(self, groups: Groups) -> None:
        """Assign the values to variables of the same groups, numbers and shapes.

        Raises:
            InputError: other variables were saved.
        """
        for group, variables in groups.items():
            values = self.arrays.get(group, [])
            shapes = [tuple(variable.shape) for variable in variables]
            if [value.shape for value in values] != shapes:
                raise InputError(
                    f"the checkpoint of step {self.step} was saved by another version of this project: its {group} "
                    "holds other variables; start anew with RESUME=0"
                )
            for variable, value in zip(variables, values, strict=True):
                variable.assign(value)


def snapshot(variables: Sequence["keras.Variable"]) -> list[np.ndarray]:
    """Return the values of variables as arrays."""
    import tensorflow as tf

    return [tf.convert_to_tensor(variable.value).numpy() for variable in variables]


class Checkpoints:
    """Keep the newest `keep` checkpoints of one run, and the best one.

    Args:
        folder: of the checkpoints.
        keep: number of checkpoints to keep in addition to the best one.
    """

    def __init__(self, folder: Path, keep: int = 2) -> None:
        self.folder = folder
        self.keep = keep

    def save(self, step: int, groups: Groups, state: Mapping[str, Any]) -> Path:
        """Write the checkpoint of a step, then remove those that it replaces."""
        path = self._write(f"step-{step:08d}.npz", groups, state)
        best = (state.get("best") or {}).get("step")
        # A file of a later step could not be read when the run resumed.
        kept = [number for number in self._steps() if number <= step][-self.keep :]
        for other, kind, number in self._files():
            stale = number != best if kind == "best" else number not in kept
            if stale:
                other.unlink()
        return path

    def save_best(self, step: int, groups: Groups) -> None:
        """Keep these values until `save` gets a state with a better step."""
        self._write(f"best-{step:08d}.npz", groups, {})

    def load_best(self, step: int) -> Checkpoint:
        """Return the checkpoint that `save_best` wrote at that step.

        Raises:
            DamagedCheckpointError: the file is missing, cut short or changed.
        """
        return read(self.folder / f"best-{step:08d}.npz")

    def load_newest(self) -> tuple[Checkpoint | None, list[str]]:
        """Return the newest checkpoint that can be read whole, and a sentence about each one that cannot."""
        complaints: list[str] = []
        for step in reversed(self._steps()):
            path = self.folder / f"step-{step:08d}.npz"
            try:
                return read(path), complaints
            except DamagedCheckpointError as error:
                complaints.append(f"{path} is damaged ({error}) and is not used")
        if complaints:
            complaints.append("no checkpoint is left that can be read: the run begins again at step 0")
        return None, complaints

    def _write(self, name: str, groups: Groups, state: Mapping[str, Any]) -> Path:
        arrays: dict[str, Any] = {_STATE: np.array(json.dumps(state))}
        arrays |= {
            f"{group}/{number}": value
            for group, variables in groups.items()
            for number, value in enumerate(snapshot(variables))
        }
        path = self.folder / name
        with written_beside(path) as file:
            np.savez(file, **arrays)
            file.flush()
            file.write(_DIGEST + bytes.fromhex(sha256(Path(file.name))))
        return path

    def _files(self) -> list[tuple[Path, str, int]]:
        if not self.folder.is_dir():
            return []
        matches = ((path, _NAME.fullmatch(path.name)) for path in sorted(self.folder.iterdir()))
        return [(path, match[1], int(match[2])) for path, match in matches if match]

    def _steps(self) -> list[int]:
        return sorted(number for _, kind, number in self._files() if kind == "step")


def read(path: Path) -> Checkpoint:
    """Read a checkpoint file.

    Raises:
        DamagedCheckpointError: the file is missing, cut short or changed.
    """
    match = _NAME.fullmatch(path.name)
    try:
        content = path.read_bytes()
        body, end = content[:-_DIGEST_BYTES], content[-_DIGEST_BYTES:]
        # Checkpoints of earlier versions have no digest: only the zip format's own checks apply to them.
        if end.startswith(_DIGEST) and end != _DIGEST + hashlib.sha256(body).digest():
            raise ValueError("the digest is another")
        with np.load(io.BytesIO(content), allow_pickle=False) as file:
            state = json.loads(str(file[_STATE]))
            arrays: dict[str, list[np.ndarray]] = {}
            for key in file.files:
                if key != _STATE:
                    arrays.setdefault(key.rpartition("/")[0], []).append(file[key])
    except OSError as error:
        raise DamagedCheckpointError(error.strerror or str(error)) from error
    # The zip format's reader raises BadZipFile, NotImplementedError, RuntimeError, struct.error and more.
    except Exception as error:
        raise DamagedCheckpointError("it is cut short, or not what was written") from error
    return Checkpoint(int(match[2]) if match else 0, arrays, state)

"""Read and write the folder of one training: its id, its lock, its configuration and its rows of metrics."""

import errno
import fcntl
import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from training.errors import InputError
from zoo.pretrained import verify
from zoo.system.files import remove_parts, write_csv, write_json

RUNS = Path("runs")
_NOT_WRITABLE = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST)
SPEED = "speed.json"


def run_id(identity: Mapping[str, Any], seed: int) -> str:
    """Return `<8 hex of the hash of the identity>-s<seed>`."""
    text = json.dumps(identity, sort_keys=True, separators=(",", ":"))
    return f"{hashlib.sha256(text.encode()).hexdigest()[:8]}-s{seed}"


class LockedError(InputError):
    """Raised where another process trains in a run's folder."""


class Run:
    """Hold `runs/<model>/<run id>/`, guarded by a lock that ends with the process.

    Attributes:
        path: the folder.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock: IO[str] | None = None

    @property
    def checkpoints(self) -> Path:
        """Return the folder of the run's checkpoints."""
        return self.path / "checkpoints"

    @property
    def saved_model(self) -> Path:
        """Return the folder of the exported SavedModel, which exists once the run is finished."""
        return self.path / "saved_model"

    @property
    def finished(self) -> bool:
        """Return whether the run reached its last step and was exported."""
        return self.saved_model.is_dir()

    def config(self) -> dict[str, Any]:
        """Return the contents of `config.json`.

        Raises:
            InputError: the folder is not a run.
        """
        path = self.path / "config.json"
        try:
            return dict(json.loads(path.read_text()))
        except FileNotFoundError as error:
            raise InputError(f"{self.path} is not a run: it has no config.json") from error
        except ValueError as error:
            raise InputError(f"{path} is not valid JSON ({error}); start the run anew with RESUME=0") from error

    def speed(self) -> dict[str, Any]:
        """Return how fast the run trained, once it is finished."""
        return dict(json.loads((self.path / SPEED).read_text()))

    def create(self, config: Mapping[str, Any]) -> None:
        """Make the folder, take its lock and write the configuration.

        Raises:
            InputError: another process trains in this folder, or it cannot be written to.
        """
        try:
            self.checkpoints.mkdir(parents=True, exist_ok=True)
            self.lock()
            for folder in (self.path, self.checkpoints, self.path / "evaluation"):
                remove_parts(folder)
            if not (self.path / "config.json").exists():
                write_json(self.path / "config.json", config)
        except OSError as error:
            if error.errno not in _NOT_WRITABLE:
                raise
            raise InputError(f"cannot write to {self.path}: {error.strerror}; run from a folder you own") from error

    def lock(self) -> None:
        """Take the lock.

        Raises:
            LockedError: another process holds it.
        """
        file = (self.path / ".lock").open("w")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            raise LockedError(
                f"{self.path} is being trained by another process; wait for it, or start a second run with RESUME=0"
            ) from None
        self._lock = file

    def release(self) -> None:
        """Release the lock."""
        if self._lock:
            self._lock.close()
            self._lock = None

    def write_metrics(self, rows: Sequence[Mapping[str, float]]) -> None:
        """Write `metrics.csv` with steps and metrics only, so that equal runs write equal files."""
        tags = sorted({tag for row in rows for tag in row} - {"step"})
        write_csv(self.path / "metrics.csv", rows, ["step", *tags])


def find_saved_model(name: str) -> Path:
    """Return the verified folder of a published model, or the SavedModel of a run.

    Raises:
        InputError: the run is not finished, or is no run.
        UnknownNameError: no published model has that name.
        VerificationError: a published file differs from the index.
    """
    if "/" not in name and not Path(name).is_dir():
        return verify(name)
    run = Run(Path(name))
    run.config()
    if not run.finished:
        raise InputError(f"{name} is not finished and has no saved_model/ yet; the command that began it goes on")
    return run.saved_model

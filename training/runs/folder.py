"""The folder of one training: its id, its lock, its configuration and its rows of metrics."""

import csv
import errno
import fcntl
import hashlib
import io
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from training.errors import InputError
from zoo.system.files import remove_parts, write_json, write_text

RUNS = Path("runs")
_NOT_WRITABLE = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST)
SPEED = "speed.json"


def run_id(identity: Mapping[str, Any], seed: int) -> str:
    """`<8 hex of the hash of what decides the result>-s<seed>`."""
    text = json.dumps(identity, sort_keys=True, separators=(",", ":"))
    return f"{hashlib.sha256(text.encode()).hexdigest()[:8]}-s{seed}"


class LockedError(InputError):
    """Another process trains in a run's folder."""


class Run:
    """`runs/<model>/<run id>/`, guarded by a lock that ends with the process.

    Attributes:
        path: the folder.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock: IO[str] | None = None

    @property
    def checkpoints(self) -> Path:
        """Where the run's checkpoints lie."""
        return self.path / "checkpoints"

    @property
    def saved_model(self) -> Path:
        """The exported SavedModel; it is there once the run is finished."""
        return self.path / "saved_model"

    @property
    def finished(self) -> bool:
        """Whether the run reached its last step and was exported."""
        return self.saved_model.is_dir()

    def config(self) -> dict[str, Any]:
        """What `config.json` says.

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
        """How fast the run trained, once it is finished."""
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
        """Give the lock back."""
        if self._lock:
            self._lock.close()
            self._lock = None

    def write_metrics(self, rows: Sequence[Mapping[str, float]]) -> None:
        """Write `metrics.csv`: the step and metrics only, so that equal runs give equal files."""
        tags = sorted({tag for row in rows for tag in row} - {"step"})
        text = io.StringIO()
        writer = csv.DictWriter(text, ["step", *tags], restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        write_text(self.path / "metrics.csv", text.getvalue())


def choose_run(model: str, identity: Mapping[str, Any], seed: int, *, resume: bool, root: Path = RUNS) -> Run:
    """The unfinished run of that identity, or the next free folder: `<id>`, `<id>-2`, `<id>-3`, ...

    Nothing is created.
    """
    runs = _runs(model, identity, seed, root)
    newest = max(runs, default=0)
    if newest and resume and not runs[newest].finished:
        return runs[newest]
    base = run_id(identity, seed)
    return Run(root / model / (f"{base}-{newest + 1}" if newest else base))


def open_run(
    model: str, identity: Mapping[str, Any], seed: int, config: Mapping[str, Any], *, resume: bool, root: Path = RUNS
) -> Run:
    """Choose a run as `choose_run` does and create it, whatever other processes do at the same moment.

    Raises:
        InputError: another process trains in the run that would be resumed, or the folder cannot be written to.
    """
    while True:
        run = choose_run(model, identity, seed, resume=resume, root=root)
        try:
            run.create(config)
        except LockedError:
            if resume:
                raise
            # Another process took this number first.
            continue
        if not run.finished:
            return run
        # It was finished between the choice and the lock.
        run.release()


def of_other_pictures(model: str, identity: Mapping[str, Any], seed: int, root: Path = RUNS) -> list[Path]:
    """The unfinished runs that differ from this identity in the fingerprint of their source alone."""
    found = []
    for path in _listed(root / model):
        run = Run(path)
        try:
            config = run.config()
        except InputError:
            continue
        theirs = config["identity"]
        same = json.dumps(theirs | {"source": ""}, sort_keys=True) == json.dumps(
            dict(identity) | {"source": ""}, sort_keys=True
        )
        if same and theirs["source"] != identity["source"] and config["seed"] == seed and not run.finished:
            found.append(path)
    return found


def finished_run(model: str, identity: Mapping[str, Any], seed: int, root: Path = RUNS) -> Run | None:
    """The newest finished run of that identity, or None."""
    runs = _runs(model, identity, seed, root)
    return next((runs[number] for number in sorted(runs, reverse=True) if runs[number].finished), None)


def _runs(model: str, identity: Mapping[str, Any], seed: int, root: Path) -> dict[int, Run]:
    """The runs of an identity by their number."""
    pattern = re.compile(re.escape(run_id(identity, seed)) + r"(?:-([0-9]+))?")
    folder = root / model
    matches = ((path, pattern.fullmatch(path.name)) for path in _listed(folder))
    return {int(match[1] or 1): Run(path) for path, match in matches if match}


def _listed(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir()) if folder.is_dir() else []
    except PermissionError as error:
        raise InputError(f"cannot read {folder}: {error.strerror}; run from a folder you own") from error

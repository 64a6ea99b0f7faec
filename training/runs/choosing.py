"""Choose the run to go on with, or the folder of a new one."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from training.errors import InputError
from training.runs.folder import RUNS, LockedError, Run, run_id


def choose_run(model: str, identity: Mapping[str, Any], seed: int, *, resume: bool, root: Path = RUNS) -> Run:
    """Return the unfinished run of that identity, or the next free folder: `<id>`, `<id>-2`, `<id>-3`, ...

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


def runs_of_other_pictures(model: str, identity: Mapping[str, Any], seed: int, root: Path = RUNS) -> list[Path]:
    """Return the unfinished runs that differ from this identity in the fingerprint of their source alone."""
    others = []
    for path in _listed(root / model):
        run = Run(path)
        try:
            config = run.config()
        except InputError:
            continue
        other = config["identity"]
        same = _without_source(other) == _without_source(identity)
        if same and other["source"] != identity["source"] and config["seed"] == seed and not run.finished:
            others.append(path)
    return others


def _without_source(identity: Mapping[str, Any]) -> str:
    return json.dumps({**identity, "source": ""}, sort_keys=True)


def finished_run(model: str, identity: Mapping[str, Any], seed: int, root: Path = RUNS) -> Run | None:
    """Return the newest finished run of that identity, or None."""
    runs = _runs(model, identity, seed, root)
    return next((runs[number] for number in sorted(runs, reverse=True) if runs[number].finished), None)


def _runs(model: str, identity: Mapping[str, Any], seed: int, root: Path) -> dict[int, Run]:
    """Return the runs of an identity by their number."""
    pattern = re.compile(re.escape(run_id(identity, seed)) + r"(?:-([0-9]+))?")
    folder = root / model
    matches = ((path, pattern.fullmatch(path.name)) for path in _listed(folder))
    return {int(match[1] or 1): Run(path) for path, match in matches if match}


def _listed(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir()) if folder.is_dir() else []
    except PermissionError as error:
        raise InputError(f"cannot read {folder}: {error.strerror}; run from a folder you own") from error

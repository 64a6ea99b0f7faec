"""Start the workers of a cluster on this machine by hand, each in its own folder."""

from collections.abc import Callable, Sequence
from pathlib import Path
from subprocess import Popen

from training.cluster.local_workers import local_clusters

Start = Callable[..., Popen[str]]


def start_workers(start: Start, folders: Sequence[Path], command: Sequence[object]) -> list[Popen[str]]:
    """Start the command once in each folder, as the workers of one cluster, the chief in the first."""
    configs = local_clusters(len(folders))
    return [start(*command, folder=at, TF_CONFIG=config) for at, config in zip(folders, configs, strict=True)]


def ends(workers: Sequence[Popen[str]], seconds: float = 400) -> list[int]:
    """Return the exit codes once all workers have ended."""
    for worker in workers:
        worker.communicate(timeout=seconds)
    return [worker.returncode for worker in workers]

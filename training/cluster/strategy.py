"""Create a `tf.distribute` strategy from its name, with errors that say what is missing."""

import contextlib
import json
import os
import signal
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

from training.cluster.slurm import slurm_resolver
from training.errors import InputError
from zoo.names import closest

if TYPE_CHECKING:
    import tensorflow as tf

STRATEGIES = ("auto", "one", "mirrored", "multiworker")

Jit = Literal["auto", "0", "1"]
"""When all steps of a call are compiled to one XLA program: `auto` on one GPU, `1` on a processor too, `0` never."""


def cluster_size() -> int:
    """Return the number of workers in the cluster that TF_CONFIG or SLURM describes; 1 without a cluster.

    Raises:
        InputError: TF_CONFIG is not the JSON that TensorFlow expects.
    """
    if text := os.environ.get("TF_CONFIG"):
        try:
            described = json.loads(text)
            cluster = described.get("cluster", {})
            sizes = {job: len(cluster.get(job, [])) for job in ("chief", "worker")}
            if sum(sizes.values()) > 1:
                task = described["task"]
                if not 0 <= task["index"] < sizes[task["type"]]:
                    raise ValueError(f"there is no {task['type']} {task['index']} in the cluster")
            return max(1, sum(sizes.values()))
        except (ValueError, AttributeError, TypeError, KeyError) as error:
            raise InputError(
                f"TF_CONFIG is not valid: {error}; it must be JSON such as "
                '{"cluster": {"worker": ["host:port", ...]}, "task": {"type": "worker", "index": 0}}'
            ) from error
    if "SLURM_PROCID" in os.environ:
        return int(os.environ.get("SLURM_STEP_NUM_TASKS", os.environ.get("SLURM_NTASKS", "1")))
    return 1


def is_chief() -> bool:
    """Return whether this process prints and saves, by TF_CONFIG or SLURM alone; TensorFlow is not needed."""
    if cluster_size() == 1:
        return True
    if text := os.environ.get("TF_CONFIG"):
        described = json.loads(text)
        task = described["task"]
        has_chief = bool(described["cluster"].get("chief"))
        return bool(task["type"] == "chief" or (not has_chief and task["index"] == 0))
    return os.environ["SLURM_PROCID"] == "0"


def create_strategy(
    name: str = "auto", *, logical_cpus: int | None = None, announce: Callable[[int], None] = lambda _: None
) -> "tf.distribute.Strategy":
    """Return the strategy of a name. Call it before any other TensorFlow operation.

    Args:
        name: `auto` takes MultiWorker when TF_CONFIG or SLURM describes several workers, Mirrored when
            several GPUs are visible, one device otherwise.
        logical_cpus: split the processor into this many devices, so that replicas can be tried without GPUs.
        announce: called with the number of workers before this one waits for the others.

    Raises:
        InputError: the name is unknown, no cluster is described, or the devices are fixed already.
    """
    if name not in STRATEGIES:
        raise InputError(f"strategy {name!r} is not one of {', '.join(STRATEGIES)}{closest(name, STRATEGIES)}")
    import tensorflow as tf

    gpus = tf.config.list_physical_devices("GPU")
    for gpu in gpus:
        # A program that has used the GPU before keeps its own way of taking memory.
        with contextlib.suppress(RuntimeError):
            tf.config.experimental.set_memory_growth(gpu, True)
    try:
        if logical_cpus:
            cpu = tf.config.list_physical_devices("CPU")[0]
            tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * logical_cpus)
    except RuntimeError as error:
        raise InputError(f"devices cannot be changed once TensorFlow has used them: {error}") from error

    if name in ("one", "mirrored") and cluster_size() > 1:
        raise InputError(
            f"strategy {name} trains in one process, but TF_CONFIG or SLURM describes {cluster_size()}; take auto"
        )
    if name == "auto":
        name = "multiworker" if cluster_size() > 1 else "mirrored" if len(gpus) > 1 else "one"
    if name == "multiworker":
        return _multiworker(tf, announce)
    if name == "mirrored":
        devices = tf.config.list_logical_devices("CPU" if logical_cpus or not gpus else "GPU")
        return tf.distribute.MirroredStrategy([device.name for device in devices])
    return tf.distribute.get_strategy()


def _multiworker(tf: Any, announce: Callable[[int], None]) -> "tf.distribute.Strategy":
    if os.environ.get("TF_CONFIG"):
        cluster_size()
        resolver = tf.distribute.cluster_resolver.TFConfigClusterResolver()
    elif "SLURM_PROCID" in os.environ:
        resolver = slurm_resolver()
    else:
        raise InputError(
            "strategy multiworker needs a cluster: set TF_CONFIG on every worker, start the command with srun, "
            "or use mirrored or one"
        )
    announce(cluster_size())
    # It waits for the other workers in native code, where Python's handlers do not run: let signals end the process.
    handlers = {number: signal.signal(number, signal.SIG_DFL) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        return tf.distribute.MultiWorkerMirroredStrategy(cluster_resolver=resolver)
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


class Placement:
    """Find the place of this process among all replicas of a strategy.

    Attributes:
        replicas: replicas over all workers.
        first: global number of this worker's first replica.
        local: replicas of this worker.
    """

    def __init__(self, strategy: "tf.distribute.Strategy") -> None:
        resolver: Any = getattr(strategy, "cluster_resolver", None)
        specification = resolver.cluster_spec() if resolver else None
        workers = 0
        if specification:
            workers = sum(specification.num_tasks(job) for job in {"chief", "worker"} & set(specification.jobs))
        worker = 0
        if specification and workers > 1:
            chiefs = specification.num_tasks("chief") if "chief" in specification.jobs else 0
            worker = resolver.task_id + (chiefs if resolver.task_type != "chief" else 0)
        self.replicas = int(strategy.num_replicas_in_sync)
        self.local = self.replicas // max(1, workers)
        self.first = worker * self.local

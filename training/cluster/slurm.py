"""Read the cluster that `srun` started from the variables that it sets for each task."""

import os
from typing import TYPE_CHECKING

from training.errors import InputError

if TYPE_CHECKING:
    import tensorflow as tf

# Ports below those that systems use for outgoing connections. Each job uses another block, so that two jobs on one node
# do not collide.
_FIRST_PORT, _BLOCKS, _BLOCK = 12_000, 1000, 16


def slurm_resolver() -> "tf.distribute.cluster_resolver.ClusterResolver":
    """Return a resolver of the place of this task among all tasks of its Slurm step.

    TensorFlow's own SlurmClusterResolver cannot be used: it sorts hosts as text, so that n10 comes before n9 and tasks
    take each other's addresses; it needs nvidia-smi; and it has the same ports for all jobs.

    Raises:
        InputError: the process was not started by srun, or tasks are not distributed over nodes block by block.
    """
    import tensorflow as tf

    from zoo.system.keras_internals import slurm_hosts, slurm_tasks_per_node

    try:
        rank = int(os.environ["SLURM_PROCID"])
        nodes = slurm_hosts(os.environ["SLURM_STEP_NODELIST"])
        counts = slurm_tasks_per_node(os.environ["SLURM_STEP_TASKS_PER_NODE"])
        places = [(node, local) for node, count in enumerate(counts) for local in range(count)]
        place = places[rank]
        node, local = (int(os.environ.get(f"SLURM_{name}ID", "-1")) for name in ("NODE", "LOCAL"))
        job = int(os.environ.get("SLURM_JOB_ID", "0"))
    except KeyError as error:
        raise InputError(f"SLURM_PROCID is set but {error.args[0]} is not; start the command with srun") from error
    except (ValueError, IndexError) as error:
        raise InputError(f"the variables of Slurm describe no step: {error}; start the command with srun") from error
    if any(stated not in (-1, derived) for stated, derived in zip((node, local), place, strict=True)):
        raise InputError(f"task {rank} lies on node {node}, not {place[0]}; take srun --distribution=block")
    if max(counts) > _BLOCK:
        raise InputError(f"{max(counts)} tasks on one node are more than {_BLOCK}; take --ntasks-per-node=1")
    first = _FIRST_PORT + job % _BLOCKS * _BLOCK
    workers = [f"{nodes[node]}:{first + number}" for node, number in places]
    return tf.distribute.cluster_resolver.SimpleClusterResolver(
        tf.train.ClusterSpec({"worker": workers}), task_type="worker", task_id=rank, rpc_layer="grpc"
    )

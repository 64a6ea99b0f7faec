"""The workers that `srun` started, from the variables that it sets for each."""

import os
from typing import TYPE_CHECKING

from training.errors import InputError

if TYPE_CHECKING:
    import tensorflow as tf

# Below the ports that systems give to outgoing connections. A job has a block of its own, so that two jobs on one node
# do not meet.
_FIRST_PORT, _BLOCKS, _BLOCK = 12_000, 1000, 16


def slurm_resolver() -> "tf.distribute.cluster_resolver.ClusterResolver":
    """This task of a Slurm step among all its tasks.

    TensorFlow's own SlurmClusterResolver cannot be used: it sorts hosts as text, so that n10 comes before n9 and tasks
    take each other's addresses; it needs nvidia-smi; and it has the same ports for all jobs.

    Raises:
        InputError: not started by srun, or tasks do not lie on nodes block by block.
    """
    import tensorflow as tf

    from zoo.system.keras_internals import slurm_hosts, slurm_tasks_per_node

    try:
        rank = int(os.environ["SLURM_PROCID"])
        nodes = slurm_hosts(os.environ["SLURM_STEP_NODELIST"])
        counts = slurm_tasks_per_node(os.environ["SLURM_STEP_TASKS_PER_NODE"])
        places = [(node, local) for node, count in enumerate(counts) for local in range(count)]
        own = places[rank]
        node, local = (int(os.environ.get(f"SLURM_{name}ID", "-1")) for name in ("NODE", "LOCAL"))
        job = int(os.environ.get("SLURM_JOB_ID", "0"))
    except KeyError as error:
        raise InputError(f"SLURM_PROCID is set but {error.args[0]} is not; start the command with srun") from error
    except (ValueError, IndexError) as error:
        raise InputError(f"the variables of Slurm describe no step: {error}; start the command with srun") from error
    if any(said not in (-1, derived) for said, derived in zip((node, local), own, strict=True)):
        raise InputError(f"task {rank} lies on node {node}, not {own[0]}; take srun --distribution=block")
    if max(counts) > _BLOCK:
        raise InputError(f"{max(counts)} tasks on one node are more than {_BLOCK}; take --ntasks-per-node=1")
    first = _FIRST_PORT + job % _BLOCKS * _BLOCK
    workers = [f"{nodes[place]}:{first + number}" for place, number in places]
    return tf.distribute.cluster_resolver.SimpleClusterResolver(
        tf.train.ClusterSpec({"worker": workers}), task_type="worker", task_id=rank, rpc_layer="grpc"
    )

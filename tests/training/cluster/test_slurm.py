import pytest

from training.cluster.slurm import slurm_resolver
from training.errors import InputError

STEP = {
    "SLURM_PROCID": "2",
    "SLURM_NODEID": "2",
    "SLURM_LOCALID": "0",
    "SLURM_STEP_NODELIST": "n[8-10],gpu3",
    "SLURM_STEP_TASKS_PER_NODE": "1(x4)",
    "SLURM_JOB_ID": "7001",
}


@pytest.fixture
def step(monkeypatch):
    """Resolve a step's variables, some of them changed or, where None, left out."""

    def resolve(**changes):
        for name, value in (STEP | {f"SLURM_{name}": value for name, value in changes.items()}).items():
            if value is None:
                monkeypatch.delenv(name, raising=False)
            else:
                monkeypatch.setenv(name, value)
        return slurm_resolver()

    return resolve


def test_tasks_have_the_hosts_of_their_ranks_and_the_ports_of_their_job(step):
    resolver = step()
    assert resolver.cluster_spec().as_dict() == {"worker": ["n8:12016", "n9:12016", "n10:12016", "gpu3:12016"]}
    assert (resolver.task_type, resolver.task_id) == ("worker", 2)
    several = step(STEP_NODELIST="n[8-9]", STEP_TASKS_PER_NODE="2,1", NODEID="1", JOB_ID="5")
    assert several.cluster_spec().as_dict() == {"worker": ["n8:12080", "n8:12081", "n9:12080"]}
    assert step(NODEID=None, LOCALID=None, JOB_ID=None).cluster_spec().as_dict()["worker"][0] == "n8:12000"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"STEP_NODELIST": None}, "SLURM_STEP_NODELIST is not; start the command with srun"),
        ({"STEP_TASKS_PER_NODE": "many"}, "describe no step: .*many"),
        ({"PROCID": "4"}, "describe no step"),
        ({"NODEID": "1"}, "task 2 lies on node 1, not 2; take srun --distribution=block"),
        ({"STEP_TASKS_PER_NODE": "17,1(x3)", "NODEID": "0", "LOCALID": "2"}, "17 tasks on one node are more than 16"),
    ],
)
def test_what_is_no_step_is_said(step, changes, message):
    with pytest.raises(InputError, match=message):
        step(**changes)

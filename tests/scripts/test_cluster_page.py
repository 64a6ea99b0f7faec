"""Test the files of docs/cluster.md: they fit together, and their commands train."""

import json
import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "cluster.md").read_text()
JOB = ROOT / "docs" / "cluster" / "job.yaml"
SBATCH = ROOT / "docs" / "cluster" / "train.sbatch"
TINY = ("--model", "ae_subpixel", "--data", "glyphs", "--steps", "4", "--set", "batch=12", "model.filters=3")
SHOW = '#!/bin/bash\necho "$TF_CONFIG"; echo "$@"\n'
# As srun does for two tasks on one node, start the command twice and end with the larger exit code.
SRUN = """#!/bin/bash
while [[ "$1" == --* ]]; do shift; done
export SLURM_STEP_NUM_TASKS=2 SLURM_STEP_NODELIST=127.0.0.1 SLURM_STEP_TASKS_PER_NODE=2 SLURM_NODEID=0
SLURM_PROCID=1 SLURM_LOCALID=1 "$@" & other=$!
SLURM_PROCID=0 SLURM_LOCALID=0 "$@"; code=$?
wait $other && exit $code
"""


def job() -> tuple[dict, dict, dict, dict]:
    """Return the service, the job, its container, and the container's variables."""
    service, job = yaml.safe_load_all(JOB.read_text())
    (container,) = job["spec"]["template"]["spec"]["containers"]
    return service, job, container, {variable["name"]: variable["value"] for variable in container["env"]}


def environment(commands: Path, **variables: object) -> dict[str, str]:
    """Return a container's environment, with `commands` and this Python first on its path."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("SLURM_", "TF_CONFIG"))}
    path = f"{commands}:{Path(sys.executable).parent}:{os.environ['PATH']}"
    return inherited | {"PYTHONPATH": str(ROOT), "PATH": path} | {key: str(value) for key, value in variables.items()}


def script(folder: Path, name: str, text: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text)
    (folder / name).chmod(0o755)
    return folder


@pytest.mark.parametrize("path", [JOB, SBATCH], ids=lambda path: path.name)
def test_the_page_shows_the_files(path):
    blocks = re.findall(r"```\w+\n(.*?)```", PAGE, re.DOTALL)
    assert path.read_text() in blocks
    assert f"cluster/{path.name}" in PAGE


def test_the_job_and_its_service_fit_together():
    service, job_, container, variables = job()
    template = job_["spec"]["template"]["spec"]
    assert (job_["apiVersion"], job_["kind"]) == ("batch/v1", "Job")
    assert job_["spec"]["completionMode"] == "Indexed"
    assert job_["spec"]["completions"] == job_["spec"]["parallelism"] == int(variables["WORKERS"])
    # A failure policy wants pods that are replaced.
    assert template["restartPolicy"] == "Never"
    assert (service["apiVersion"], service["kind"], service["spec"]["clusterIP"]) == ("v1", "Service", "None")
    assert service["spec"]["publishNotReadyAddresses"] is True
    assert service["spec"]["selector"] == {"job-name": job_["metadata"]["name"]}
    assert template["subdomain"] == service["metadata"]["name"]
    (port,) = {*(port["port"] for port in service["spec"]["ports"]), container["ports"][0]["containerPort"]}
    assert variables["ADDRESS"] == f"{job_['metadata']['name']}-%g.{service['metadata']['name']}:{port}"
    mounted = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
    assert mounted.keys() == {volume["name"] for volume in template["volumes"]}
    assert mounted["runs"] == f"{container['workingDir']}/runs"
    assert variables["TFDS_DATA_DIR"].startswith(mounted["data"])
    rules = {rule["action"]: rule["onExitCodes"] for rule in job_["spec"]["podFailurePolicy"]["rules"][:2]}
    assert rules["FailJob"] == {"operator": "In", "values": [2]}
    assert rules["Ignore"] == {"operator": "In", "values": [130, 143]}


@pytest.mark.parametrize("workers", [1, 4, 12])
def test_a_pod_finds_its_place_in_the_cluster(tmp_path, workers):
    _, _, container, variables = job()
    commands = script(tmp_path, "python", SHOW)
    given = variables | {"WORKERS": workers, "JOB_COMPLETION_INDEX": workers - 1}
    command = [*container["command"], *container["args"]]
    done = subprocess.run(command, env=environment(commands, **given), capture_output=True, text=True, check=True)
    config, said = done.stdout.splitlines()
    addresses = [f"zoo-train-{index}.zoo:2222" for index in range(workers)]
    task = {"type": "worker", "index": workers - 1}
    assert json.loads(config) == {"cluster": {"worker": addresses}, "task": task}
    assert said == " ".join(["-m training train", *container["args"]])


def test_the_job_trains_what_the_command_line_accepts():
    from training.recipes import recipe_for
    from zoo.models import parse_name

    for arguments in (job()[2]["args"], re.search(r"# sbatch train.sbatch (.*)", SBATCH.read_text())[1].split()):
        named = dict(zip(arguments[::2], arguments[1::2], strict=True))
        assert recipe_for(parse_name(named["--model"]).family, named["--data"], {}).source == "div2k"


def test_the_batch_script_asks_for_what_the_workers_need():
    text = SBATCH.read_text()
    options = dict(re.findall(r"^#SBATCH --([a-z-]+)(?:=(\S+))?$", text, re.MULTILINE))
    assert len(options) == text.count("#SBATCH")
    assert options["ntasks-per-node"] == "1"
    # Not B:TERM, which only the script itself would get; the chief saves in this time.
    assert re.fullmatch(r"TERM@\d+", options["signal"])
    assert "requeue" in options
    assert subprocess.run(["bash", "-n", SBATCH], check=False).returncode == 0


def check_finished(folder: Path, output: str) -> None:
    assert "2 replicas" in output
    assert output.count("SavedModel: ") == 1
    (run,) = folder.glob("runs/ae_subpixel/*")
    assert (run / "saved_model").is_dir()


@pytest.mark.slow
def test_two_pods_train(tmp_path):
    _, _, container, variables = job()
    # Two host names would need a name server; two ports of one address need none.
    start = next(port for port in range(20_000, 30_000, 10) if free(port) and free(port + 1)) // 10
    given = variables | {"WORKERS": 2, "ADDRESS": f"127.0.0.1:{start}%g"}
    pods = []
    for index in range(2):
        folder = tmp_path / f"pod{index}"
        folder.mkdir()
        variables = environment(tmp_path, **given, JOB_COMPLETION_INDEX=index)
        command = [*container["command"], *TINY]
        pods.append(subprocess.Popen(command, cwd=folder, env=variables, stdout=subprocess.PIPE, text=True))
    said = [pod.communicate(timeout=400)[0] for pod in pods]
    assert [pod.returncode for pod in pods] == [0, 0]
    check_finished(tmp_path / "pod0", said[0])
    assert said[1] == ""
    assert list((tmp_path / "pod1").iterdir()) == []


@pytest.mark.slow
def test_two_tasks_of_the_batch_script_train(tmp_path):
    commands = script(tmp_path / "commands", "srun", SRUN)
    job_id = next(number for number in range(1000) if free(12_000 + 16 * number) and free(12_001 + 16 * number))
    done = subprocess.run(
        ["bash", SBATCH, *TINY],
        cwd=tmp_path,
        env=environment(commands, SLURM_JOB_ID=job_id),
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    check_finished(tmp_path, done.stdout)


def free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0

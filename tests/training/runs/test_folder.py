import pytest

from training.errors import InputError
from training.runs import choosing
from training.runs.choosing import choose_run, open_run
from training.runs.folder import Run, run_id


def test_the_id_is_a_function_of_what_decides_the_result():
    assert run_id({"a": 1, "b": [2]}, 3) == run_id({"b": [2], "a": 1}, 3)
    assert run_id({"a": 1}, 3) != run_id({"a": 2}, 3)
    assert run_id({"a": 1}, 3).endswith("-s3")
    assert len(run_id({"a": 1}, 3)) == len("12345678-s3")


def test_unfinished_runs_are_resumed_and_finished_ones_followed_by_the_next(tmp_path):
    def choose(resume=True):
        return choose_run("ae_subpixel", {"a": 1}, 0, resume=resume, root=tmp_path)

    first = choose()
    assert not first.path.exists()
    first.create({"seed": 0})
    assert choose().path == first.path
    assert choose(resume=False).path.name == f"{first.path.name}-2"
    first.saved_model.mkdir()
    second = choose()
    assert second.path.name == f"{first.path.name}-2"
    second.create({"seed": 0})
    second.saved_model.mkdir()
    for number in range(3, 12):
        run = choose(resume=False)
        assert run.path.name == f"{first.path.name}-{number}"
        run.create({})
    assert choose().path == run.path


def test_a_second_process_is_refused(tmp_path):
    run = Run(tmp_path / "run")
    run.create({"seed": 0})
    with pytest.raises(InputError, match="being trained by another process"):
        Run(tmp_path / "run").create({"seed": 0})
    run.release()
    Run(tmp_path / "run").create({"seed": 0})


def test_a_choice_that_another_process_overtook_is_made_again(tmp_path, monkeypatch):
    def opened(resume):
        return open_run("ae_subpixel", {"a": 1}, 0, {"seed": 0}, resume=resume, root=tmp_path)

    first = opened(resume=True)
    choose = choosing.choose_run

    def once_late(*arguments, **options):
        monkeypatch.setattr(choosing, "choose_run", choose)
        return Run(first.path)

    monkeypatch.setattr(choosing, "choose_run", once_late)
    second = opened(resume=False)
    assert second.path.name == f"{first.path.name}-2"
    second.release()
    monkeypatch.setattr(choosing, "choose_run", once_late)
    with pytest.raises(InputError, match="being trained by another process"):
        opened(resume=True)
    first.saved_model.mkdir()
    first.release()
    monkeypatch.setattr(choosing, "choose_run", once_late)
    again = opened(resume=True)
    assert again.path == second.path
    Run(first.path).lock()


def test_what_killed_writers_left_goes(tmp_path):
    run = Run(tmp_path / "run")
    run.checkpoints.mkdir(parents=True)
    kept = run.checkpoints / "step-00000001.npz"
    for path in (kept, run.checkpoints / ".step-00000002.npz.77.part", run.path / ".metrics.csv.78.part"):
        path.write_bytes(b"half")
    run.create({"seed": 0})
    assert sorted(path.name for path in run.path.rglob("*")) == [".lock", "checkpoints", "config.json", kept.name]


@pytest.mark.parametrize(("change", "said"), [({"source": "other"}, True), ({"source": "other", "model": "b"}, False)])
def test_a_run_of_other_pictures_is_found(tmp_path, change, said):
    identity = {"model": "a", "source": "one", "recipe": {"batch": 3, "betas": (1, 2)}}
    run = open_run("a", identity, 0, {"seed": 0, "identity": identity}, resume=True, root=tmp_path)
    assert choosing.runs_of_other_pictures("a", identity, 0, tmp_path) == []
    assert choosing.runs_of_other_pictures("a", identity | change, 0, tmp_path) == [run.path] * said
    assert choosing.runs_of_other_pictures("a", identity | change, 1, tmp_path) == []


def test_metrics_hold_the_step_first_and_nothing_that_differs_between_equal_runs(tmp_path):
    run = Run(tmp_path)
    run.write_metrics([{"step": 5, "train/loss": 0.1}, {"step": 10, "train/loss": 0.05, "eval/psnr": 1 / 3}])
    assert (tmp_path / "metrics.csv").read_text() == ("step,eval/psnr,train/loss\n5,,0.1\n10,0.3333333333333333,0.05\n")


def test_a_folder_that_is_no_run(tmp_path):
    with pytest.raises(InputError, match=r"no config\.json"):
        Run(tmp_path).config()
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(InputError, match="not valid JSON"):
        Run(tmp_path).config()

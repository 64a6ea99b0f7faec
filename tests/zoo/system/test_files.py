import pytest

from zoo.system.files import appears_whole


def fill(folder, text):
    folder.mkdir()
    (folder / "file").write_text(text)


def test_a_folder_is_replaced_whole_or_stays(tmp_path):
    target = tmp_path / "model"
    with appears_whole(target) as folder:
        fill(folder, "first")
    with pytest.raises(RuntimeError, match="half"), appears_whole(target) as folder:
        fill(folder, "second")
        raise RuntimeError("half")
    assert (target / "file").read_text() == "first"
    with appears_whole(target) as folder:
        fill(folder, "third")
    assert (target / "file").read_text() == "third"
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_a_folder_that_was_moved_aside_by_a_killed_process_comes_back(tmp_path):
    target = tmp_path / "model"
    fill(tmp_path / ".model.old", "kept")
    with pytest.raises(RuntimeError, match="half"), appears_whole(target):
        raise RuntimeError("half")
    assert (target / "file").read_text() == "kept"
    assert [path.name for path in tmp_path.iterdir()] == ["model"]

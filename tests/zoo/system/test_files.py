import os

import pytest

from zoo.system.files import appears_whole, read_csv, sha256, temporary_beside, walk, write_csv, write_text


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


@pytest.mark.parametrize(
    "name", ["a" * 255, "\u00e9" * 127, "\u3042" * 85, os.fsdecode(b"\xe9" * 255), "a" * 200 + "\n"]
)
def test_every_name_that_a_file_may_have_can_be_written(name, tmp_path):
    write_text(tmp_path / name, "content")
    with appears_whole(tmp_path / name[::-1][:-1]) as folder:
        fill(folder, "content")
    assert {path.name for path in tmp_path.iterdir()} == {name, name[::-1][:-1]}
    assert (tmp_path / name).read_text() == "content"


def test_temporary_names_are_short_hidden_utf_8_and_as_different_as_the_names(tmp_path):
    names = [
        "a" * 250,
        "a" * 251,
        "\u00e9" * 120 + "a",
        "\u00e9" * 120 + "b",
        os.fsdecode(b"caf\xe9"),
        "caf",
        "short.png",
    ]
    made = [temporary_beside(tmp_path / name, ".part").name for name in names]
    assert len(set(made)) == len(names)
    for name in made:
        assert name.startswith(".")
        assert name.endswith(".part")
        assert len(name.encode()) <= 255
    assert made[-1] == ".short.png.part"


def test_rows_are_written_by_column_with_empty_cells_for_none_and_missing_values(tmp_path):
    path = tmp_path / "rows.csv"
    write_csv(path, [{"step": 1, "loss": 0.5}, {"step": 2, "note": 'a, "b"', "loss": None}])
    assert path.read_bytes() == b'step,loss,note\n1,0.5,\n2,,"a, ""b"""\n'
    assert read_csv(path) == [
        {"step": "1", "loss": "0.5", "note": ""},
        {"step": "2", "loss": "", "note": 'a, "b"'},
    ]
    assert [each.name for each in tmp_path.iterdir()] == ["rows.csv"]


def test_given_columns_decide_the_order_and_refuse_others(tmp_path):
    path = tmp_path / "rows.csv"
    write_csv(path, [], ["step", "loss"])
    assert path.read_bytes() == b"step,loss\n"
    assert read_csv(path) == []
    write_csv(path, [{"loss": 1}], ["step", "loss"])
    with pytest.raises(ValueError, match="psnr"):
        write_csv(path, [{"psnr": 1}], ["step", "loss"])
    assert path.read_bytes() == b"step,loss\n,1\n"


def test_sha256_is_the_standard_one(tmp_path):
    (tmp_path / "file").write_bytes(b"abc")
    assert sha256(tmp_path / "file") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_a_walk_yields_files_and_links_and_follows_none(tmp_path):
    fill(tmp_path / "model", "content")
    (tmp_path / "model" / "link").symlink_to(tmp_path)
    (tmp_path / "model" / "empty").mkdir()
    assert sorted(path.name for path in walk(tmp_path / "model")) == ["file", "link"]

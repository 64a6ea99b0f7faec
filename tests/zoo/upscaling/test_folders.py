"""Check what `python -m zoo upscale` does with the files of a folder: which it reads, leaves out, skips and names."""

import numpy as np
import pytest
from PIL import Image

import zoo
from zoo.__main__ import main
from zoo.imaging import read_picture
from zoo.upscaling.folders import find_pictures

MODEL = "bicubic_x2"
NOISE = np.random.default_rng(0).integers(0, 256, (5, 6, 3), np.uint8)


@pytest.fixture
def folders(tmp_path):
    source, target = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    return source, target


@pytest.fixture
def upscale(folders, capsys):
    """Enlarge the folder; return the exit code, and the lines of stderr without the program's name."""

    def run(*arguments):
        code = main(["upscale", *map(str, folders), "--model", MODEL, *arguments])
        return code, capsys.readouterr().err.replace("python -m zoo upscale: ", "").splitlines()

    return run


def save(path, form=None, **options):
    path.parent.mkdir(exist_ok=True)
    Image.fromarray(NOISE).save(path, form, **options)


def test_a_folder_whose_name_ends_like_a_pictures_is_not_made(folders, capsys):
    source, target = folders
    save(source / "a.png")
    assert main(["upscale", str(source), f"{target}.png", "--model", MODEL]) == 2
    assert f"{target}.png ends like a picture, but {source} is a folder" in capsys.readouterr().err
    assert not target.with_suffix(".png").exists()


def files(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_every_still_picture_is_read_by_its_content_and_the_rest_is_named(folders, upscale):
    source, target = folders
    for name in ("a.jfif", "b.jpe", "c.bmp", "d.tif", "e.tiff", "f.gif", "g.avif", "h.jp2", "i.ppm"):
        save(source / name, {".jfif": "JPEG", ".jpe": "JPEG"}.get((source / name).suffix))
    save(source / "no suffix", "PNG")
    save(source / "wrong.txt", "WEBP")
    save(source / "moving.gif", save_all=True, append_images=[Image.fromarray(255 - NOISE)])
    save(source / "pages.tif", save_all=True, append_images=[Image.fromarray(255 - NOISE)])
    (source / "notes.txt").write_text("words")
    (source / "empty").touch()
    (source / ".hidden.png").touch()
    code, said = upscale()
    assert code == 0
    assert files(target) == {
        *("a.jfif", "b.jpe", "c.bmp", "d.tif", "e.tiff", "f.gif.png", "g.avif", "h.jp2.png", "i.ppm.png"),
        *("no suffix.png", "wrong.txt.png"),
    }
    assert said == [
        f"left out: {source}/empty is not a picture",
        f"left out: {source}/notes.txt is not a picture",
        f"left out: {source}/moving.gif is an animation of 2 pictures; save the one that is meant as a file",
        f"left out: {source}/pages.tif is a document of 2 pages; save the one that is meant as a file",
        "11 done, 0 skipped, 0 failed, 4 left out, 1 hidden",
    ]
    for name in ("c.bmp", "d.tif", "f.gif"):
        made = target / (f"{name}.png" if name == "f.gif" else name)
        np.testing.assert_array_equal(read_picture(made).pixels, zoo.upscale(read_picture(source / name).pixels, MODEL))


def test_two_pictures_never_share_a_target(folders, upscale):
    source, target = folders
    save(source / "a.gif")
    save(source / "a.gif.png")
    code, said = upscale()
    assert code == 1
    assert said == [
        f"{source}/a.gif.png would be written to {target}/a.gif.png, as {source}/a.gif is",
        "1 done, 0 skipped, 1 failed, 0 left out",
    ]


def test_links_are_followed_and_cycles_end(folders, upscale, tmp_path):
    source, target = folders
    save(source / "a.png")
    save(tmp_path / "elsewhere" / "b.png")
    (source / "linked").symlink_to(tmp_path / "elsewhere")
    (source / "linked.png").symlink_to(tmp_path / "elsewhere" / "b.png")
    (tmp_path / "elsewhere" / "up").symlink_to(source)
    (source / "dangling.png").symlink_to(tmp_path / "nowhere")
    (source / "itself.png").symlink_to(source / "itself.png")
    code, said = upscale()
    assert code == 1
    assert files(target) == {"a.png", "linked.png", "linked/b.png"}
    assert said == [
        f"left out: {source}/dangling.png is a link that leads nowhere",
        f"left out: {source}/linked/up leads back to a folder that it is in",
        f"{source}/itself.png: Too many levels of symbolic links",
        "3 done, 0 skipped, 1 failed, 2 left out",
    ]
    (source / "itself.png").unlink()
    (source / "results").symlink_to(target)
    code, said = upscale("--force")
    assert (code, said[-1]) == (0, "3 done, 0 skipped, 0 failed, 3 left out")
    assert f"left out: {source}/results is the folder to write to" in said


def test_a_folder_may_be_linked_twice(tmp_path):
    (tmp_path / "in").mkdir()
    save(tmp_path / "in" / "real" / "a.png")
    (tmp_path / "in" / "other").symlink_to(tmp_path / "in" / "real")
    found = find_pictures(tmp_path / "in", tmp_path / "out")
    assert [path.relative_to(tmp_path / "in").as_posix() for path in found.pictures] == ["other/a.png", "real/a.png"]


def test_a_stopped_folder_goes_on_with_the_rest(folders, upscale, monkeypatch):
    source, target = folders
    for name in ("a.png", "b.png", "c.png"):
        save(source / name)
    from zoo.upscaling import files as module

    right, written = module.write_picture, []

    def stopping(path, picture, encoding):
        if written:
            raise KeyboardInterrupt
        written.append(path)
        right(path, picture, encoding)

    monkeypatch.setattr(module, "write_picture", stopping)
    assert upscale() == (130, ["stopped"])
    monkeypatch.undo()
    before = (target / "a.png").stat().st_mtime_ns
    code, said = upscale()
    assert (code, said[-1]) == (1, "2 done, 0 skipped, 1 failed, 0 left out")
    for name in ("b.png", "c.png"):
        (target / name).unlink()
    assert upscale("--skip-existing") == (0, ["2 done, 1 skipped, 0 failed, 0 left out"])
    assert files(target) == {"a.png", "b.png", "c.png"}
    assert (target / "a.png").stat().st_mtime_ns == before
    assert upscale("--skip-existing") == (0, ["0 done, 3 skipped, 0 failed, 0 left out"])


def test_one_file_may_be_skipped_but_not_forced_too(folders, command, tmp_path):
    save(tmp_path / "small.png")
    save(tmp_path / "large.png")
    arguments = ("zoo", "upscale", "small.png", "large.png", "--model", MODEL, "--skip-existing")
    done = command(*arguments)
    assert (done.returncode, done.stdout) == (0, "large.png\n")
    assert done.stderr == "python -m zoo upscale: 0 done, 1 skipped, 0 failed, 0 left out\n"
    assert Image.open(tmp_path / "large.png").size == (6, 5)
    done = command(*arguments, "--force")
    assert done.returncode == 2
    assert "not allowed with argument --skip-existing" in done.stderr
    done = command("zoo", "upscale", "small.png", "small.png", "--model", MODEL, "--skip-existing")
    assert done.returncode == 2
    assert "is the picture itself" in done.stderr

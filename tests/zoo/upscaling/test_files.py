"""Check `python -m zoo upscale`: files, folders, refusals."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import zoo
from zoo.__main__ import main
from zoo.imaging import Picture, read_picture, write_picture

MODEL = "sesr_x2_subpixel"
ROOT = Path(__file__).resolve().parents[3]


def noise(*shape, dtype=np.uint8):
    return np.random.default_rng(sum(shape)).integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)


def files(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def upscale(enlarging, capsys):
    """Run the command in this process; return its exit code and its stderr."""

    def run(*arguments, model=MODEL):
        code = main(["upscale", *map(str, arguments), "--model", model])
        return code, capsys.readouterr().err

    return run


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_file_is_what_zoo_upscale_gives_with_its_profile(upscale, tmp_path, channels, dtype):
    pixels = noise(17, 23, channels, dtype=dtype)
    source, target = tmp_path / "small.png", tmp_path / "large.png"
    write_picture(source, Picture(pixels, b"\0" * 16 + b"RGB a profile"))
    assert upscale(source, target) == (0, "")
    large = read_picture(target)
    np.testing.assert_array_equal(large.pixels, zoo.upscale(pixels, MODEL))
    assert large.profile == b"\0" * 16 + b"RGB a profile"
    assert files(tmp_path) == {"small.png", "large.png"}


def test_the_suffix_decides_the_format_and_the_orientation_is_applied_once(upscale, tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(noise(10, 20, 3)).save(tmp_path / "photo.jpg", exif=exif, quality=100)
    for suffix, kind in (("png", "PNG"), ("jpeg", "JPEG"), ("webp", "WEBP")):
        target = tmp_path / f"large.{suffix}"
        assert upscale(tmp_path / "photo.jpg", target) == (0, "")
        with Image.open(target) as image:
            assert (image.format, image.size) == (kind, (20, 40))
            assert 0x0112 not in image.getexif()
    expected = zoo.upscale(read_picture(tmp_path / "photo.jpg").pixels, MODEL)
    np.testing.assert_array_equal(read_picture(tmp_path / "large.png").pixels, expected)


def test_a_folder_keeps_its_shape_and_names_what_failed(upscale, tmp_path):
    source, target = tmp_path / "in", tmp_path / "out"
    (source / "sub").mkdir(parents=True)
    (source / ".hidden").mkdir()
    Image.fromarray(noise(9, 8, 3)).save(source / "a.png")
    Image.fromarray(noise(7, 8)).save(source / "sub" / "b.JPG")
    Image.fromarray(noise(7, 8, 3)).save(source / ".hidden" / "c.png")
    (source / "notes.txt").write_text("no picture")
    (source / "broken.png").write_bytes((source / "a.png").read_bytes()[:60])
    write_picture(source / "deep.png", Picture(noise(5, 5, 1, dtype=np.uint16)))
    (source / "deep.png").rename(source / "deep.jpg")
    code, said = upscale(source, target)
    assert code == 1
    assert files(target) == {"a.png", "sub/b.JPG"}
    lines = said.splitlines()
    assert lines[0] == f"python -m zoo upscale: left out: {source}/notes.txt is not a picture"
    assert f"{source}/broken.png cannot be read" in lines[1]
    assert "deep.jpg would lose bits" in lines[2]
    assert lines[3:] == ["python -m zoo upscale: 2 done, 0 skipped, 2 failed, 1 left out, 1 hidden"]
    np.testing.assert_array_equal(
        read_picture(target / "a.png").pixels, zoo.upscale(read_picture(source / "a.png").pixels, MODEL)
    )
    (source / "broken.png").unlink()
    (source / "deep.jpg").unlink()
    before = (target / "a.png").read_bytes()
    (target / "sub" / "b.JPG").unlink()
    code, said = upscale(source, target)
    assert code == 1
    assert "a.png exists already; --force replaces it, --skip-existing skips it" in said
    assert files(target) == {"a.png", "sub/b.JPG"}
    assert (target / "a.png").read_bytes() == before
    assert upscale(source, target, "--force")[0] == 0


def test_folders_that_cannot_be_read_are_named_and_the_others_done(upscale, tmp_path, monkeypatch):
    source, target = tmp_path / "in", tmp_path / "out"
    for name in ("open", "locked", "listed"):
        (source / name).mkdir(parents=True)
        Image.fromarray(noise(4, 5, 3)).save(source / name / "a.png")
    scan, opened = os.scandir, Path.open

    def scandir(path):
        if Path(path).name == "locked":
            raise PermissionError(13, "Permission denied", path)
        return scan(path)

    def opening(path, *arguments, **options):
        if path.parent.name == "listed":
            raise PermissionError(13, "Permission denied", str(path))
        return opened(path, *arguments, **options)

    monkeypatch.setattr(os, "scandir", scandir)
    monkeypatch.setattr(Path, "open", opening)
    code, said = upscale(source, target)
    assert code == 1
    first, second, last = sorted(said.splitlines()[:2]) + said.splitlines()[2:]
    assert f"{source}/listed/a.png cannot be read: Permission denied" in first
    assert f"{source}/locked: Permission denied" in second
    assert "1 done, 0 skipped, 2 failed, 0 left out" in last
    assert files(target) == {"open/a.png"}
    code, said = upscale(source / "locked", tmp_path / "none")
    assert (code, said.count("\n")) == (1, 1)
    assert "Permission denied" in said


def test_what_cannot_be_done_is_said_in_a_line_and_nothing_is_made(upscale, tmp_path):
    good = tmp_path / "good.png"
    Image.fromarray(noise(6, 6, 4)).save(good)
    write_picture(tmp_path / "deep.png", Picture(noise(6, 6, 3, dtype=np.uint16)))
    (tmp_path / "broken.png").write_bytes(good.read_bytes()[:50])
    (tmp_path / "empty").mkdir()
    (tmp_path / "folder").mkdir()
    Image.fromarray(noise(6, 6)).save(tmp_path / "folder" / "a.png")
    Image.fromarray(np.zeros((1, 40_000), np.uint8)).save(tmp_path / "wide.png")
    Image.fromarray(noise(6, 6, 3)).save(tmp_path / "profiled.jpg", icc_profile=bytes(2**20 + 1))
    (tmp_path / "link.png").symlink_to(good)
    (tmp_path / "dangling.png").symlink_to(tmp_path / "nowhere.png")
    before = files(tmp_path)
    cases = [
        ("missing.png", "out.png", "missing.png does not exist"),
        ("broken.png", "out.png", "broken.png"),
        ("good.png", "out.gif", "must end in one of .png"),
        ("good.png", "out.jpg", "transparency, which JPEG cannot hold; write a .png or .webp"),
        ("deep.png", "out.jpg", "16 and JPEG keeps 8"),
        ("wide.png", "out.jpg", "JPEG has at most 65,500"),
        ("profiled.jpg", "out.png", "out.png could not be read again"),
        ("good.png", "good.png", "is the picture itself"),
        ("good.png", "link.png", "is the picture itself"),
        ("good.png", "deep.png", "exists already; --force replaces it, --skip-existing skips it"),
        ("good.png", "dangling.png", "exists already"),
        ("good.png", "folder", "is a folder; name the file to write"),
        ("good.png", "nowhere/out.png", "nowhere does not exist; make the folder first"),
        ("empty", "out", "holds no pictures"),
        ("folder", "good.png", "is a file; a folder of pictures goes into a folder"),
        ("folder", "folder", "none lies in the other"),
        ("folder", "folder/large", "none lies in the other"),
        ("folder", ".", "none lies in the other"),
    ]
    for source, target, message in cases:
        code, said = upscale(tmp_path / source, tmp_path / target)
        assert (code, said.count("\n")) == (2, 1), said
        assert message in said
        assert files(tmp_path) == before, source
    assert upscale(good, good, "--force")[0] == 2
    for model, message in (
        ("sesr_x2_subpixl", "did you mean sesr_x2_subpixel"),
        ("ae_subpixel", "ae_subpixel does not enlarge pictures"),
        ("bicubic_x1", "there is no published model 'bicubic_x1'"),
    ):
        code, said = upscale(good, tmp_path / "out.png", model=model)
        assert (code, said.count("\n")) == (2, 1)
        assert message in said
    for tile in ("0", "-3", "all", "1.5"):
        with pytest.raises(SystemExit) as stopped:
            upscale(good, tmp_path / "out.png", f"--tile={tile}")
        assert stopped.value.code == 2
    assert files(tmp_path) == before


def test_unusual_files_are_enlarged_and_harmful_ones_refused_in_a_line(upscale, tmp_path):
    colour = Image.fromarray(noise(8, 8, 3))
    colour.save(tmp_path / "named.png", "JPEG")
    colour.convert("CMYK").save(tmp_path / "printed.jpg")
    for name in ("named.png", "printed.jpg"):
        assert upscale(tmp_path / name, tmp_path / "out.png", "--force") == (0, "")
        expected = zoo.upscale(read_picture(tmp_path / name).pixels, MODEL)
        np.testing.assert_array_equal(read_picture(tmp_path / "out.png").pixels, expected)
    (tmp_path / "out.png").unlink()
    colour.save(tmp_path / "moving.png", save_all=True, append_images=[colour.rotate(90)])
    colour.save(tmp_path / "moving.webp", save_all=True, append_images=[colour.rotate(90)])
    colour.save(tmp_path / "other.png", "ICO")
    (tmp_path / "zero.png").touch()
    (tmp_path / "text.jpg").write_text("no picture")
    (tmp_path / "cut.jpg").write_bytes((tmp_path / "printed.jpg").read_bytes()[:-40])
    for name in ("moving.png", "moving.webp", "other.png", "zero.png", "text.jpg", "cut.jpg"):
        code, said = upscale(tmp_path / name, tmp_path / "out.png")
        assert (code, said.count("\n")) == (2, 1), name
        assert name in said
        assert not (tmp_path / "out.png").exists()


def test_metadata_are_kept_or_left_out_as_asked(upscale, tmp_path):
    exif = Image.Exif()
    exif[0x010F], exif[0x8769] = "Camera", {0xA002: 8, 0xA003: 8, 0xA001: 1}
    Image.fromarray(noise(8, 8, 3)).save(tmp_path / "small.jpg", dpi=(300, 300), exif=exif, xmp=b"<x/>")
    assert upscale(tmp_path / "small.jpg", tmp_path / "kept.jpg") == (0, "")
    with Image.open(tmp_path / "kept.jpg") as image:
        assert (image.info["dpi"], image.info["xmp"]) == ((300, 300), b"<x/>")
        assert image.getexif()[0x010F] == "Camera"
        assert image.getexif().get_ifd(0x8769) == {0xA002: 16, 0xA003: 16, 0xA001: 1}
    assert upscale(tmp_path / "small.jpg", tmp_path / "none.jpg", "--metadata", "none") == (0, "")
    with Image.open(tmp_path / "none.jpg") as image:
        assert not {"dpi", "exif", "xmp"} & set(image.info)
    code, said = upscale(tmp_path / "small.jpg", tmp_path / "large.bmp")
    assert (code, said.count("written without the picture's")) == (0, 2)
    assert upscale(tmp_path / "small.jpg", tmp_path / "other.bmp", "--metadata", "none") == (0, "")


def test_force_replaces_a_file(upscale, tmp_path):
    source, target = tmp_path / "small.png", tmp_path / "large.png"
    Image.fromarray(noise(6, 6, 3)).save(source)
    target.write_bytes(b"before")
    assert upscale(source, target, "--force", "--tile", "4") == (0, "")
    assert read_picture(target).pixels.shape == (12, 12, 3)


def test_extreme_pictures_are_enlarged(upscale, tmp_path):
    source, target = tmp_path / "small.png", tmp_path / "large.png"
    for height, width in ((1, 1), (1, 65_535), (20_000, 1)):
        pixels = noise(height, width, 3)
        Image.fromarray(pixels).save(source)
        assert upscale(source, target, "--force", "--tile", "4000") == (0, "")
        large = read_picture(target).pixels
        assert large.shape == (2 * height, 2 * width, 3)
        # Far from the ends, a part that is cut out is enlarged to the same pixels.
        np.testing.assert_array_equal(large[:30, :30], zoo.upscale(pixels[:40, :40], MODEL)[:30, :30])


def test_the_command_is_quiet(command_process, tmp_path, enlarging):
    Image.fromarray(noise(6, 6, 3)).save(tmp_path / "small.png")
    done = command_process(
        "zoo", "upscale", "small.png", "large.png", "--model", MODEL, ZOO_SAVED_MODELS=str(enlarging)
    )
    assert (done.returncode, done.stderr, done.stdout) == (0, "", "large.png\n")


def test_a_stopped_command_leaves_nothing(upscale, tmp_path, monkeypatch):
    Image.fromarray(noise(6, 6, 3)).save(tmp_path / "small.png")

    def stopped(file, *_):
        file.write(b"half a picture")
        raise KeyboardInterrupt

    monkeypatch.setattr("zoo.imaging.writing.encode", stopped)
    code, said = upscale(tmp_path / "small.png", tmp_path / "large.png")
    assert (code, said) == (130, "python -m zoo upscale: stopped\n")
    assert files(tmp_path) == {"small.png"}


# Run a module and print the peak of its memory. This takes a small process, because a large one passes its own peak
# on to the processes that it starts.
MEASURED = """
import resource, subprocess, sys
code = subprocess.run([sys.executable, "-m", *sys.argv[1:]]).returncode
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(code)
"""


@pytest.mark.slow
@pytest.mark.parametrize("name", ["sesr_x2_subpixel", "fsrcnn_x2_subpixel", "espcn_x2_subpixel"])
def test_twelve_megapixels_take_less_than_one_and_a_half_gigabytes(name, tmp_path):
    from tests.helpers.random_models import publish_random

    publish_random(tmp_path / "models", {name: {}})
    y, x = np.mgrid[:3000, :4000].astype(np.float32)
    waves = np.stack([128 + 60 * np.sin(x / a + y / 50) for a in (30, 40, 50)], -1) + np.random.default_rng(0).normal(
        0, 5, (3000, 4000, 3)
    )
    Image.fromarray(waves.clip(0, 255).astype(np.uint8)).save(tmp_path / "small.png")
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, "zoo", "upscale", "small.png", "large.png", "--model", name],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT), "ZOO_SAVED_MODELS": str(tmp_path / "models")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert Image.open(tmp_path / "large.png").size == (8000, 6000)
    assert int(done.stdout.split()[-1]) < 1.5 * 2**20

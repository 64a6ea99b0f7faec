"""Send pictures to `serve_bytes` from a process that knows TensorFlow only: results, refusals, and memory."""

import io
import json
import struct
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from tests.helpers.lying_pictures import chunk, jpeg, png
from training.publishing.saved_model import export
from training.tasks.super_resolution.encoded_pictures import SERVED_PIXELS, decoded
from zoo.models import build_model

SCALE = 2
MOST = SERVED_PIXELS // SCALE**2


def encoded(pixels, kind="PNG", **options):
    file = io.BytesIO()
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    image.save(file, kind, **options)
    return file.getvalue()


def noise(*shape, dtype=np.uint8):
    return np.random.default_rng(sum(shape)).integers(0, np.iinfo(dtype).max, shape, dtype)


SMALL = noise(9, 7, 3)
ALLOWED = {
    "png": (encoded(SMALL), SMALL),
    "one pixel": (encoded(SMALL[:1, :1]), SMALL[:1, :1]),
    "wide": (encoded(noise(1, 65_535, 3)), noise(1, 65_535, 3)),
    "high": (encoded(noise(65_535, 1, 3)), noise(65_535, 1, 3)),
    "grey": (encoded(SMALL[..., 0]), SMALL[..., :1].repeat(3, -1)),
    "alpha": (encoded(noise(9, 7, 4)), noise(9, 7, 4)[..., :3]),
    "16 bits": (encoded(noise(9, 7, dtype=np.uint16)), (noise(9, 7, dtype=np.uint16) >> 8)[..., None].repeat(3, -1)),
    "animation": (encoded(SMALL, save_all=True, append_images=[Image.fromarray(255 - SMALL)]), SMALL),
    "jpeg": (encoded(SMALL, "JPEG"), None),
    "progressive": (encoded(SMALL, "JPEG", progressive=True), None),
    "cmyk": (encoded(Image.fromarray(SMALL).convert("CMYK"), "JPEG"), None),
}
BOMBS = {
    "png": png(60_000, 60_000),
    "largest png": png(2**31 - 1, 2**31 - 1),
    "larger than png": png(2**32 - 1, 2**32 - 1),
    "one pixel more": png(1, MOST + 1),
    # TensorFlow skips an unknown chunk before the header, in which other sizes could stand.
    "header second": png(12_000, 12_000, before=chunk(b"juNk", struct.pack(">II", 4, 4))),
    "jpeg": jpeg(60_000, 60_000),
    "jpeg, progressive": jpeg(60_000, 60_000, progressive=True),
    "jpeg that TensorFlow would decode": jpeg(10_000, 10_000),
}
BROKEN = {
    "empty": b"",
    "text": b"no picture at all\n",
    "no text": b"\xff\xd8\x89 is not UTF-8",
    "gif": encoded(SMALL, "GIF"),
    "bmp": encoded(SMALL, "BMP"),
    "webp": encoded(SMALL, "WEBP"),
    "signature": b"\x89PNG\r\n\x1a\n",
    "no pixels": png(0, 5),
    "largest jpeg": jpeg(65_535, 65_535),
    "jpeg without lines": jpeg(64, 0),
    "start of a jpeg": b"\xff\xd8\xff\xe0nothing",
    **{f"png, {size} bytes": encoded(SMALL)[:size] for size in (9, 15, 20, 24, 40, 100)},
    **{f"jpeg, {size} bytes": encoded(SMALL, "JPEG")[:size] for size in (3, 4, 20, 200, 500)},
}

# Sends what the folder holds, and prints what came of each and the growth of the process's memory in MiB.
SENDER = """
import json, pathlib, re, sys
import tensorflow as tf
def memory(): return int(re.search(r"VmHWM:\\s+(\\d+)", pathlib.Path("/proc/self/status").read_text())[1]) / 1024
folder = pathlib.Path(sys.argv[1])
model = tf.saved_model.load(str(folder / "model"))
send = model.signatures["serve_bytes"]
names, said = json.loads((folder / "names.json").read_text()), {}
send(image_bytes=tf.constant([(folder / "first").read_bytes()]))
before = memory()
for number, name in enumerate(names):
    content = (folder / str(number)).read_bytes()
    try:
        (large,) = send(image_bytes=tf.constant([content]))["image_bytes"].numpy()
        said[name] = "enlarged to " + str(tf.io.decode_png(large).shape.as_list())
    except tf.errors.InvalidArgumentError as error:
        said[name] = error.message
print(json.dumps({"said": said, "memory": memory() - before}))
"""


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A small network with its endpoints."""
    folder = tmp_path_factory.mktemp("served") / "model"
    arguments = {"m": 1, "collapsed": True}
    export("sesr_x2_subpixel", arguments, build_model("sesr_x2_subpixel", **arguments).get_weights(), folder)
    return folder


def sent(model, contents):
    folder = model.parent
    (folder / "first").write_bytes(encoded(SMALL))
    (folder / "names.json").write_text(json.dumps(list(contents)))
    for number, content in enumerate(contents.values()):
        (folder / str(number)).write_bytes(content)
    done = subprocess.run(
        [sys.executable, "-c", SENDER, folder], cwd=folder, capture_output=True, text=True, timeout=400, check=False
    )
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert set(answer["said"]) == set(contents)
    return answer["said"], answer["memory"]


def test_pictures_are_enlarged_as_serve_uint8_does(model):
    saved = tf.saved_model.load(str(model))
    for name, (content, expected) in ALLOWED.items():
        (large,) = saved.serve_bytes(image_bytes=[content])["image_bytes"].numpy()
        small = tf.io.decode_image(content, channels=3).numpy() if expected is None else expected
        np.testing.assert_array_equal(
            tf.io.decode_png(large), saved.serve_uint8(image=small[None])["image"][0], err_msg=name
        )


def test_what_is_too_large_or_broken_is_refused_before_it_is_decoded(model):
    said, memory = sent(model, BOMBS | BROKEN)
    for name in BOMBS:
        assert "must hold pictures of 1 to 6,250,000 pixels" in said[name], name
    assert "[60000] [60000]" in said["jpeg"]
    for name in BROKEN:
        assert "enlarged" not in said[name], name
        assert len(said[name].split()) > 4, name
    assert memory < 64


def test_as_many_pixels_as_are_allowed_are_decoded():
    decode = tf.function(lambda content: decoded(content, SCALE), input_signature=[tf.TensorSpec((), tf.string)])
    height, width = MOST // 2500, 2500
    assert decode(jpeg(width, height)).shape == (height, width, 3)
    with pytest.raises(tf.errors.InvalidArgumentError, match="at most 25,000,000"):
        decode(jpeg(width, height + 1))

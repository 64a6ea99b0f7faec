"""The numbers of SECURITY.md are those of the code."""

import re
from pathlib import Path

from benchmarks.robustness.fuzz import FILE_SECONDS, MEMORY_LIMIT
from training.data.sources.picture_files import SUFFIXES
from training.tasks.super_resolution.encoded_pictures import SERVED_PIXELS
from zoo.imaging.reading import ALL_FORMATS, FORMATS, PIXEL_LIMIT
from zoo.pretrained.index import FILE_LIMIT, INDEX_LIMIT

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "SECURITY.md").read_text()


def test_every_number_is_a_constant_of_the_code():
    found = re.findall(r"(?<![\w-])\d[\d,]*(?= |$)", PAGE.replace("JPEG 2000", ""), re.MULTILINE)
    numbers = [int(number.replace(",", "")) for number in found]
    limits = [INDEX_LIMIT, FILE_LIMIT, PIXEL_LIMIT, PIXEL_LIMIT, SERVED_PIXELS, FILE_SECONDS, MEMORY_LIMIT]
    assert sorted(number for number in numbers if number > 9) == sorted(limits)


def test_limits_stand_where_they_belong():
    for words in (
        f"has more than {INDEX_LIMIT:,} bytes",
        f"more than {FILE_LIMIT:,} bytes",
        f"QOI, no animations | {PIXEL_LIMIT:,}, or",
        f"WebP and BMP, no animations | {PIXEL_LIMIT:,} |",
        f"| {SERVED_PIXELS:,} once enlarged |",
        f"more than {FILE_SECONDS:g} seconds or more than {MEMORY_LIMIT:,.0f} MiB",
    ):
        assert words in re.sub(r"\n(?!\|)", " ", PAGE)
    assert FORMATS == ("PNG", "JPEG", "WEBP")
    names = {"WEBP": "WebP", "JPEG2000": "JPEG 2000"}
    *formats, last = (names.get(each, each) for each in ALL_FORMATS)
    assert f"| {', '.join(formats)} and {last}, no animations |" in PAGE
    assert {".png", ".jpg", ".jpeg", ".webp", ".bmp"} == SUFFIXES


def test_the_readme_leads_to_the_page():
    assert "(SECURITY.md)" in (ROOT / "README.md").read_text()

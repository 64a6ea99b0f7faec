"""Use the page as a visitor does, in headless Chromium, by real clicks, keys, drags and drops."""

import functools
import http.server
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import zoo
from tests.helpers.browser import BROWSER, DRIVER, Page, browser
from zoo.demo.build import built_page
from zoo.demo.packages import PackageUnavailableError
from zoo.demo.server import create_server

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (BROWSER and DRIVER), reason="needs chromium and chromedriver"),
]

# Every other name than this machine's address cannot be found, which the console would show.
_NOWHERE = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
# Sizes are written with the sign of multiplication.
_BY = " \u00d7 "
_SAID = 'document.getElementById("said").textContent'


@pytest.fixture(scope="module")
def folder() -> Path:
    try:
        return built_page(print)
    except PackageUnavailableError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def served(folder: Path) -> Iterator[str]:
    """Serve the page as `python -m zoo demo` does."""
    server = create_server(folder, 0)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="module")
def shared_page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with browser(tmp_path_factory.mktemp("profile"), _NOWHERE) as page:
        yield page


@pytest.fixture
def page(shared_page: Page, served: str, tmp_path: Path) -> Iterator[Page]:
    """Open the page anew; downloads go to `tmp_path`, and nothing may have been written to the console."""
    shared_page.tell("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(tmp_path))
    shared_page.open("about:blank")
    shared_page.open(served)
    shared_page.wait_until(f'return {_SAID}.includes("to begin with")')
    yield shared_page
    assert shared_page.messages() == []


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """Write a picture of 320x180: smooth colours, edges and noise."""
    y, x = np.mgrid[:180, :320]
    noise = np.random.default_rng(0).integers(0, 40, (180, 320, 3))
    colours = np.stack([x * 0.6, y * 1.1, 128 + 80 * ((x // 20 + y // 15) % 2)], -1) + noise
    path = tmp_path / "source.png"
    Image.fromarray(np.clip(colours, 0, 255).astype(np.uint8)).save(path)
    return path


def _drop(page: Page, path: Path) -> None:
    data = {"items": [], "files": [str(path)], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        page.tell("Input.dispatchDragEvent", type=kind, x=400, y=300, data=data)


def _finished(page: Page, words: str = f"became 640{_BY}360 pixels. The transposed twin took") -> None:
    page.wait_until(f"return {_SAID}.includes({json.dumps(words)})")


def _said(page: Page, element: str, words: str) -> None:
    page.wait_until(
        f"return document.getElementById({json.dumps(element)}).textContent.startsWith({json.dumps(words)})"
    )


def _saved(page: Page, form: str, path: Path) -> np.ndarray:
    page.click(f'[data-form="{form}"] .save')
    until = time.monotonic() + 30
    while not path.is_file():
        assert time.monotonic() < until, f"{path.name} is not there, but {list(path.parent.iterdir())}"
        time.sleep(0.1)
    return np.asarray(Image.open(path)).astype(int)


def test_a_dropped_picture_becomes_what_the_command_makes_of_it(
    page: Page, command, picture: Path, tmp_path: Path
) -> None:
    _drop(page, picture)
    _finished(page)
    for form, model in (
        ("bicubic", "bicubic_x2"),
        ("subpixel", "sesr_x2_subpixel"),
        ("transpose", "sesr_x2_transpose"),
    ):
        named = "sesr_x2_subpixel" if form == "transpose" else model
        done = command("zoo", "upscale", picture, tmp_path / f"{form}.png", "--model", named)
        assert done.returncode == 0, done.stderr
        expected = np.asarray(Image.open(tmp_path / f"{form}.png")).astype(int)
        ours = _saved(page, form, tmp_path / f"source-{model}.png")
        assert ours.shape == expected.shape == (360, 640, 3) or ours.shape == (360, 640, 4)
        assert np.abs(ours[..., :3] - expected).max() <= 1
        # The bound above says nothing if hardly a pixel is equal.
        assert (ours[..., :3] == expected).mean() > 0.99


@pytest.mark.parametrize("scale", [3, 4])
def test_other_networks_and_scales_agree_too(page: Page, picture: Path, tmp_path: Path, scale: int) -> None:
    page.run('document.getElementById("network").value = "FSRCNN"')
    page.click(f'#scales label:has([value="{scale}"])')
    _drop(page, picture)
    _finished(page, f"became {320 * scale}{_BY}{180 * scale} pixels. The transposed twin took")
    name = {3: "fsrcnn_x3_subpixel", 4: "fsrcnn_x4_transpose"}[scale]
    expected = zoo.upscale(np.asarray(Image.open(picture)), name).astype(int)
    for form in ("subpixel", "transpose"):
        ours = _saved(page, form, tmp_path / f"source-fsrcnn_x{scale}_{form}.png")
        assert np.abs(ours[..., :3] - expected).max() <= 1


def test_320_by_180_pixels_are_enlarged_within_a_second(page: Page, picture: Path) -> None:
    _drop(page, picture)
    _finished(page)
    # From the click to the moment when the sub-pixel network's enlargement is shown, bicubic one and colours included.
    page.run("""
        const time = document.querySelector('[data-form="subpixel"] .time');
        document.getElementById("go").addEventListener("click", () => (window.start = performance.now()), true);
        new MutationObserver(() => {
            if (time.textContent) window.took = performance.now() - window.start;
        }).observe(time, {childList: true});
    """)
    times = []
    for _ in range(3):
        page.run("window.took = 0")
        page.click("#go")
        times.append(page.wait_until("return window.took"))
        _finished(page)
    print("milliseconds from the click:", times)
    assert min(times) < 1000


def test_the_slider_and_the_zoom_follow_mouse_and_keys(page: Page, picture: Path) -> None:
    _drop(page, picture)
    _finished(page)
    labels = (
        'return [document.getElementById("label-left").textContent, document.getElementById("label-right").textContent]'
    )
    zoom = 'return parseInt(document.getElementById("zoom-now").value)'
    assert page.run(labels) == ["Bicubic", "Sub-pixel"]
    page.type("#wipe", "\ue010")  # End
    assert page.run(labels) == ["", "Transposed"]
    page.type("#wipe", "\ue012" * 20)  # Left
    assert page.run(labels) == ["Sub-pixel", "Transposed"]
    before = page.run('return Number(document.getElementById("wipe").value)')
    assert before == 80
    grip, middle = (
        page.run(f'const b = document.getElementById("{name}").getBoundingClientRect(); return b.left + b.width / 2')
        for name in ("wipe-grip", "view")
    )
    page.drag("#view", (grip - middle, 0), (grip - middle + 60, 0))
    assert page.run('return Number(document.getElementById("wipe").value)') < before
    fitted = page.run(zoom)
    page.type("#view", "++")
    assert page.run(zoom) == pytest.approx(1.25**2 * fitted, abs=2)
    page.type("#view", "1")
    assert page.run(zoom) == 100
    page.type("#view", "0")
    assert page.run(zoom) == fitted
    page.click("#zoom-in")
    assert page.run(zoom) == pytest.approx(1.5 * fitted, abs=2)
    page.click("#beside")
    assert page.run('return document.getElementById("wipe").disabled')


def test_what_cannot_be_enlarged_gets_a_sentence(page: Page, tmp_path: Path) -> None:
    (tmp_path / "notes.png").write_text("no picture")
    _drop(page, tmp_path / "notes.png")
    _said(page, "said", "notes.png is not a picture that this browser can read. PNG, JPEG and WebP work.")
    Image.new("L", (4000, 3000)).save(tmp_path / "huge.png")
    page.type("#file", str(tmp_path / "huge.png"))
    page.wait_until(f'return {_SAID}.startsWith("4000{_BY}3000 pixels become 48 megapixels")')


def test_a_large_picture_shows_progress_and_can_be_cancelled(page: Page, tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (1500, 2000, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "large.png")
    page.type("#file", str(tmp_path / "large.png"))
    page.wait_until('return document.getElementById("doing").textContent === "Sub-pixel"')
    page.wait_until('const bar = document.getElementById("progress"); return bar.value > 0 && bar.value < 1')
    page.click("#cancel")
    page.wait_until(f'return {_SAID} === "Cancelled."', seconds=20)
    assert page.run('return document.getElementById("work").hidden')
    page.click("#sample")
    _finished(page, f"240{_BY}160 became 480{_BY}320 pixels. The transposed twin took")


def test_transparency_is_kept(page: Page, picture: Path, tmp_path: Path) -> None:
    clear = Image.open(picture).convert("RGBA")
    alpha = np.full((180, 320), 255, np.uint8)
    alpha[60:120, 100:220] = 0
    clear.putalpha(Image.fromarray(alpha))
    clear.save(tmp_path / "clear.png")
    _drop(page, tmp_path / "clear.png")
    _finished(page)
    expected = zoo.upscale(np.asarray(clear), "sesr_x2_subpixel").astype(int)
    ours = _saved(page, "subpixel", tmp_path / "clear-sesr_x2_subpixel.png")
    assert np.abs(ours[..., 3] - expected[..., 3]).max() <= 1
    # Far from the hole, nothing differs from an opaque picture.
    assert np.abs(ours[:60] - expected[:60]).max() <= 1


def test_a_digit_that_is_drawn_is_drawn_again_by_four(page: Page) -> None:
    page.click("#tab-draw")
    page.drag("#paper", (-50, -70), (50, -70), (10, 0), (-20, 90))
    _said(page, "draw-said", "Yours reads as 7; redrawn, as 7, 7, 7, 7.")
    decibels = page.run(
        'return [...document.querySelectorAll("#redrawn li span:last-child")].map(e => parseFloat(e.textContent))'
    )
    assert len(decibels) == 5 and min(decibels[1:]) > 25
    page.click('#digits label:has([value="3"])')
    _said(page, "draw-said", "Yours reads as 3;")
    page.click("#clear")
    _said(page, "draw-said", "Nothing drawn yet.")


def test_moving_through_latents_changes_the_picture(page: Page, folder: Path) -> None:
    shown = 'return document.getElementById("drawn").toDataURL()'
    page.run('document.getElementById("tab-enlarge").focus()')
    page.type("#tab-enlarge", "\ue012")  # Left, round to the last tab
    names = [each["name"] for each in json.loads((folder / "models" / "models.json").read_text())["generators"]]
    assert {"vae_subpixel", "dcgan_subpixel"} <= set(names)
    for name in ("vae_subpixel", "dcgan_subpixel"):
        page.run(f'document.getElementById("generator").value = "{name}"')
        before = page.run(shown)
        page.click("#new")
        page.wait_until(f'return document.getElementById("drawn").toDataURL() !== "{before}"')
        middle = page.run(shown)
        page.type("#across", "\ue010")  # End
        _said(page, "wander-said", "Across 100, down 50: drawn in")
        assert page.run(shown) != middle


def test_plain_files_work_from_any_folder_of_any_server(folder: Path, picture: Path, tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "try").symlink_to(folder)

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Handler, directory=str(tmp_path / "site"))
    )
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        with browser(tmp_path / "profile", _NOWHERE) as page:
            page.open(f"http://127.0.0.1:{server.server_address[1]}/try/")
            page.wait_until(f'return {_SAID}.includes("to begin with")')
            transferred = page.run(
                'return performance.getEntriesByType("resource").reduce((sum, each) => sum + each.transferSize, 0)'
            )
            assert 0 < transferred < 3e6
            assert page.run("return crossOriginIsolated") is False
            _drop(page, picture)
            _finished(page)
            assert page.messages() == []
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

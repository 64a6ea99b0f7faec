import subprocess
import sys

import pytest

from tests.helpers.browser import BROWSER, DRIVER, browser, free_port, wait_for_port
from training.compare.report.write import write_report

pytestmark = pytest.mark.skipif(
    not (BROWSER and DRIVER), reason="needs chromium and chromedriver; .ci/run installs them"
)


@pytest.fixture
def page(tmp_path):
    with browser(tmp_path / "profile") as page:
        yield page


def test_the_report_opens_sorts_and_zooms(comparison, page):
    page.open(write_report(comparison).as_uri())
    assert page.run("return document.title") == "ae: which up-sampler?"
    assert page.run("return [...document.images].every(image => image.complete && image.naturalWidth > 0)")
    assert (
        page.run("return performance.getEntriesByType('resource').filter(e => !e.name.startsWith('data:')).length") == 0
    )

    def twins():
        return page.run("return [...document.querySelectorAll('tbody tr')].map(row => row.dataset.twin)")

    def click(heading):
        page.run("[...document.querySelectorAll('th')].find(h => h.textContent === arguments[0]).click()", heading)

    assert twins() == ["own/subpixel", "own/transpose", "own/resize"]
    click("forward ms")
    assert twins() == ["own/resize", "own/subpixel", "own/transpose"]
    click("forward ms")
    assert twins() == ["own/transpose", "own/subpixel", "own/resize"]
    click("twin")
    assert twins() == ["own/resize", "own/subpixel", "own/transpose"]

    width = "return document.querySelector('.crop img').getBoundingClientRect().width"
    before = page.run(width)
    page.run("zoom.value = 4; zoom.dispatchEvent(new Event('input'))")
    assert page.run(width) == pytest.approx(4 * before)
    shown = "return [...document.querySelectorAll('.row')].map(row => row.getBoundingClientRect().height > 0)"
    assert page.run(shown) == [True, False]
    page.run("showing.value = '1'; showing.dispatchEvent(new Event('change'))")
    assert page.run(shown) == [False, True]
    assert page.errors() == []


@pytest.mark.slow
def test_tensorboard_shows_scalars_pictures_and_hyper_parameters(comparison, page, tmp_path):
    write_report(comparison)
    port = free_port()
    board = subprocess.Popen(
        [sys.executable, "-m", "tensorboard.main", "--logdir", str(comparison), "--port", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for_port(port)
        page.open(f"http://127.0.0.1:{port}/?tagFilter=eval%2F#timeseries")
        page.wait_for("eval/psnr", "eval/pictures", "own/resize/seed0")
        page.open(f"http://127.0.0.1:{port}/?tagFilter=compare%2F#timeseries")
        page.wait_for("compare/quality", "compare/latency", "compare/spectra", "compare/pictures")
        page.open(f"http://127.0.0.1:{port}/?table#hparams")
        page.wait_for("up-sampler", "after/psnr", "own/transpose/seed2")
    finally:
        board.terminate()
        board.wait(30)

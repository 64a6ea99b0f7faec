"""Test what the page says about initialisers, on results whose effects are known."""

import itertools

from scripts.findings_icnr import section

EQUAL_PHASES, LARGER_VARIANCE = {"icnr", "icnr_small"}, {"icnr", "glorot_large"}


def rows(model, phases, variance, noise=0.01):
    """Return the rows of two seeds in which equal phases and the larger variance gain so many dB."""
    starts = ("icnr", "glorot", "icnr_small", "glorot_large")
    for start, form, seed, step in itertools.product(starts, ("subpixel", "transpose"), (0, 1), (0, 500)):
        gain = phases * (start in EQUAL_PHASES) + variance * (start in LARGER_VARIANCE)
        # Seeds differ by much, and the same in all starts, but for the noise.
        quality = 30 + 5 * seed + gain + noise * seed * (start == "glorot") + 0.02 * (form == "transpose")
        yield {
            "model": model,
            "source": "mnist",
            "start": start,
            "form": form,
            "seed": str(seed),
            "step": str(step),
            "psnr": str(quality if step else ""),
            "share_among_phases": "0.25" if step else "0",
        }


def test_an_effect_is_split_into_phases_and_variance():
    heading, _, text, _, _, _, table = section([*rows("ae", 0.3, -0.1), *rows("espcn_x3", 0, 0)])
    assert heading == "## Does ICNR help?"
    # The noise of one seed takes 0.005 of 0.2 dB.
    assert "**ICNR gains 0.20 dB for `ae` and was not shown to matter for `espcn_x3`, compared with Glorot.**" in text
    assert "Having equal phases gains 0.30 dB for `ae` and was not shown to matter for `espcn_x3`." in text
    assert "Having the larger variance loses 0.10 dB for `ae`" in text
    assert "Training the transposed form of the same start gains 0.02 dB for `ae` and 0.02 dB for `espcn_x3`." in text
    assert "with two seeds" in text
    (row,) = [line for line in table.splitlines() if line.startswith("| `ae`")]
    assert row.startswith("| `ae`, MNIST, 500 steps | **+0.195 (+0.131 to +0.259)** | **+0.297 (")
    assert row.endswith("| **+0.020 (+0.020 to +0.020)** | 0.25 |")


def test_without_results_there_is_no_section():
    assert section([]) == []

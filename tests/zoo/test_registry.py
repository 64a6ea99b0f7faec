import subprocess
import sys

import pytest

import zoo
from zoo import registry
from zoo.registry import UnknownNameError

UPSAMPLERS = ("subpixel", "transpose", "transpose_2r", "resize")


def test_names_of_a_family_and_wildcards():
    assert zoo.list_models("ae_*") == sorted(f"ae_{upsampler}" for upsampler in UPSAMPLERS)
    assert zoo.list_models("ae_t*") == ["ae_transpose", "ae_transpose_2r"]
    assert zoo.list_models("nothing*") == []


def test_scaled_names_are_made_and_parsed(monkeypatch):
    monkeypatch.setattr(registry, "_FAMILIES", {})

    @registry.family("toy", kind="super-resolution", upsamplers=("subpixel",), scales=(2, 3))
    def toy(upsampler, *, scale, width=3):
        return upsampler, scale, width

    assert registry.families()["toy"].model_names() == ["toy_x2_subpixel", "toy_x3_subpixel"]
    name = registry.parse_name("toy_x3_subpixel")
    assert (name.family.name, name.scale, name.upsampler, str(name)) == ("toy", 3, "subpixel", "toy_x3_subpixel")
    assert list(name.family.arguments) == ["width"]
    with pytest.raises(UnknownNameError, match=r"toy_x4_subpixel.*did you mean toy_x"):
        registry.parse_name("toy_x4_subpixel")


def test_a_family_without_upsampler_is_named_alone(monkeypatch):
    monkeypatch.setattr(registry, "_FAMILIES", {})
    registry.family("alone", kind="classifier", upsamplers=())(lambda: None)
    assert registry.families()["alone"].model_names() == ["alone"]
    assert registry.parse_name("alone").upsampler is None


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("Bad_Name", {"kind": "vae"}, "only a-z and 0-9"),
        ("toy", {"kind": "painting"}, "'painting' is not one of"),
        ("toy", {"kind": "vae", "upsamplers": ("bicubic",)}, "bicubic"),
        ("ae", {"kind": "autoencoder"}, "registered already"),
    ],
)
def test_a_family_that_cannot_be_registered_says_why(name, arguments, message):
    zoo.list_models()
    with pytest.raises(ValueError, match=message):
        registry.family(name, **arguments)(lambda: None)


def test_unknown_names_come_with_the_closest():
    with pytest.raises(UnknownNameError, match=r"'ae_subpixl' \(did you mean ae_subpixel"):
        zoo.create_model("ae_subpixl")
    with pytest.raises(UnknownNameError, match=r"no argument 'filter' \(did you mean filters\?\); choose from "):
        zoo.create_model("ae_subpixel", filter=3)


def test_listing_models_loads_no_framework_and_is_quick():
    code = """
import sys, time
started = time.process_time()
import zoo
names = zoo.list_models()
seconds = time.process_time() - started
assert names, names
loaded = {"tensorflow", "keras", "numpy", "PIL"} & set(sys.modules)
assert not loaded, loaded
print(seconds)
"""
    runs = [subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False) for _ in range(3)]
    assert [run.returncode for run in runs] == [0, 0, 0], runs[0].stderr
    assert min(float(run.stdout) for run in runs) < 0.3

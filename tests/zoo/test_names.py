import pytest

from zoo import names
from zoo.names import PublishedName, closest, matching, remedy, similar


@pytest.mark.parametrize(
    ("text", "model", "tag"),
    [
        ("ae_subpixel", "ae_subpixel", None),
        ("ae_subpixel.cifar10", "ae_subpixel", "cifar10"),
        ("span_x2_subpixel.photo.v2", "span_x2_subpixel", "photo.v2"),
        ("ae_subpixel.", "ae_subpixel", ""),
    ],
)
def test_a_published_name_is_split_at_its_first_dot_and_written_again(text, model, tag):
    name = PublishedName.parse(text)
    assert (name.model, name.tag) == (model, tag)
    assert str(name) == text


def test_the_closest_names_are_suggested():
    known = ["transpose", "transpose_2r", "resize"]
    assert closest("transpos", known) == " (did you mean transpose, transpose_2r?)"
    assert closest("zzz", known) == ""
    assert similar("transpos", known, count=1) == ["transpose"]
    assert similar("size", known, least=0.9) == []


def test_a_few_names_are_listed_and_many_are_found_by_a_command():
    assert remedy("transpos", ["transpose", "resize"]) == " (did you mean transpose?); choose from transpose, resize"
    assert remedy("zzz", map(str, range(11)), "this") == "; this lists all"
    assert remedy("zzz", map(str, range(10)), "this") == "; choose from 0, 1, 2, 3, 4, 5, 6, 7, 8, 9"
    assert remedy("zzz", []) == "; there are none"


def test_wildcards_match_whole_names_and_case():
    assert matching(["b1", "a1", "a2", "A1"], "a?") == ["a1", "a2"]
    assert matching(["b1", "a1"], "*") == ["a1", "b1"]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("subpixel", "registered already"),
        ("x2_mine", "do not begin it like a scale"),
        ("x3", "do not begin it like a scale"),
        ("Mine", "use a-z, 0-9 and _"),
    ],
)
def test_a_name_that_an_upsampler_cannot_have_says_why(name, message):
    with pytest.raises(ValueError, match=message):
        names.add_upsampler_name(name)


def test_an_added_name_comes_after_the_zoos_own(monkeypatch):
    monkeypatch.setattr(names, "_ADDED", [])
    names.add_upsampler_name("mine")
    assert names.upsampler_names() == (*names.UPSAMPLERS, "mine")
    with pytest.raises(ValueError, match="'mine' is registered already"):
        names.add_upsampler_name("mine")

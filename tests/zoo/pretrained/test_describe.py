"""Test the cards that are printed for people."""

import json
import re

import pytest

import zoo
from zoo.pretrained.describe import card_text, describe
from zoo.pretrained.references import SOURCES, papers


def test_a_card_shows_figures_between_those_of_papers():
    text = card_text("espcn_x3_subpixel")
    names = re.findall(r"^  (\S.*?) {2,}.*\d\d\.\d\d", text, re.MULTILINE)
    # The figures of the papers' own tables, in the order of their PSNR on Set5.
    assert names[0] == "bicubic"
    assert names.index("SRCNN") < names.index("FSRCNN") < names.index("VDSR")
    assert "bicubic" in text
    assert re.search(r"SRCNN +57K +32\.75 / 0\.9090 +29\.28 / 0\.8209", text)
    assert re.search(r"espcn_x3_subpixel +22\.7K +32\.6\d / 0\.90\d\d +29\.1\d / ", text)


@pytest.mark.parametrize("name", zoo.list_models(pretrained=True))
def test_every_card_says_all_that_people_ask(name):
    title, *sections = describe(name)
    assert title.heading == name
    headings = [section.heading for section in sections]
    assert headings[0].startswith("Quality")
    assert headings[1:] == ["Limits", "Use it", "Train it again", "Data and licence", "Paper"]
    card = zoo.card(name)
    text = card_text(name)
    assert all(len(line) <= 130 for line in text.splitlines())
    assert f"{card['parameters']:,} parameters" in text
    assert card["command"] in text.replace(" \\\n    ", " ")
    assert set(card["source"].split("+")) <= set(SOURCES), "say where the source comes from, and under which licence"
    assert f"The weights: {card['licence']}." in text


def test_a_generator_tells_what_it_misses():
    card = zoo.card("dcgan_subpixel.cifar10")["metrics"]
    text = " ".join(card_text("dcgan_subpixel.cifar10").split())
    assert f"{card['recall']['value']:.0%} of the real pictures have samples like them" in text


def test_figures_of_degraded_pictures_stand_beside_those_of_clean_ones():
    metrics = zoo.card("sesr_x2_subpixel.photo")["metrics"]
    text = card_text("sesr_x2_subpixel.photo")
    assert f"With jpeg:40 in addition: {metrics['psnr_y.set5.jpeg:40']['value']:.2f} / " in text
    assert re.search(rf"sesr_x2_subpixel.photo +18.4K +{metrics['psnr_y']['value']:.2f} / ", text)


def test_papers_are_read_for_a_scale_alone():
    by_name = {paper.model: paper for paper in papers(3)}
    assert by_name["FSRCNN"].quality == {"set5": ("33.16", "0.9140"), "set14": ("29.43", "0.8242")}
    assert not papers(7)


def test_the_command_prints_the_card_or_its_facts(command):
    done = command("zoo", "card", "ae_subpixel")
    assert (done.returncode, done.stdout) == (0, card_text("ae_subpixel") + "\n")
    done = command("zoo", "card", "ae_subpixel", "--json")
    assert json.loads(done.stdout) == zoo.card("ae_subpixel")
    done = command("zoo", "card", "nosuch")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)

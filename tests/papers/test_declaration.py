"""What ``paper.toml`` may say, and what the loader answers to the rest."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolvent.papers import PaperError, load
from resolvent.papers.declaration import Band


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('title = "Harmonic Numbers for the Impatient"', "", "key 'title' is missing"),
        ("authors =", "autors =", "'autors'; did you mean 'authors'"),
        ("full = { n = 100 }", "", "cases.sum: key 'full' is missing"),
        ("full = {}", "fall = {}", "'fall'; did you mean 'full'"),
        ("quick = { at_most = 4 }", "", r"expect 2 \(terms\): a band is missing"),
        ("at_most = 4", "at_mots = 4", r"expect 2 \(terms\): quick: want { at_most = x }"),
        ("at_most = 4", 'at_most = "4"', r"expect 2 \(terms\): quick: want"),
        ("at_most = 4", "at_most = 4, at_least = 3", "quick: want"),
        ("[2.083, 2.084]", "[2.083]", "quick: want"),
        ("[2.083, 2.084]", "[2.084, 2.083]", "quick: want"),
        ('origin = "theory"', "", r"expect 1 \(harmonic\): key 'origin' is missing"),
        (
            'origin = "theory"',
            'origin = "guess"',
            r"origin in expect 1 \(harmonic\): 'guess'; there is: paper, theory, ours",
        ),
        ("paper = 5", "", "key 'paper'"),
        ('origin = "ours"', 'origin = "ours"\npaper = 1', "key 'paper'"),
        (
            'claim = "fails"',
            'claim = "fail"',
            r"claim in expect 2 \(terms\): 'fail'; did you mean 'fails'",
        ),
        ('note = "the paper counts from zero"', "", "key 'note' must say why"),
        (
            'case = "exotic"',
            'case = "exotics"',
            r"case in expect 3 \(rarity\): 'exotics'; did you mean 'exotic'",
        ),
        (
            'cases = ["sum"]',
            'cases = ["sums"]',
            r"case in figure 1 \(F1\): 'sums'; did you mean 'sum'",
        ),
        ('function = "partial_sums"', "", "key 'function' is missing"),
        ('name = "F1"\n', "", "key 'name' is missing"),
        ("[cases.sum]", "[cases.sum", r"line \d+"),
    ],
)
def test_a_fault_is_named_with_its_file_and_key(toy, old, new, complaint):
    toy.edit("paper.toml", old, new)
    with pytest.raises(PaperError, match=rf"harmonic_numbers/paper.toml: .*{complaint}"):
        load(toy.slug, home=toy.home)


@given(st.floats(allow_nan=False), st.floats(allow_nan=False), st.floats())
def test_a_band_is_a_closed_interval_without_nan(low, high, value):
    band = Band(low, high)
    assert (value in band) == (not math.isnan(value) and not value < low and not value > high)


@pytest.mark.parametrize(
    ("band", "text"),
    [(Band(high=0.5), "<= 0.5"), (Band(low=3), ">= 3"), (Band(0.25, 4e-9), "0.25 to 4e-09")],
)
def test_a_band_reads_as_an_inequality(band, text):
    assert str(band) == text

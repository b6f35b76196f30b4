"""The Python side: produce or load, and what makes a stored number stale."""

import json

import numpy as np
import pytest

from resolvent.papers import MissingNeedError, PaperError, Results, load


@pytest.fixture
def paper(toy):
    return load(toy.slug, home=toy.home)


def test_results_survive_storage(paper, toy):
    first = paper.run("sum", out=toy.out)
    second = paper.run("sum", out=toy.out)
    assert toy.runs == 1
    assert first.scalars == second.scalars
    assert first.meta == second.meta
    np.testing.assert_array_equal(first.arrays["partial"], second.arrays["partial"])


def test_meta_says_where_a_number_comes_from(paper, toy):
    meta = paper.run("sum", seed=3, out=toy.out).meta
    assert {"commit", "versions", "device", "seed", "seconds", "backend"} <= set(meta)
    assert meta["seed"] == 3
    assert meta["versions"]["numpy"] == np.__version__
    assert meta["seconds"] > 0


def test_the_seed_decides_the_random_numbers(paper, toy):
    draws = [paper.run("sum", seed=s, out=toy.out, force=True).scalars["draw"] for s in (0, 0, 1)]
    assert draws[0] == draws[1] != draws[2]


@pytest.mark.parametrize(
    ("file", "old", "new", "runs"),
    [
        ("experiment.py", "1 for", "1  for", 2),
        ("paper.toml", "n = 4", "n = 5", 2),
        ("paper.toml", "2.084", "2.085", 1),  # a band judges numbers, it doesn't make them
        ("figures.py", "terms", "index", 1),
    ],
)
def test_a_result_is_stale_once_what_makes_it_changes(toy, file, old, new, runs):
    load(toy.slug, home=toy.home).run("sum", out=toy.out)
    toy.edit(file, old, new)
    load(toy.slug, home=toy.home).run("sum", out=toy.out)
    assert toy.runs == runs


def test_scale_and_seed_are_stored_apart(paper, toy):
    for options in ({}, {"scale": "full"}, {"seed": 1}):
        for _ in range(2):
            paper.run("sum", out=toy.out, **options)
    assert toy.runs == 3


def test_the_environment_names_the_folder_of_results(paper, toy, monkeypatch):
    monkeypatch.setenv("RESOLVENT_RESULTS", str(toy.out))
    paper.run("sum")
    assert len(list((toy.out / toy.slug).glob("sum-quick-*.json"))) == 1


def test_progress_wraps_the_long_loop(paper, toy):
    seen = []

    def progress(iterable):
        for item in iterable:
            seen.append(item)
            yield item

    paper.run("sum", out=toy.out, progress=progress)
    assert seen == [0, 1, 2, 3]


def test_a_case_with_an_unmet_need_raises_its_reason(paper, toy):
    with pytest.raises(MissingNeedError, match="no_such_package_anywhere"):
        paper.run("exotic", out=toy.out)
    with pytest.raises(MissingNeedError, match="no_such_package_anywhere"):
        paper.figure("F2", out=toy.out)
    assert isinstance(paper.run_all(out=toy.out)["exotic"], MissingNeedError)


def test_figure_has_the_title_and_the_shared_style(paper, toy):
    figure = paper.figure("F1", out=toy.out)
    assert figure.get_suptitle() == "Slow growth"
    [axes] = figure.axes
    assert axes.lines[0].get_color() == "#0072B2"
    assert not axes.spines["top"].get_visible()


def test_check_runs_only_cases_with_a_band_at_the_scale(toy):
    toy.edit("paper.toml", "full = { at_least = 5.18 }", "")
    assert load(toy.slug, home=toy.home).check(scale="full", out=toy.out)
    assert toy.runs == 0


@pytest.mark.parametrize(("argument", "word"), [("scale", "quik"), ("backend", "nunpy")])
def test_a_wrong_word_gets_a_suggestion(paper, toy, argument, word):
    with pytest.raises(PaperError, match=f"unknown {argument} '{word}'; did you mean"):
        paper.run("sum", out=toy.out, **{argument: word})


def test_slug_may_be_spelt_with_underscores(toy):
    assert load("harmonic_numbers", home=toy.home).slug == "harmonic-numbers"


def test_results_come_to_the_host(backend):
    results = Results({"one": backend.asarray(1.0)}, {"x": backend.asarray([1.0, 2.0])})
    assert type(results.scalars["one"]) is float
    assert type(results.arrays["x"]) is np.ndarray


def test_stored_json_is_for_humans(paper, toy):
    paper.run("sum", out=toy.out)
    [file] = (toy.out / toy.slug).glob("*.json")
    kept = json.loads(file.read_text())
    assert kept["meta"]["parameters"] == {"n": 4}
    assert sorted(path.suffix for path in file.parent.iterdir()) == [".json", ".npz"]

"""The figures of ``paper.toml``, each a function from results to a matplotlib figure."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator

from resolvent.papers.deep_conjugate_direction.iterations import RTOL
from resolvent.papers.results import Results

__all__ = ["cost", "residuals", "steps", "training"]

LOOKS: dict[str, dict[str, Any]] = {
    "cg": {"label": "CG", "color": "#000000", "marker": "o"},
    "deflated": {"label": "CG, 16 eigenvectors deflated", "color": "#CC79A7", "marker": "s"},
    "ic": {"label": "CG, IC(0)", "color": "#E69F00", "marker": "^"},
    "dcdm_two_levels": {"label": "DCDM, two levels", "color": "#56B4E9", "marker": "v"},
    "dcdm": {"label": "DCDM, all levels", "color": "#0072B2", "marker": "D"},
    "dcdm_untrained": {
        "label": "DCDM, untrained",
        "color": "#999999",
        "marker": "X",
        "linestyle": "--",
    },
    "multigrid": {"label": "CG, multigrid", "color": "#009E73", "marker": "P"},
}


def steps(results: Mapping[str, Results]) -> Figure:
    """Steps over the cells of a side, each trial and the mean."""
    data = results["iterations"].arrays
    sizes = data["sizes"]
    figure, panel = plt.subplots(figsize=(6.8, 4.6))
    for name, look in LOOKS.items():
        panel.loglog(sizes, data[name].mean(axis=1), **look)
        spread = {**look, "label": None, "linestyle": "", "markersize": 3, "alpha": 0.5}
        panel.loglog(sizes, data[name], **spread)
    panel.set_xticks(sizes, [f"{n}²" for n in sizes])
    panel.xaxis.set_minor_locator(NullLocator())
    panel.set_xlabel("cells of the grid")
    panel.set_ylabel("steps to a residual of 1e-4")
    figure.legend(loc="outside lower center", ncols=3)
    return figure


def residuals(results: Mapping[str, Results]) -> Figure:
    """Residuals at the largest size: over the steps, and over the seconds that they take."""
    outcome = results["iterations"]
    figure, (left, right) = plt.subplots(1, 2, figsize=(10.4, 4.6), sharey=True)
    for name, look in LOOKS.items():
        history = outcome.arrays[f"{name}_history"]
        count = np.arange(history.size)
        line = {**look, "marker": ""}
        left.semilogy(count, history, **line)
        seconds = count * outcome.scalars[f"time_{name}_step"]
        right.loglog(seconds[1:], history[1:], **line)
    side = int(outcome.scalars["largest"])
    left.set_xscale("symlog", linthresh=10)
    left.set_xticks([0, 5, 10, 100, 1000], ["0", "5", "10", "100", "1000"])
    left.set_xlim(left=0)
    left.set_xlabel("steps")
    left.set_ylabel(r"$\|b - A x\| \,/\, \|b\|$")
    left.set_title(f"over the steps, {side}² cells")
    right.set_xlabel("seconds, without set-up")
    right.set_title("over the time of this machine")
    for panel in (left, right):
        panel.axhline(RTOL, color="0.5", linestyle=":", linewidth=1)
    handles, labels = left.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3)
    return figure


def cost(results: Mapping[str, Results]) -> Figure:
    """Seconds to solve at the largest size, set-up included."""
    scalars = results["iterations"].scalars
    names = sorted(LOOKS, key=lambda name: -scalars[f"time_{name}"])
    figure, panel = plt.subplots(figsize=(6.8, 3.8))
    for place, name in enumerate(names):
        value, look = scalars[f"time_{name}"], LOOKS[name]
        panel.plot(value, place, marker=look["marker"], color=look["color"], markersize=8)
        text = f"{value:.2g} s, {scalars[f'{name}_steps']:.0f} steps"
        panel.annotate(text, (value, place), (9, 0), textcoords="offset points", va="center")
    panel.set_yticks(range(len(names)), [LOOKS[name]["label"] for name in names])
    panel.set_xscale("log")
    least, most = (scalars[f"time_{names[k]}"] for k in (-1, 0))
    panel.set_xlim(least / 2, 8 * most)
    panel.set_ylim(-0.7, len(names) - 0.3)
    panel.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    panel.xaxis.set_major_formatter("{x:g}")
    panel.xaxis.set_minor_locator(NullLocator())
    panel.grid(visible=False)
    panel.set_xlabel(f"seconds to solve, set-up included, {int(scalars['largest'])}² cells")
    return figure


def training(results: Mapping[str, Results]) -> Figure:
    """Losses of the training, and their moving geometric means.

    Examples have taken none to three steps before, each of which makes the loss another; the mean
    is over enough of them for all four kinds.
    """
    figure, panel = plt.subplots(figsize=(6.4, 4.0))
    for key, losses in results["training"].arrays.items():
        name = "dcdm_two_levels" if "two_levels" in key else "dcdm"
        color, label = LOOKS[name]["color"], LOOKS[name]["label"]
        window = max(1, losses.size // 5)
        means = np.exp(np.convolve(np.log(losses), np.full(window, 1 / window), mode="valid"))
        middle = np.arange(means.size) + (window + 1) / 2
        count = np.arange(1, losses.size + 1)
        spread = {"marker": ".", "markersize": 3, "linestyle": "", "alpha": 0.4}
        panel.semilogy(count, losses, color=color, **spread)
        panel.semilogy(middle, means, marker="", color=color, label=label)
    panel.set_xlabel("gradient steps")
    panel.set_ylabel("energy of the error left by a step")
    panel.legend()
    return figure

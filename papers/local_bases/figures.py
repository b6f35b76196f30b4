"""The figures of ``paper.toml``, each a function from results to a matplotlib figure."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from resolvent.papers.local_bases.partitions import RULES
from resolvent.papers.results import Results

__all__ = ["clusters", "errors"]

NAMES = {
    "global": "one basis",
    "euclidean": "clusters of distances",
    "parameters": "clusters of parameters",
    "sine": "clusters of sines",
}
TITLES = {"bump": "Moving bump", "fronts": "Fronts of all heights", "diffusion": "Streaks of heat"}
COLORS = ["#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#000000"]


def errors(results: Mapping[str, Results]) -> Figure:
    """Largest relative projection error over the number of modes of a basis."""
    figure, panels = plt.subplots(1, 3, figsize=(11, 4), sharey=True)
    for panel, (case, title) in zip(panels, TITLES.items(), strict=True):
        data = results[case].arrays
        for rule, line in zip(RULES, data["errors"], strict=True):
            panel.semilogy(data["modes"], line, label=NAMES[rule])
        panel.set_title(title)
        panel.set_xlabel("modes of a basis")
    panels[0].set_ylabel("largest relative projection error")
    panels[0].legend(loc="lower left")
    return figure


def clusters(results: Mapping[str, Results]) -> Figure:
    """Clusters in the plane of parameters, by three rules."""
    figure, axes = plt.subplots(2, 3, figsize=(11, 6.4), sharey="row", sharex="row")
    for row, case in zip(axes, ("fronts", "diffusion"), strict=True):
        data = results[case].arrays
        for panel, rule in zip(row, RULES[1:], strict=True):
            scatter(panel, data["params"], data["labels"][RULES.index(rule)])
            panel.set_title(f"{TITLES[case]}, {NAMES[rule]}")
    for panel in axes[0]:
        panel.set_xlabel("position of the front")
    axes[0, 0].set_ylabel(r"$\log_{10}$ of its height")
    for panel in axes[1]:
        panel.set_xlabel(r"angle $\theta$")
        panel.set_xticks([0, np.pi / 2, np.pi], ["0", r"$\pi/2$", r"$\pi$"])
    axes[1, 0].set_ylabel(r"$\log_{10} \kappa$")
    return figure


def scatter(panel: Any, params: Any, labels: Any) -> None:
    """Draw points with the colours of their clusters, in the order of the first parameter."""
    middle = [np.median(params[labels == i, 0]) for i in np.unique(labels)]
    for color, i in zip(COLORS, np.argsort(middle), strict=False):
        x, y = params[labels == i].T
        panel.plot(x, y, linestyle="", marker="o", markersize=3.5, color=color)

"""The figures of ``paper.toml``, each a function from results to a matplotlib figure."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter

from resolvent.papers.results import Results
from resolvent.papers.sliced_control_variates.digits import FITTED
from resolvent.papers.sliced_control_variates.gaussians import CONTROLS, PAIRS

__all__ = ["digits", "errors", "flow", "riesz"]

LABELS = {
    "none": "no control",
    "lower": "lower: means",
    "upper": "upper: means + covariances",
    "both": "both terms",
}
COLORS = {control: f"C{k}" for k, control in enumerate(CONTROLS)}
MARKERS = dict(zip(CONTROLS, "os^D", strict=True))
TITLES = {
    "means": "other mean",
    "covariances": "other covariance",
    "both": "other mean and covariance",
}
REFERENCE: dict[str, Any] = {"color": "0.4", "linestyle": ":", "marker": ""}


def errors(results: Mapping[str, Results]) -> Figure:
    """Error and reported error against the number of lines, for three pairs of Gaussians."""
    data = results["gaussians"].arrays
    figure, axes = plt.subplots(1, len(PAIRS), figsize=(10.4, 4.4), sharey=True)
    for panel, pair, found, stated in zip(
        axes, PAIRS, data["errors"], data["reported"], strict=True
    ):
        for control, error, line in zip(CONTROLS, found, stated, strict=True):
            style = {"color": COLORS[control], "label": LABELS[control]}
            panel.loglog(data["lines"], error, linestyle="", marker=MARKERS[control], **style)
            panel.loglog(data["lines"], line, marker="", color=COLORS[control])
        panel.set_title(TITLES[pair])
        panel.set_xlabel("random lines L")
        panel.set_xticks(data["lines"], [str(int(count)) for count in data["lines"]])
        panel.minorticks_off()
    axes[0].set_ylabel(r"relative error of $SW_2^2$")
    _legend_below(figure, axes[0], columns=4, title="markers: error, lines: reported by itself")
    return figure


def digits(results: Mapping[str, Results]) -> Figure:
    """What is left of the variance, for every two classes, and sorted for three sets of pairs."""
    figure = plt.figure(figsize=(10.4, 4.6))
    halves: Any = figure.subfigures(1, 2, width_ratios=[1, 1.5])
    left, right = halves
    lower, upper, _ = results["mnist"].arrays["ratios"]
    shown = np.where(np.tri(len(lower), k=-1, dtype=bool), lower, upper)
    panel = left.subplots()
    image = panel.imshow(shown, norm=LogNorm(vmax=1), cmap="viridis")
    panel.set_xticks(range(10))
    panel.set_yticks(range(10))
    panel.grid(False)
    panel.set_xlabel("digit")
    panel.set_ylabel("digit")
    panel.set_title("MNIST: below lower, above upper control")
    left.colorbar(image, ax=panel, shrink=0.8, label="variance left")

    kinds = {"digits": "classes, 8 × 8", "mnist": "classes, 28 × 28", "images": "images as ink"}
    axes = right.subplots(1, len(kinds), sharey=True)
    for panel, (case, title) in zip(axes, kinds.items(), strict=True):
        for control, ratios in zip(FITTED, results[case].arrays["ratios"], strict=True):
            pairs = ratios if ratios.ndim == 1 else ratios[np.triu_indices(len(ratios), 1)]
            share = (np.arange(len(pairs)) + 0.5) / len(pairs)
            panel.semilogy(
                share, np.sort(pairs), marker="", color=COLORS[control], label=LABELS[control]
            )
        panel.axhline(1, **REFERENCE)
        panel.set_title(title)
        panel.set_xlabel("share of pairs")
    axes[0].set_ylabel("variance over the plain one")
    axes[0].yaxis.set_major_formatter(FuncFormatter(lambda ratio, _: f"{ratio:g}"))
    axes[0].yaxis.set_minor_formatter(NullFormatter())
    _legend_below(right, axes[0], columns=3)
    return figure


def riesz(results: Mapping[str, Results]) -> Figure:
    """The error of the sliced gradient against lines and against the dimension."""
    data = results["riesz"].arrays
    figure, axes = plt.subplots(1, 2, figsize=(9, 4.2), sharey=True)
    lines, dimensions = data["lines"], data["dimensions"]
    for d, line in zip(dimensions, data["errors"], strict=True):
        axes[0].loglog(lines, line, label=f"d = {d}")
    for count, line in zip(lines, data["errors"].T, strict=True):
        axes[1].loglog(dimensions, line, label=f"P = {count}")
    lowest = 0.6 * np.min(data["errors"], axis=0)
    axes[0].loglog(lines, lowest[0] * (lines / lines[0]) ** -0.5, label=r"$P^{-1/2}$", **REFERENCE)
    rise = lowest[-1] * (dimensions / dimensions[0]) ** 0.5
    axes[1].loglog(dimensions, rise, label=r"$d^{1/2}$", **REFERENCE)
    axes[0].set_xlabel("random lines P")
    axes[1].set_xlabel("dimension d")
    axes[0].set_ylabel("error of the gradient, Frobenius norm")
    for panel, values in zip(axes, (lines, dimensions), strict=True):
        panel.set_xticks(values, [str(int(value)) for value in values])
        panel.minorticks_off()
        panel.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    return figure


def flow(results: Mapping[str, Results]) -> Figure:
    """Particles on their way from a point to the ink of an image."""
    data = results["flow"].arrays
    figure, axes = plt.subplots(1, len(data["times"]), figsize=(10.4, 3.1))
    for panel, points, step in zip(axes, data["snapshots"], data["times"], strict=True):
        panel.imshow(data["picture"], extent=(0, 1, 0, 1), cmap="Greys", vmax=2)
        panel.scatter(*points.T, s=4, color="C0", marker="o", linewidths=0)
        panel.set_title("start" if step == 0 else f"step {step}")
        panel.set_xlim(0.1, 0.9)
        panel.set_ylim(0.1, 0.9)
        panel.set_axis_off()
    return figure


def _legend_below(figure: Any, panel: Any, columns: int, title: str = "") -> None:
    handles, labels = panel.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=columns, title=title)

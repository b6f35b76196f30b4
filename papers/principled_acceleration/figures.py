"""The figures of ``paper.toml``, each a function from results to a matplotlib figure."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator

from resolvent.papers.principled_acceleration.families import KINDS as FAMILY_KINDS
from resolvent.papers.principled_acceleration.mixture import GUESSES, KINDS
from resolvent.papers.results import Results

__all__ = ["deterioration", "residuals", "tolerances"]

STYLES: dict[str, dict[str, Any]] = {
    "zero": {"color": "#000000", "marker": "o", "label": "zero guess"},
    "error": {"color": "#D55E00", "marker": "s", "label": "trained by the error"},
    "error_0": {"color": "#D55E00", "marker": "s", "label": "by the error, m = 0"},
    "error_10": {"color": "#E69F00", "marker": "D", "label": "by the error, m = 10"},
    "error_100": {"color": "#CC79A7", "marker": "v", "label": "by the error, m = 100"},
    "count": {"color": "#0072B2", "marker": "^", "label": "trained by the count"},
    "tuned": {"color": "#009E73", "marker": "P", "label": "by the error, then the count"},
    "longer": {"color": "#56B4E9", "marker": "X", "label": "by the error, for longer"},
}
TITLES = {
    "jacobi": "Jacobi, four means of b are seen",
    "sor": "SOR, four means of b are seen",
    "full_view": "SOR, all of b is seen",
}
WIDE: dict[str, dict[str, Any]] = {"zero": {"linewidth": 4.5, "alpha": 0.45}}  # lies under others
TARGET = 1e-3


def deterioration(results: Mapping[str, Results]) -> Figure:
    """Mean steps over the rarity of the slow kind, and residuals of both kinds."""
    data = results["mixture"].arrays
    figure, (left, middle, right) = plt.subplots(1, 3, figsize=(12.6, 4.6))
    for name in GUESSES:
        look = STYLES[name]
        left.loglog(data["commons"], data[f"{name}_steps"], linestyle="", **look)
        left.loglog(data["commons"], data[f"predicted_{name}"], marker="", color=look["color"])
    left.plot([], [], marker="", color="0.4", label="theory")
    left.set_xlabel("systems for each that is smooth")
    left.set_ylabel("mean steps to a residual of $10^{-3}$")
    left.set_title("Mean over both kinds")
    left.xaxis.set_major_locator(FixedLocator(data["commons"].tolist()))
    left.xaxis.set_minor_locator(NullLocator())
    left.xaxis.set_major_formatter("{x:g}")
    titles = ("The common kind: a rough mode", "The rare kind: the smoothest mode")
    for panel, kind, title in zip((middle, right), KINDS, titles, strict=True):
        for name in GUESSES:
            norms = data[f"{name}_{kind}"]
            norms = norms[: np.argmax(norms <= norms[-1]) + 1]
            look = STYLES[name] | {"marker": "" if norms.size > 1 else "^"}
            panel.semilogy(norms, **look, **WIDE.get(name, {}))
        panel.axhline(1e-3, color="0.4", linestyle=":")
        panel.set_xlabel("steps")
        panel.set_ylim(1e-4, 2)
        panel.set_xlim(-8, 560)
        panel.set_title(title)
    middle.set_ylabel("relative residual norm")
    middle.annotate("arrived at once", (0, 2.2e-4), (10, -3), textcoords="offset points")
    middle.plot([0], [2e-4], clip_on=False, **(STYLES["count"] | {"label": "_", "linestyle": ""}))
    _legend_below(figure, left)
    return figure


def tolerances(results: Mapping[str, Results]) -> Figure:
    """Mean steps over the tolerance."""
    figure, axes = plt.subplots(1, len(results), figsize=(12.6, 4.4))
    for panel, (case, result) in zip(axes, results.items(), strict=True):
        data = result.arrays
        for name, counts in zip(data["guesses"].tolist(), data["counts"], strict=True):
            panel.loglog(data["tolerances"], np.maximum(counts, 0.1), markevery=4, **STYLES[name])
        panel.axvline(TARGET, color="0.4", linestyle=":")
        panel.annotate(
            "target",
            (TARGET, 0.03),
            (4, 0),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            color="0.3",
        )
        panel.invert_xaxis()
        panel.set_xlabel("tolerance for the relative residual")
        panel.set_title(TITLES[case])
    axes[0].set_ylabel("mean steps")
    _legend_below(figure, axes[0])
    return figure


def residuals(results: Mapping[str, Results]) -> Figure:
    """Median residuals of both kinds."""
    data = results["jacobi"].arrays
    figure, axes = plt.subplots(1, 2, figsize=(10, 4.8), sharey=True)
    titles = ("Rough systems, four in five", "Smooth systems, one in five")
    for panel, kind, title in zip(axes, FAMILY_KINDS[::-1], titles, strict=True):
        for name in data["guesses"].tolist():
            panel.semilogy(data[f"{name}_{kind}_norms"], **(STYLES[name] | {"marker": ""}))
        panel.axhline(TARGET, color="0.4", linestyle=":")
        panel.set_xlabel("steps of Jacobi's iteration")
        panel.set_title(title)
        panel.set_ylim(TARGET / 30, 2)
        panel.set_xlim(0, 600)
    axes[0].set_ylabel("median relative residual norm")
    _legend_below(figure, axes[0], columns=3)
    return figure


def _legend_below(figure: Figure, panel: Any, columns: int = 4) -> None:
    handles, labels = panel.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=columns)

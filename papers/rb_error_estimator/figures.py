"""The figures of ``paper.toml``, each a function from results to a matplotlib figure."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from resolvent.arrays import Array
from resolvent.papers.results import Results

__all__ = ["bounds", "parameters", "terms"]

HOLLOW: dict[str, Any] = {"markerfacecolor": "none", "markeredgewidth": 1.4, "markersize": 8}
LOOKS: dict[str, dict[str, Any]] = {
    "gram": {"color": "C1", "marker": "s", "label": "classical, by the square"},
    "unscaled": {"color": "C4", "marker": "v", "label": "interpolated, products as they are"},
    "eim": {"color": "C0", "marker": "o", "label": "interpolated, products scaled"} | HOLLOW,
    "orthonormal": {"color": "C2", "marker": "x", "label": "orthonormal residuals"},
}
ERROR: dict[str, Any] = {"color": "0.2", "marker": "", "linewidth": 4, "alpha": 0.35}
FLOOR: dict[str, Any] = {"linestyle": ":", "marker": "", "linewidth": 1.2}
PARAMETERS_SHOWN = 2, 6


def bounds(results: Mapping[str, Results]) -> Figure:
    """Largest bounds against the size of the basis, with what each estimator can resolve."""
    figure, axes = plt.subplots(1, 2, figsize=(10.6, 4.6), sharey=True)
    titles = "Line, one parameter", "Square of four materials, two parameters"
    for panel, case, title in zip(axes, ("line", "block"), titles, strict=True):
        data = results[case].arrays
        sizes = data["sizes"]
        panel.semilogy(sizes, data["error"].max(axis=1), label="true error", **ERROR)
        for name, look in LOOKS.items():
            panel.semilogy(sizes, data[f"bound_{name}"].max(axis=1), **look)
        for name in ("gram", "orthonormal"):
            floor = data[f"floor_{name}"].max(axis=1)
            panel.semilogy(sizes, floor, color=LOOKS[name]["color"], **FLOOR)
            panel.text(sizes[0], 1.2 * floor.max(), "its floor", color=LOOKS[name]["color"])
        panel.set_title(title)
        panel.set_xlabel("basis vectors")
        panel.set_xticks(sizes[1::2])
    axes[0].set_ylabel("largest over test parameters, norm of H1_0")
    axes[0].legend(loc="upper right")
    largest = results["line"].arrays["error"][-1].max()
    axes[0].text(10, 2 * largest, "rounding of the truth", ha="right", color="0.4", fontsize=8)
    return figure


def parameters(results: Mapping[str, Results]) -> Figure:
    """Bounds of two bases over the parameter, and how much they overestimate the error."""
    data = results["line"].arrays
    figure, axes = plt.subplots(1, 3, figsize=(11, 4.2), width_ratios=[1, 1, 0.9])
    for panel, size in zip(axes, PARAMETERS_SHOWN, strict=False):
        row = list(data["sizes"]).index(size)
        panel.loglog(data["mus"], data["error"][row], label="true error", **ERROR)
        for name, look in LOOKS.items():
            panel.loglog(data["mus"], data[f"bound_{name}"][row], markevery=6, **look)
        panel.set_title(f"{size} basis vectors")
        panel.set_xlabel(r"parameter $\mu$")
    axes[0].set_ylabel("bound, norm of H1_0")
    axes[0].legend(loc="lower center", fontsize=8)
    for size in (1, 2, 4):
        row = list(data["sizes"]).index(size)
        ratio = data["bound_orthonormal"][row] / data["error"][row]
        axes[2].semilogx(data["mus"], ratio, markevery=8, label=f"Nr = {size}")
    mus = data["mus"]
    limit = {"color": "0.4", "linestyle": ":", "marker": ""}
    axes[2].semilogx(mus, 1 + mus / np.pi**2, label=r"$1 + \mu / \pi^2$", **limit)
    axes[2].set_ylim(0.9, 6)
    axes[2].set_title("Effectivity, orthonormal")
    axes[2].set_xlabel(r"parameter $\mu$")
    axes[2].set_ylabel("bound over error")
    axes[2].legend()
    return figure


def terms(results: Mapping[str, Results]) -> Figure:
    """How many numbers each estimator stores, and how far it is from the direct one."""
    figure, axes = plt.subplots(1, 2, figsize=(10, 4.2))
    for case, style in (("line", "-"), ("block", "--")):
        data = results[case].arrays
        sizes = data["sizes"]
        counts = {"sigma": "products", "terms_eim": "interpolated", "pieces": "pieces of residuals"}
        for color, (name, label) in zip(("C1", "C0", "C2"), counts.items(), strict=True):
            axes[0].semilogy(
                sizes, data[name], style, color=color, marker="o", label=f"{label}, {case}"
            )
    axes[0].set_title("What is stored")
    axes[0].set_xlabel("basis vectors")
    axes[0].set_ylabel("numbers, or vectors of residuals")
    axes[0].legend(fontsize=8, handlelength=3.5, ncols=2)
    axes[0].set_ylim(top=8000)

    data = results["line"].arrays
    for name, look in LOOKS.items():
        deviation = np.max(np.abs(data[f"bound_{name}"] / data["bound_direct"] - 1), axis=1)
        axes[1].semilogy(data["sizes"], deviation, **look)
    axes[1].axvspan(resolved(data) + 0.5, data["sizes"][-1] + 0.5, color="0.93", zorder=0)
    axes[1].text(data["sizes"][-1] + 0.4, 1e-12, "rounding", ha="right", color="0.4")
    axes[1].set_xlim(0.5, data["sizes"][-1] + 0.5)
    axes[1].set_title("Deviation from the direct residual, line")
    axes[1].set_xlabel("basis vectors")
    axes[1].set_ylabel("largest relative one over test parameters")
    axes[1].legend(fontsize=8)
    return figure


def resolved(data: Mapping[str, Array]) -> int:
    """Return the last size at which the direct bound is above its floor somewhere."""
    above = np.any(data["bound_direct"] > data["floor_direct"], axis=1)
    return int(data["sizes"][above][-1])

"""The figures of ``paper.toml``, each a function from results to a matplotlib figure."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from resolvent.papers.results import Results

__all__ = ["boundary_value", "kite", "resonance"]

REFERENCE: dict[str, Any] = {"color": "0.4", "linestyle": ":", "marker": ""}
SNAPSHOTS_SHOWN = 5


def boundary_value(results: Mapping[str, Results]) -> Figure:
    """The first coefficients that the greedy choice takes, and errors over the terms."""
    data = results["boundary_value"].arrays
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4.2))
    shown = range(SNAPSHOTS_SHOWN)
    for k, a, m, point in zip(
        shown, data["coefficients"], data["magic"], data["magic_x"], strict=False
    ):
        (line,) = left.plot(data["x"], a, marker="")
        left.text(m, 5.1, f"{k + 1}", color=line.get_color(), ha="center")
        left.plot([point], [0.7], marker="^", color=line.get_color(), linestyle="")
    left.set_ylim(0.5, 5.6)
    left.set_xlabel("x")
    left.set_ylabel("a(x; m)")
    left.set_title("Coefficients in the order of choice, magic points as triangles")

    M = data["terms"]
    right.semilogy(M, data["matrix"], label="matrix")
    right.semilogy(M, data["solution"], label="solution")
    right.semilogy(M, data["estimate"], label="estimate of the matrix", linestyle="--")
    right.semilogy(
        M, 2.2e-16 * data["amplification"], label=r"$\epsilon \sum |\beta|$", **REFERENCE
    )
    right.set_xticks(M[1::2])
    right.set_xlabel("terms M")
    right.set_ylabel("largest relative error")
    right.set_title("Errors over 1D problems that were not in the training")
    right.legend()
    return figure


def kite(results: Mapping[str, Results]) -> Figure:
    """Errors over the terms for several choices of entries, and the condition of the samples."""
    data = results["kite"].arrays
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4.2))
    M = data["terms"]
    for k, name in enumerate(("matrix", "solution", "estimate")):
        seen = np.where(data[name] > 0, data[name], np.nan)  # nothing may be left after the last
        left.semilogy(M, seen.T, color=f"C{k}", marker="", linewidth=0.6, alpha=0.35)
        label = "estimate of the matrix" if name == "estimate" else name
        left.semilogy(M, np.median(data[name], axis=0), color=f"C{k}", label=label)
    floor = 2.2e-16 * np.max(data["amplification"], axis=0)
    left.semilogy(M, floor, label=r"$\epsilon \sum |\beta|$", **REFERENCE)
    left.set_ylabel("largest relative error")
    left.set_title(f"Medians of {len(data['matrix'])} draws of entries, and all of them")
    left.legend()

    right.semilogy(M, np.median(data["condition"], axis=0), label="condition of F")
    right.semilogy(M, np.max(data["amplification"], axis=0), label=r"largest $\sum |\beta|$")
    right.set_title("An ill-conditioned F gives small weights")
    right.legend()
    for panel in (left, right):
        panel.set_xticks(M)
        panel.set_xlabel("terms M")
    return figure


def resonance(results: Mapping[str, Results]) -> Figure:
    """Errors of matrices and solutions over the wavenumber, with and without a single layer."""
    data = results["resonance"].arrays
    figure, panels = plt.subplots(1, 2, figsize=(10, 3.8), sharey=True)
    titles = {"combined": "I + K - ikS", "double": "I + K, which has resonances"}
    for panel, (name, title) in zip(panels, titles.items(), strict=True):
        panel.semilogy(data["wavenumbers"], data[f"matrix_{name}"], label="matrix", marker="")
        panel.semilogy(data["wavenumbers"], data[f"solution_{name}"], label="solution", marker="")
        panel.set_xlabel("wavenumber")
        panel.set_title(title)
        panel.legend()
    panels[0].set_ylabel("relative error")
    return figure

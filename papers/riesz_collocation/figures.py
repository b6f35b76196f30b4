"""The figures of ``paper.toml``, each a function from results to a matplotlib figure."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from resolvent.papers.results import Results
from resolvent.papers.riesz_collocation.iterations import MATRICES

__all__ = ["approximation", "conditioning", "iterations", "spectrum"]

LABELS = {
    "none": "none",
    "chan": "circulant, Chan",
    "strang": "circulant, Strang",
    "tau": "tau, sine transform",
}
DEGREES_SHOWN = (2, 3, 4, 5)
REFERENCE: dict[str, Any] = {"color": "0.4", "linestyle": ":", "marker": ""}


def spectrum(results: Mapping[str, Results]) -> Figure:
    """Symbols with eigenvalues on them, and what is left of the symbol at pi."""
    data, matrices = results["symbol"].arrays, results["spectrum"].arrays
    row = int(np.argmin(np.abs(data["alphas"] - matrices["alpha"])))
    figure = plt.figure(figsize=(10.4, 5.0))
    halves: Any = figure.subfigures(1, 2, width_ratios=[1.6, 1])
    left, right = halves
    panels = left.subplots(2, 2, sharex=True)
    for panel, p in zip(panels.flat, DEGREES_SHOWN, strict=True):
        f = data["symbols"][row, list(data["degrees"]).index(p)]
        eigenvalues = matrices[f"eigenvalues_p{p}"]
        theta = np.pi * np.arange(1, len(eigenvalues) + 1) / (len(eigenvalues) + 1)
        places = theta[np.argsort(np.interp(theta, data["theta"], f))]
        panel.plot(data["theta"], f, color="0.4", marker="", label="symbol f")
        panel.plot(places, eigenvalues, linestyle="", fillstyle="none", label="eigenvalues")
        panel.set_title(f"p = {p}")
    for panel in panels[1]:
        panel.set_xlabel(r"angle $\theta$")
        panel.set_xticks([0, np.pi / 2, np.pi], ["0", r"$\pi/2$", r"$\pi$"])
    for panel in panels[:, 0]:
        panel.set_ylabel(r"over $\max f$")
    n, alpha = int(matrices["sizes"][0]), float(matrices["alpha"])
    _legend_below(left, panels[0, 0], columns=2, title=rf"$\alpha$ = {alpha:g}, n = {n}")

    panel, p = right.subplots(), data["degrees"]
    for alpha, line in zip(data["alphas"], data["at_pi"], strict=True):
        panel.semilogy(p, line, label=rf"$\alpha$ = {alpha:g}")
    reference = 0.7 * np.min(data["at_pi"][:, -1]) * (2 / np.pi) ** (p - p[-1])
    panel.semilogy(p, reference, label=r"$(2/\pi)^p$", **REFERENCE)
    panel.set_xlabel("degree p")
    panel.set_ylabel(r"symbol at the highest frequency, $f(\pi)$")
    _legend_below(right, panel, columns=2)
    return figure


def conditioning(results: Mapping[str, Results]) -> Figure:
    """Condition against n, a panel for each order of the derivative."""
    data = results["conditioning"].arrays
    figure, axes = _panels(data["alphas"])
    for panel, alpha, conditions in zip(axes, data["alphas"], data["conditions"], strict=True):
        n = data["sizes"]
        for p, line in zip(data["degrees"], conditions, strict=True):
            panel.loglog(n, line, label=f"p = {p}")
        reference = 0.5 * conditions.min(axis=0)[0] * (n / n[0]) ** alpha
        panel.loglog(n, reference, label=r"$n^\alpha$", **REFERENCE)
        _count_axis(panel, n)
    axes[0].set_ylabel("condition of A")
    _legend_below(figure, axes[0], columns=6)
    return figure


def approximation(results: Mapping[str, Results]) -> Figure:
    """Maximum error against n, with the claimed slopes."""
    data = results["approximation"].arrays
    figure, axes = _panels(data["alphas"])
    for k, (panel, errors) in enumerate(zip(axes, data["errors"], strict=True)):
        n = data["sizes"]
        for p, line in zip(data["degrees"], errors, strict=True):
            panel.loglog(n, line, label=f"p = {p}")
        for pair, slope in zip((errors[:2], errors[2:]), data["claimed"][k, ::2], strict=True):
            reference = 0.3 * np.min(pair[:, -1]) * (n / n[-1]) ** -slope
            panel.loglog(n, reference, **REFERENCE)
            panel.text(n[-2], 0.7 * reference[-2], rf"$n^{{-{slope:.1f}}}$", ha="right", va="top")
        _count_axis(panel, n)
    axes[0].set_ylabel("maximum error of the solution")
    _legend_below(figure, axes[0], columns=4)
    return figure


def iterations(results: Mapping[str, Results]) -> Figure:
    """Steps against n for two methods, and against the degree."""
    data = results["iterations"].arrays
    figure, axes = plt.subplots(1, 3, figsize=(11, 4.2), sharey=True)
    titles = {"gmres": "GMRES, collocation matrix", "cg": "CG, its Toeplitz part"}
    n, alpha = data["sizes"], data["alphas"][-1]
    for panel, (method, title) in zip(axes, titles.items(), strict=False):
        for i, M in enumerate(MATRICES):
            panel.loglog(n, data[method][-1, i], label=LABELS[M])
        panel.set_title(rf"{title}, p = {int(data['degree'])}, $\alpha$ = {alpha:g}")
        _count_axis(panel, n)
    for i in range(len(MATRICES)):
        axes[2].semilogy(data["degrees"], data["gmres_degrees"][i])
    axes[2].set_title(rf"GMRES, n = {int(data['size'])}, $\alpha$ = {alpha:g}")
    axes[2].set_xlabel("degree p")
    axes[0].set_ylabel("steps to a residual of 1e-8")
    _legend_below(figure, axes[0], columns=4)
    return figure


def _panels(alphas: Any) -> tuple[Figure, Any]:
    figure, axes = plt.subplots(1, len(alphas), figsize=(3.4 * len(alphas), 4.2), sharey=True)
    for panel, alpha in zip(axes, alphas, strict=True):
        panel.set_title(rf"$\alpha$ = {alpha:g}")
    return figure, axes


def _count_axis(panel: Any, n: Any) -> None:
    panel.set_xlabel("intervals n")
    panel.set_xticks(n, [str(int(m)) for m in n])
    panel.minorticks_off()


def _legend_below(figure: Any, panel: Any, columns: int, title: str = "") -> None:
    handles, labels = panel.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=columns, title=title)

"""The figures of ``paper.toml``, each a function from results to a matplotlib figure."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator
from numpy.typing import NDArray

from resolvent.papers.results import Results
from resolvent.papers.sinkhorn_newton_sparse.contest import METHODS, TOL
from resolvent.papers.sinkhorn_newton_sparse.interval import FAMILIES
from resolvent.papers.sinkhorn_newton_sparse.sparsity import KINDS

__all__ = ["budget", "convergence", "crossover", "interval", "sparsity"]

TITLES = {
    "assignment": "random assignment",
    "squared": "digits, squared distances",
    "moduli": "digits, sums of moduli",
    "strokes": "pen strokes, squared distances",
    "strokes_squared": "pen strokes, squared distances",
    "random": "random costs",
    "points": "points in a square, squared distances",
}
LABELS = {
    "sinkhorn": "Sinkhorn",
    "sparse": "Sinkhorn-Newton-Sparse, as published",
    "newton": "sinkhorn_newton",
}
PLACES: dict[str, Any] = {
    "sinkhorn": {"xytext": (0, -14), "ha": "center"},
    "sparse": {"xytext": (7, -4), "ha": "left"},
    "newton": {"xytext": (-7, -4), "ha": "right"},
}
DECADES = (1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0, 10.0)
FAINT = 1e-8  # entries that the picture of a plan leaves blank
COLOURS = {"sinkhorn": "0.45", "sparse": "#D55E00", "newton": "#0072B2"}
EXACT: dict[str, Any] = {"color": "#000000", "linestyle": "--", "marker": ""}


def convergence(results: Mapping[str, Results]) -> Figure:
    """Error against iterations, with the images that mass moves between."""
    figure, axes = plt.subplots(1, len(results), figsize=(5.4 * len(results), 4.4), sharey=True)
    for panel, (case, result) in zip(axes, results.items(), strict=True):
        data = result.arrays
        for method in METHODS:
            errors = data[f"errors_{method}"]
            steps = np.arange(1, errors.size + 1)
            look = {"color": COLOURS[method], "linewidth": 2.0, "marker": ""}
            panel.loglog(steps, errors, label=LABELS[method], **look)
            panel.plot(steps[-1], errors[-1], color=COLOURS[method], marker="o", linestyle="")
            panel.annotate(
                f"{steps[-1]}" if errors[-1] <= TOL else "not converged",
                (steps[-1], errors[-1]),
                textcoords="offset points",
                color=COLOURS[method],
                **PLACES[method] if errors[-1] <= TOL else PLACES["sinkhorn"],
            )
        panel.axhline(TOL, color="0.4", linestyle=":", linewidth=1.0)
        panel.set_title(f"{TITLES[case]}, n = {data['a'].size}")
        panel.set_xlabel("iterations, Sinkhorn's and Newton's")
        if np.ptp(data["a"]) > 0:
            _insets(panel, data["a"], data["b"])
    axes[0].set_ylim(bottom=1e-16)
    axes[0].set_ylabel("L1 error of both marginals")
    _legend_below(figure, axes[0], columns=3)
    return figure


def sparsity(results: Mapping[str, Results]) -> Figure:
    """Mass outside of the largest entries of solutions, and one of the plans."""
    data = results["sparsity"].arrays
    figure, axes = plt.subplots(1, 3, figsize=(12, 4.6))
    colours = plt.get_cmap("viridis")(np.linspace(0, 0.85, len(data["regs"])))
    for panel, kind in zip(axes, KINDS, strict=False):
        lines = zip(data["regs"], colours, data[f"outside_{kind}"], strict=True)
        for reg, colour, outside in lines:
            label = _power(reg)
            panel.loglog(data[f"entries_{kind}"], outside, color=colour, marker="", label=label)
        panel.set_title(TITLES[kind])
        panel.set_xlabel("entries kept for each row")
        panel.set_ylim(1e-12, 1.5)
    axes[0].set_ylabel("mass outside of them")
    figure.legend(
        *axes[0].get_legend_handles_labels(),
        title="regularisation, of the largest cost",
        loc="outside lower center",
        ncols=len(colours),
    )
    plan = data[f"plan_{KINDS[-1]}"]
    image = axes[2].imshow(
        np.log10(np.where(plan > FAINT, plan, np.nan)), cmap="magma_r", vmin=np.log10(FAINT), vmax=0
    )
    figure.colorbar(image, ax=axes[2], label=r"$\log_{10}$ of n times the entry", shrink=0.8)
    axes[2].set_title(f"pen strokes: the plan at {_power(data['shown'])}")
    axes[2].set_xlabel("pixel of the second image")
    axes[2].set_ylabel("pixel of the first image")
    axes[2].grid(visible=False)
    return figure


def budget(results: Mapping[str, Results]) -> Figure:
    """Errors of Newton steps for every budget, and steps for every warm-up."""
    data = results["budget"].arrays
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4.4), width_ratios=[1.7, 1])
    colours = plt.get_cmap("viridis")(np.linspace(0, 0.88, len(data["budgets"])))
    for kept, colour, errors in zip(data["budgets"], colours, data["errors"], strict=True):
        left.semilogy(errors, color=colour, marker=".", label=f"{kept}")
    left.axhline(TOL, color="0.4", linestyle=":", linewidth=1.0)
    left.set_xlabel("Newton steps")
    left.set_ylabel("L1 error of both marginals")
    left.set_title("how much of the plan the matrix keeps")
    left.legend(title="entries for each row", ncols=4, loc="upper right")
    places = np.arange(len(data["warmups"]))
    bars = right.bar(places, data["steps_of_warmups"], color="#0072B2", width=0.6)
    right.bar_label(bars)
    right.set_xticks(places, [str(t) for t in data["warmups"]])
    right.set_xlabel("Sinkhorn steps before Newton's")
    right.set_ylabel("Newton steps")
    right.set_title(f"warm-up, {int(data['enough'])} entries for each row")
    right.grid(visible=False, axis="x")
    return figure


def interval(results: Mapping[str, Results]) -> Figure:
    """The certified interval about the exact cost, a funnel on a symmetric logarithmic axis."""
    data = results["interval"].arrays
    figure, axes = plt.subplots(1, len(FAMILIES), figsize=(10, 4.4), sharey=True)
    for panel, family in zip(axes, FAMILIES, strict=True):
        lower, exact, upper = data[family]
        above, below = (bound / exact - 1 for bound in (upper, lower))
        panel.fill_between(data["regs"], below, above, color="#56B4E9", alpha=0.35, linewidth=0)
        panel.plot(data["regs"], above, color="#D55E00", marker="v", label="upper")
        panel.plot(data["regs"], below, color="#0072B2", marker="^", label="lower")
        panel.axhline(0, label="exact cost", **EXACT)
        panel.set_xscale("log")
        panel.set_yscale("symlog", linthresh=1e-6)
        panel.yaxis.set_major_locator(FixedLocator(_both_signs(DECADES)))
        panel.yaxis.set_minor_locator(NullLocator())
        panel.invert_xaxis()
        panel.set_title(TITLES[family])
        panel.set_xlabel("regularisation, of the largest cost")
    axes[0].set_ylabel("bound over exact cost, minus one")
    _legend_below(figure, axes[0], columns=3)
    return figure


def crossover(results: Mapping[str, Results]) -> Figure:
    """Time against n, exact and entropic."""
    data = results["crossover"].arrays
    figure, axes = plt.subplots(1, len(FAMILIES), figsize=(10, 4.4), sharey=True)
    colours = plt.get_cmap("viridis")(np.linspace(0.15, 0.8, len(data["regs"])))
    for panel, family in zip(axes, FAMILIES, strict=True):
        n = data["sizes"]
        for reg, colour, times in zip(data["regs"], colours, data[family], strict=True):
            label = f"sinkhorn_newton, {_power(reg)}"
            panel.loglog(n, times, color=colour, label=label)
        panel.loglog(n, data[f"{family}_exact"], label="exact_transport", **EXACT | {"marker": "s"})
        panel.set_title(TITLES[family])
        panel.set_xlabel("n")
        panel.set_xticks(n, [str(size) for size in n])
        panel.xaxis.set_minor_locator(NullLocator())
    axes[0].set_ylabel("time to a certified cost [s]")
    _legend_below(figure, axes[0], columns=4)
    return figure


def _insets(panel: Any, *images: NDArray[np.float64]) -> None:
    for k, image in enumerate(images):
        inset = panel.inset_axes([0.03 + 0.17 * k, 0.04, 0.15, 0.2])
        side = round(np.sqrt(image.size))
        inset.imshow(image.reshape(side, side), cmap="gray_r", interpolation="nearest")
        inset.set_xticks([])
        inset.set_yticks([])
        inset.spines[:].set(visible=True, color="0.6")


def _power(reg: float) -> str:
    return rf"$10^{{{np.log10(reg):.0f}}}$"


def _both_signs(ticks: tuple[float, ...]) -> list[float]:
    return [-tick for tick in reversed(ticks)] + [0.0, *ticks]


def _legend_below(figure: Figure, panel: Any, columns: int) -> None:
    handles, labels = panel.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=columns)

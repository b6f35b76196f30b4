"""The figures of ``paper.toml``, each a function from results to a matplotlib figure."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from numpy.typing import NDArray

from resolvent.papers.results import Results
from resolvent.papers.sinkhorn_newton.digits import METHODS as DIGIT_METHODS
from resolvent.papers.sinkhorn_newton.methods import METHODS

__all__ = ["images", "mesh", "mnist", "reach"]

LABELS = {
    "sinkhorn": "Sinkhorn",
    "newton": "Newton, CG limited as published",
    "exact": "Newton, CG not limited",
    "ours": "resolvent's Sinkhorn-Newton",
}
STYLES: dict[str, dict[str, Any]] = {
    "sinkhorn": {"color": "#D55E00", "marker": "s"},
    "newton": {"color": "#0072B2", "marker": "o"},
    "exact": {"color": "#56B4E9", "marker": "D"},
    "ours": {"color": "#009E73", "marker": "^"},
}
MEASURES = {"violation": "#0072B2", "cost": "#D55E00", "plan": "#009E73"}
WORK = "iterations, or passes"
LOWEST, HIGHEST = 1e-16, 1e6  # zeros of rounding, and what is about to overflow

Data = Mapping[str, NDArray[Any]]


def images(results: Mapping[str, Results]) -> Figure:
    """The three errors of the paper over iterations and seconds, and all methods over work."""
    data = results["images"].arrays
    figure = plt.figure(figsize=(11, 4.6))
    halves: Any = figure.subfigures(1, 2, width_ratios=[1.75, 1])
    left, right = halves
    panels = left.subplots(1, 2, sharey=True)
    for panel, along in zip(panels, ("work", "seconds"), strict=True):
        for name, line in (("newton", "-"), ("sinkhorn", "--")):
            errors = (data[f"{name}_violation"], *data[f"{name}_measured"])
            for error, (measure, color) in zip(errors, MEASURES.items(), strict=True):
                label = f"{'Newton' if name == 'newton' else 'Sinkhorn'}, {measure}"
                look = {"color": color, "linestyle": line, "marker": "", "label": label}
                panel.semilogy(data[f"{name}_{along}"], np.maximum(error, LOWEST), **look)
        panel.set_xlim(left=0)
    panels[0].set_ylabel("error")
    panels[0].set_xlabel("iterations of Sinkhorn or CG")
    panels[1].set_xlabel("seconds")
    panels[0].set_title("as in the paper: over iterations")
    panels[1].set_title("and over time")
    _legend_below(left, panels[0], columns=2)

    panel = right.subplots()
    _paths(panel, data)
    panel.set_title("all methods")
    _legend_below(right, panel, columns=1)
    return figure


def mnist(results: Mapping[str, Results]) -> Figure:
    """The digits, errors for each regularisation, and the work that they take."""
    data = results["mnist"].arrays
    factors = data["factors"]
    figure = plt.figure(figsize=(11, 4.6))
    parts: Any = figure.subfigures(1, 2, width_ratios=[1.5, 1])
    left, right = parts
    grid = left.subplot_mosaic([["mu", "paths"], ["nu", "paths"]], width_ratios=[1, 3.4])
    for name, symbol in (("mu", r"$\mu$"), ("nu", r"$\nu$")):
        grid[name].imshow(data[name], cmap="Greys")
        grid[name].set_title(symbol)
        grid[name].set_axis_off()
    panel = grid["paths"]
    for k, (factor, shade) in enumerate(zip(factors, _shades(len(factors)), strict=True)):
        for name, line in (("newton", "-"), ("sinkhorn", "--")):
            label = _median(factor) if name == "newton" else None
            work, violation = _started(data, f"{name}_{k}", "violation")
            look = {"color": shade, "linestyle": line, "marker": "", "label": label}
            panel.loglog(work, violation, **look)
    panel.set_xlabel("iterations of CG (solid) or Sinkhorn (dashed)")
    panel.set_ylabel("largest violation of a marginal")
    panel.set_title("from strong to weak regularisation")
    _legend_below(left, panel, columns=4)

    panel = right.subplots()
    for name, work in zip(DIGIT_METHODS, data["work"], strict=True):
        panel.loglog(factors, work, label=LABELS[name], **STYLES[name])
    panel.set_xticks(factors, [f"{factor:g}" for factor in factors])
    panel.invert_xaxis()
    panel.minorticks_off()
    panel.set_xlabel(r"$\gamma$ over the median cost $q_{50}$")
    panel.set_ylabel(WORK)
    panel.set_title("work to an error of 1e-9")
    _legend_below(right, panel, columns=1)
    return figure


def mesh(results: Mapping[str, Results]) -> Figure:
    """The densities, errors over iterations of CG for each mesh, and work over mesh size."""
    data = results["mesh"].arrays
    sizes = data["sizes"]
    figure, (densities, paths, counts) = plt.subplots(1, 3, figsize=(11, 4.2))
    x = np.linspace(0, 1, int(sizes[-1]))
    for name, color in (("mu", "#0072B2"), ("nu", "#D55E00")):
        densities.fill_between(x, data[name], color=color, alpha=0.35, linewidth=0)
        densities.plot(x, data[name], color=color, marker="", label=rf"$\{name}$")
    densities.set_xlabel("x")
    densities.set_ylabel("density")
    densities.set_title("marginals")
    densities.set_ylim(bottom=0)
    densities.legend(loc="upper right")

    for k, (size, shade) in enumerate(zip(sizes, _shades(len(sizes)), strict=True)):
        work, violation = data[f"newton_{k}_work"], data[f"newton_{k}_violation"]
        paths.semilogy(work, violation, color=shade, marker="", label=f"N = {size}")
    paths.set_xlabel("iterations of CG, limited as published")
    paths.set_ylabel("largest violation of a marginal")
    paths.set_title("Newton's method")
    paths.set_xlim(left=0)
    paths.legend(loc="lower left")

    for name, work in zip(METHODS, data["work"], strict=True):
        counts.loglog(sizes, work, label=LABELS[name], **STYLES[name])
    counts.set_xticks(sizes, [str(size) for size in sizes])
    counts.minorticks_off()
    counts.set_xlabel("points N")
    counts.set_ylabel(WORK)
    counts.set_title("work to an error of 1e-9")
    _legend_below(figure, counts, columns=4)
    return figure


def reach(results: Mapping[str, Results]) -> Figure:
    """Work over regularisation, with crosses where a plan overflows, and one such way."""
    data = results["reach"].arrays
    figure, (counts, paths) = plt.subplots(1, 2, figsize=(10, 4.6), width_ratios=[1.2, 1])
    gammas = data["gammas"]
    for name, work, ended in zip(METHODS, data["work"], data["ended"], strict=True):
        counts.loglog(gammas, work, label=LABELS[name], **STYLES[name])
        failed = ~np.isfinite(work)
        counts.plot(gammas[failed], ended[failed], **_cross(name))
    counts.plot([], [], **{**_cross("sinkhorn"), "color": "0.3"}, label="the plan overflows")
    counts.invert_xaxis()
    counts.set_xlabel(r"regularisation $\gamma$ (costs are from 0 to 2)")
    counts.set_ylabel(WORK)
    counts.set_title("work to an error of 1e-9")

    _paths(paths, data)
    paths.set_title(rf"$\gamma$ = {float(data['shown']):g}")
    _legend_below(figure, counts, columns=3)
    return figure


def _paths(panel: Any, data: Data) -> None:
    """Draw the error of every method over its work, with a cross where it becomes infinite."""
    for name in METHODS:
        work, error = _started(data, name, "error")
        shown = np.clip(error, LOWEST, HIGHEST)
        panel.loglog(work, shown, **{**STYLES[name], "marker": "", "label": LABELS[name]})
        if not np.isfinite(error[-1]):
            panel.plot(work[-1], HIGHEST, **_cross(name))
    panel.set_xlabel(WORK)
    panel.set_ylabel("error of the marginals")


def _started(data: Data, name: str, error: str) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return work and error, for a logarithmic axis without the state that took no work."""
    work = data[f"{name}_work"]
    return work[work > 0], data[f"{name}_{error}"][work > 0]


def _cross(name: str) -> dict[str, Any]:
    size, layer = (11, 2) if name == "exact" else (7, 3)  # so that both are seen in one place
    look = {"marker": "x", "linestyle": "", "markersize": size, "markeredgewidth": 2}
    return {**STYLES[name], **look, "zorder": layer}


def _shades(count: int) -> Any:
    return plt.get_cmap("viridis_r")(np.linspace(0.12, 1, count))


def _median(factor: float) -> str:
    return r"$\gamma = q_{50}$" if factor == 1 else rf"$\gamma = {factor:g}\,q_{{50}}$"


def _legend_below(figure: Any, panel: Any, columns: int) -> None:
    handles, labels = panel.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=columns)

"""The figures of ``paper.toml``, each a function from results to a matplotlib figure."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator
from numpy.typing import NDArray

from resolvent.papers.results import Results

__all__ = ["amortisation", "contrasts", "families", "sizes", "training"]

LABELS = {
    "none": "none",
    "jacobi": "Jacobi",
    "ssor": "SSOR, fitted",
    "ic0": "IC(0)",
    "ict": "ICT, equal fill",
    "multigrid": "multigrid",
    "neural_if": "NeuralIF",
    "precorrector": "PreCorrector",
    "neural_pcg": "NeuralPCG",
    "own_precorrector": "PreCorrector, own",
    "own_neural_pcg": "NeuralPCG, own",
    "bare_own_neural_pcg": "NeuralPCG, own, no guard",
}
COLORS = {
    "none": "#DDDDDD",
    "jacobi": "#DDDDDD",
    "ssor": "#E69F00",
    "ic0": "#BBBBBB",
    "ict": "#BBBBBB",
    "multigrid": "#009E73",
    "neural_if": "#0072B2",
    "precorrector": "#D55E00",
    "neural_pcg": "#CC79A7",
    "own_precorrector": "#D55E00",
    "own_neural_pcg": "#CC79A7",
    "bare_own_neural_pcg": "#CC79A7",
}
MARKERS = {"ic0": "s", "ssor": "v", "multigrid": "^", "neural_if": "o", "precorrector": "D"}
# where lines coincide, each is seen beside the thinner ones on top of it
WIDTHS = {"ic0": 6.0, "ssor": 3.8, "multigrid": 1.5, "neural_if": 2.2, "precorrector": 1.2}
SIZES = {"ic0": 10, "ssor": 8, "multigrid": 6, "neural_if": 7, "precorrector": 3.5}
NOTE = r"""$\ast$  the guard refused the factor
of the network, and took a
classical one

“own”: trained on smaller
systems of the family; the
others on grids"""
RING: dict[str, Any] = {
    "linestyle": "",
    "marker": "o",
    "markersize": 16,
    "markerfacecolor": "none",
}
DOT: dict[str, Any] = {"color": "0.4", "linestyle": "", "marker": "o", "markersize": 8}
TITLES = {"2d": "triangles", "3d": "tetrahedra"}


def families(results: Mapping[str, Results]) -> Figure:
    """Iterations of each method, one panel a family; a star where the guard chose another."""
    data = results["families"].arrays
    methods = data["methods"].tolist()[::-1]
    figure, axes = plt.subplots(2, 4, figsize=(13.4, 6.4), sharey=True)
    note, panels = axes[0, 3], [*axes[0, :3], *axes[1]]
    note.set_axis_off()
    note.text(0.0, 0.5, NOTE, transform=note.transAxes, va="center")
    for panel, k in zip(panels, range(len(data["families"])), strict=True):
        _bars(
            panel, methods, *(data[key][k, ::-1] for key in ("iterations", "fallbacks", "failed"))
        )
        name, _, dimension = str(data["families"][k]).partition("_")
        panel.set_title(name.capitalize() + (f", {TITLES[dimension]}" if dimension else ""))
    for panel in axes[1]:
        panel.set_xlabel("iterations")
    return figure


def _bars(
    panel: Any,
    methods: list[str],
    steps: NDArray[np.float64],
    fallbacks: NDArray[np.float64],
    failed: NDArray[np.float64],
) -> None:
    places = np.arange(len(methods))
    panel.barh(places, steps, color=[COLORS[name] for name in methods], height=0.7)
    for place, count, fell, fails in zip(places, steps, fallbacks, failed, strict=True):
        text = "fails" if fails else f"{count:.0f}" + (r" $\ast$" if fell > 0.5 else "")
        at = (max(count, 1), place)
        panel.annotate(text, at, (3, -3.5), textcoords="offset points", fontsize=8)
    panel.set_yticks(places, [LABELS[name] for name in methods])
    panel.set_xscale("log")
    panel.set_xlim(1, 4 * steps.max())
    panel.grid(visible=False)


def sizes(results: Mapping[str, Results]) -> Figure:
    """Iterations over the size of a grid, and of a mesh of triangles."""
    data = results["generalisation"].arrays
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4.2))
    rows = dict(zip(data["methods"].tolist(), data["sizes_iterations"], strict=True))
    for name in MARKERS:
        left.loglog(data["sizes"], rows[name], **_look(name))
    left.axvspan(32, 64, color="0.93", zorder=0)
    across = left.get_xaxis_transform()
    left.annotate("training", (45, 0.94), xycoords=across, ha="center", color="0.4")
    rows = dict(zip(data["methods"].tolist(), data["meshes_iterations"], strict=True))
    for name in MARKERS:
        right.loglog(data["meshes"], rows[name], **_look(name))
    for name in ("neural_if", "precorrector"):
        right.loglog(data["meshes"], rows[f"bare_{name}"], **_bare(name))
    left.set_title("Lognormal diffusion on grids")
    right.set_title("Poisson equation on triangles")
    for panel, name in ((left, "sizes"), (right, "meshes")):
        panel.set_xticks(data[name], [f"{n}²" for n in data[name]])
        panel.minorticks_off()
        panel.set_xlabel("grid" if name == "sizes" else "cells of the lattice")
        panel.set_ylabel("iterations")
    right.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return figure


def contrasts(results: Mapping[str, Results]) -> Figure:
    """Iterations over the contrast of two phases; without the guard where it refuses anything."""
    data = results["generalisation"].arrays
    rows = dict(zip(data["methods"].tolist(), data["contrasts_iterations"], strict=True))
    fell = dict(zip(data["methods"].tolist(), data["contrasts_fallbacks"], strict=True))
    figure, panel = plt.subplots(figsize=(7.6, 4.2))
    for name in MARKERS:
        panel.loglog(data["contrasts"], rows[name], **_look(name))
    for name in ("neural_if", "precorrector"):
        refused = fell[name] > 0
        if refused.any():
            panel.loglog(data["contrasts"], rows[f"bare_{name}"], **_bare(name))
            where, label = (data["contrasts"][refused], rows[name][refused]), LABELS[name]
            panel.loglog(*where, color=COLORS[name], label=f"guard refuses {label}", **RING)
    panel.set_xlabel("contrast of the two phases")
    panel.set_ylabel("iterations")
    panel.set_title("Two phases on a 64² grid; the training has smooth media only")
    panel.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return figure


def amortisation(results: Mapping[str, Results]) -> Figure:
    """Seconds over the number of matrices; a dot where a model begins to be ahead of IC(0)."""
    data = results["amortisation"].arrays
    matrices = np.geomspace(1, 1e5, 101)
    shown = data["sides"][[0, -1]]
    training = dict(zip(data["models"].tolist(), data["training"].tolist(), strict=True))
    methods = data["methods"].tolist()
    reference = methods.index("ic0")
    figure, axes = plt.subplots(1, 2, figsize=(10, 4.2), sharey=True)
    for panel, r in zip(axes, shown.tolist(), strict=True):
        each = data["setup"] + r * data["solve"]
        for name, seconds in zip(methods, each, strict=True):
            if name not in MARKERS:
                continue
            total = training.get(name, 0.0) + matrices * seconds
            panel.loglog(matrices, total, **_look(name) | {"marker": ""})
            if name in training and seconds < each[reference]:
                even = training[name] / (each[reference] - seconds)
                panel.loglog(even, even * each[reference], **DOT | {"color": COLORS[name]})
        panel.set_title(f"{r} right-hand side{'s' * (r > 1)} for each matrix")
        panel.set_xlabel("matrices")
    axes[0].set_ylabel("seconds, training included")
    axes[1].plot([], [], label="ahead of IC(0) from here", **DOT)
    axes[1].legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return figure


def training(results: Mapping[str, Results]) -> Figure:
    """Loss over the steps, and iterations at each validation."""
    data = results["training"].arrays
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.8))
    for name in ("neural_if", "precorrector"):
        look = _look(name)
        losses = data[f"{name}_losses"]
        left.semilogy(np.arange(1, losses.size + 1), losses, **look | {"marker": ""})
        steps, counts = data[f"{name}_scores"].T
        right.semilogy(steps, counts, **look)
    left.set_ylabel(r"loss, $\|L L^T z - A z\| / \|A z\|$")
    right.set_ylabel("iterations on matrices set aside")
    for panel in (left, right):
        panel.yaxis.set_major_locator(LogLocator(subs=(1, 2, 3, 5)))
        panel.yaxis.set_major_formatter("{x:g}")
        panel.yaxis.set_minor_locator(NullLocator())
        panel.set_xlabel("step")
    right.legend()
    return figure


def _look(name: str) -> dict[str, Any]:
    look = {"color": COLORS[name], "marker": MARKERS[name], "label": LABELS[name]}
    return look | {"linewidth": WIDTHS[name], "markersize": SIZES[name]}


def _bare(name: str) -> dict[str, Any]:
    label = f"{LABELS[name]}, no guard"
    return _look(name) | {"linestyle": "--", "label": label, "markerfacecolor": "none"}

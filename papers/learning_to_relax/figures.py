"""The figures of ``paper.toml``, each a function from results to a matplotlib figure."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator
from numpy.typing import NDArray

from resolvent.papers.learning_to_relax.heat import BANDITS as HEAT_BANDITS
from resolvent.papers.learning_to_relax.heat import GRID
from resolvent.papers.learning_to_relax.offsets import FIXED
from resolvent.papers.results import Results

__all__ = ["contexts", "heat", "learning", "regret"]

WINDOW = 25  # steps of the moving mean
TITLES = {"high": "offsets of high variance", "low": "offsets of low variance"}
LABELS = {
    "tsallis": "Tsallis-INF, safe start",
    "tsallis_published": "Tsallis-INF, published start",
    "binned": "Tsallis-INF-CB, safe start",
    "binned_published": "Tsallis-INF-CB, published start",
    "cheb": "ChebCB",
    "optimal": "best for each instance",
}
STYLES: dict[str, dict[str, Any]] = {
    "tsallis": {"color": "#0072B2"},
    "tsallis_published": {"color": "#0072B2", "linestyle": "--"},
    "binned": {"color": "#009E73"},
    "binned_published": {"color": "#009E73", "linestyle": "--"},
    "cheb": {"color": "#D55E00"},
    "optimal": {"color": "#000000", "linestyle": ":"},
    "cg": {"color": "#CC79A7"},
}


def learning(results: Mapping[str, Results]) -> Figure:
    """Instances remaining against iterations: fixed parameters and Tsallis-INF."""
    fixed = [f"fixed_{omega}" for omega in FIXED]
    return _remaining(results, [*fixed, "tsallis_published", "tsallis"])


def contexts(results: Mapping[str, Results]) -> Figure:
    """The same for the bandits that see the offset, and the best fixed parameter."""
    bandits = ["tsallis", "binned_published", "binned", "cheb", "optimal"]
    return _remaining(results, ["best_fixed", *bandits])


def regret(results: Mapping[str, Results]) -> Figure:
    """Iterations above those of the best parameter for each instance, summed up."""
    figure, axes = plt.subplots(1, len(results), figsize=(10, 4.4), sharey=True)
    for panel, (case, result) in zip(axes, results.items(), strict=True):
        best = result.scalars["best_fixed_omega"]
        optimal = np.cumsum(_costs(result, "optimal"))
        instance = np.arange(1, optimal.size + 1)
        names = ["tsallis_published", "tsallis", "binned_published", "binned", "cheb"]
        for name in (f"fixed_{best}", *names):
            above = np.cumsum(_costs(result, name)) - optimal
            label = LABELS.get(name, "best fixed ω")
            panel.loglog(instance, above, marker="", label=label, **_style(name))
        panel.set_title(TITLES[case])
        panel.set_xlabel("instances solved")
        panel.set_xlim(10, optimal.size)
        panel.set_ylim(bottom=100)
    axes[0].set_ylabel("iterations above instance-optimal")
    _legend_below(figure, axes[0], columns=3)
    return figure


def heat(results: Mapping[str, Results]) -> Figure:
    """The omega that the bandits choose over the costs, and iterations of all policies."""
    data = results["heat"].arrays
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.6), width_ratios=[1.7, 1])
    _contour(figure, left, data)
    _totals(right, data)
    return figure


def _contour(figure: Figure, panel: Any, data: Mapping[str, NDArray[Any]]) -> None:
    levels = np.unique(
        np.round(np.geomspace(max(data["contour"].min(), 1), data["contour"].max(), 12))
    )
    filled = panel.contourf(
        data["looked_up"], GRID, data["contour"].T, levels=levels, cmap="Greys", alpha=0.7
    )
    figure.colorbar(filled, ax=panel, label="iterations of CG")
    panel.plot(data["looked_up"], data["best_omegas"], marker="", label="best", **STYLES["optimal"])
    for name in HEAT_BANDITS:
        mean = np.convolve(data[f"omegas_{name}"], np.full(WINDOW, 1 / WINDOW), mode="valid")
        centre = np.arange(mean.size) + WINDOW / 2
        panel.plot(centre, mean, marker="", label=LABELS[name].split(",")[0], **_style(name))
    size = int(data["sizes"][-1])
    panel.set_title(f"mean ω of {WINDOW} steps, {size - 1} by {size - 1} points")
    panel.set_xlabel("time step")
    panel.set_ylabel("ω")
    panel.set_xlim(0, data["looked_up"][-1])
    panel.set_ylim(GRID[0], GRID[-1])
    panel.grid(visible=False)
    panel.legend(loc="upper center", bbox_to_anchor=(0.5, -0.14), ncols=4)


def _totals(panel: Any, data: Mapping[str, NDArray[Any]]) -> None:
    order = np.argsort(-data["totals"][:, -1])
    names = data["policies"][order].tolist()
    places = np.arange(len(names))
    for k, (size, marker) in enumerate(zip(data["sizes"], "^so", strict=False)):
        column, points = data["totals"][order, k], f"{size - 1}² points"
        panel.scatter(
            column, places, marker=marker, c=[_style(name)["color"] for name in names], zorder=3
        )
        panel.plot([], [], marker=marker, linestyle="", color="0.45", label=points)
    for place, total in zip(places, data["totals"][order, -1], strict=True):
        panel.annotate(f"{total:.1f}", (total, place), (7, -3.5), textcoords="offset points")
    labels = LABELS | {"cg": "no preconditioner", "optimal": "best for each step"}
    panel.set_yticks(places, [labels.get(name, f"ω = {name[6:]}").split(",")[0] for name in names])
    panel.set_xscale("log")
    panel.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    panel.xaxis.set_major_formatter("{x:g}")
    panel.minorticks_off()
    panel.set_xlabel("iterations a step")
    panel.set_title("all policies")
    panel.margins(x=0.14)
    panel.legend(loc="upper center", bbox_to_anchor=(0.5, -0.14), ncols=3)


def _remaining(results: Mapping[str, Results], names: list[str]) -> Figure:
    figure, axes = plt.subplots(1, len(results), figsize=(10, 4.6), sharey=True)
    shades = plt.get_cmap("Greys")(np.linspace(0.35, 0.85, len(FIXED)))
    for panel, (case, result) in zip(axes, results.items(), strict=True):
        best = f"fixed_{result.scalars['best_fixed_omega']}"
        for name in names:
            policy = best if name == "best_fixed" else name
            total = np.concatenate([[0], np.cumsum(_costs(result, policy))]) / 1e3
            left = total.size - 1 - np.arange(total.size)
            look = _style(policy)
            label = LABELS.get(name, "best fixed ω")
            if name.startswith("fixed"):
                look = {"color": shades[names.index(name)], "linewidth": 1.2}
                label = f"ω = {name[6:]}"
            panel.plot(total, left, marker="", label=label, **look)
        panel.set_title(TITLES[case])
        panel.set_xlabel("iterations so far [thousands]")
        panel.set_xlim(left=0)
        panel.set_ylim(bottom=0)
    axes[0].set_ylabel("instances remaining")
    _legend_below(figure, axes[0], columns=4)
    return figure


def _costs(result: Results, policy: str) -> NDArray[np.float64]:
    row = result.arrays["policies"].tolist().index(policy)
    return np.asarray(result.arrays["costs"][row])


def _style(policy: str) -> dict[str, Any]:
    return STYLES.get(policy, {"color": "0.45"})


def _legend_below(figure: Figure, panel: Any, columns: int) -> None:
    handles, labels = panel.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=columns)

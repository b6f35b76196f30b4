"""The figures of ``paper.toml``, each a function from results to a matplotlib figure."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from resolvent.arrays import Array
from resolvent.papers.results import Results

__all__ = ["errors", "points"]

REFERENCE: dict[str, Any] = {"color": "0.4", "linestyle": ":", "marker": ""}


def errors(results: Mapping[str, Results]) -> Figure:
    """Errors over time, and what the indicator knows of them."""
    data = results["online"].arrays
    figure, (left, right) = plt.subplots(1, 2, figsize=(10.6, 4.4), width_ratios=[1.25, 1])
    t, solved = data["times"], data["solved"]
    left.semilogy(t, data["fixed"], marker="", label="fixed model")
    left.semilogy(t, data["adaptive"], marker="", label="adaptive model")
    left.semilogy(
        t, data["estimates"], marker="", linewidth=1, label="its estimate, before enrichment"
    )
    left.semilogy(
        t[solved],
        data["adaptive"][solved],
        linestyle="",
        marker="D",
        color="C1",
        label="a step at full size, and new modes",
    )
    tol = float(data["tol"])
    left.axhline(tol, label="tolerance", **REFERENCE)
    left.axhline(tol * float(data["safety"]), color="0.7", linestyle="--", linewidth=1)
    left.set_ylim(3e-5, 0.3)
    left.set_xlabel("time over duration")
    left.set_ylabel("relative error of the stress")
    left.set_title("A hot spot that departs at 0.3")
    left.legend(loc="lower right", fontsize=8)

    factor, exponent, margin = data["calibration"]
    x = data["training_indicators"]
    line = np.geomspace(np.min(x), np.max(x), 2)
    right.loglog(
        x, data["training_errors"], linestyle="", marker=".", color="0.6", label="training"
    )
    indicators = data["indicators"][0]
    right.loglog(
        indicators, data["fixed"], linestyle="", markersize=4, color="C0", label="moving spot"
    )
    right.loglog(line, factor * line**exponent, label="calibration", **REFERENCE)
    right.loglog(
        line,
        margin * factor * line**exponent,
        color="0.4",
        linestyle="--",
        marker="",
        label="with two deviations",
    )
    right.set_xlabel("indicator")
    right.set_ylabel("relative error of the stress")
    right.set_title("Fixed models")
    right.legend(fontsize=8)
    return figure


def points(results: Mapping[str, Results]) -> Figure:
    """Cubature points before and after the enrichments, and how many there are."""
    data = results["online"].arrays
    figure, panels = plt.subplots(1, 3, figsize=(11.4, 4))
    for panel, name in zip(panels, ("before", "after"), strict=False):
        creep(panel, data)
        x, y = data[name].T
        panel.scatter(x, y, s=2 * data[f"{name}_weights"], color="C1", linewidths=0)
        panel.set_title(f"{len(x)} of {len(data['quadrature'])} points {name} enrichment")
    panels[0].plot(*data["spots"].T, linestyle="", marker="x", color="black")
    panels[1].plot(*data["path"][1:].T, marker="", color="black")
    panels[1].plot(*data["path"][-1], marker="x", color="black")

    data = results["cubature"].arrays
    for pod_tol, count in zip(data["pod_tols"], data["points_of"], strict=True):
        panels[2].semilogx(data["tols"], count, label=f"modes to {pod_tol:g}")
    panels[2].invert_xaxis()
    panels[2].set_xlabel("relative tolerance of the integrals")
    panels[2].set_ylabel("points")
    panels[2].set_ylim(0)
    panels[2].set_title(f"Points out of {int(data['all'])}")
    panels[2].legend()
    return figure


def creep(panel: Any, data: Mapping[str, Array]) -> None:
    """Draw the creep strain at the end of the movement."""
    order = np.lexsort(data["quadrature"].T[::-1])
    size = round(np.sqrt(len(order)))
    image = data["creep"][order].reshape(size, size)
    panel.imshow(image.T, origin="lower", extent=(0, 1, 0, 1), cmap="Blues")
    panel.grid(False)
    panel.set_xlabel("x (held at 0, pulled at 1)")
    panel.set_ylabel("y")

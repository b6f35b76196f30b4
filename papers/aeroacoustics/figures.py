"""The figures of ``paper.toml``, each a function from results to a matplotlib figure."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from resolvent.papers.results import Results

__all__ = ["errors", "fields"]

REFERENCE: dict[str, Any] = {"color": "0.4", "linestyle": ":", "marker": ""}
WALLS = "hard wall", "absorbing wall, λ = 1"


def fields(results: Mapping[str, Results]) -> Figure:
    """Total fields of the reduced basis around the kite, and far fields against the code's."""
    data = results["modes"].arrays
    half = float(data["half_width"])
    figure, panels = plt.subplot_mosaic(
        [["hard", "soft", "far"]],
        figsize=(11.5, 4.4),
        width_ratios=[1, 1, 1.15],
        per_subplot_kw={"far": {"projection": "polar"}},
    )
    for i, (panel, wall) in enumerate(zip((panels["hard"], panels["soft"]), WALLS, strict=True)):
        image = panel.imshow(
            data[f"field_{i}"],
            origin="lower",
            extent=(-half, half, -half, half),
            cmap="RdBu_r",
            vmin=-2,
            vmax=2,
            interpolation="bilinear",
        )
        panel.fill(*data["curve"], color="0.6", linewidth=2.5)
        panel.set_title(f"Pressure, {wall}")
        panel.set_xlabel("x")
        panel.grid(False)
    panels["hard"].set_ylabel("y")
    figure.colorbar(image, ax=[panels["hard"], panels["soft"]], shrink=0.75, pad=0.02)

    polar: Any = panels["far"]
    angles = np.append(data["angles"], 2 * np.pi)
    reduced, code = (np.abs(np.concatenate([p, p[:1]])) for p in data["patterns"])
    for i, wall in enumerate(WALLS):
        polar.plot(angles, reduced[:, i], marker="", label=wall)
        dots = {"linestyle": "", "marker": "o", "color": "k", "markersize": 2.5}
        polar.plot(angles[::4], code[::4, i], **dots, label="" if i == 0 else "the code itself")
    polar.set_rlabel_position(315)
    polar.set_title("Modulus of the far field")
    polar.legend(loc="lower left", bbox_to_anchor=(-0.25, -0.2), fontsize=8)
    return figure


def errors(results: Mapping[str, Results]) -> Figure:
    """Errors over the matrices and vectors of the expansion, and over the modes."""
    data = results["terms"].arrays
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4.2))
    left.semilogy(data["matrices"], data["matrix"], label="matrix")
    left.semilogy(data["matrices"], data["solution"], label="solution")
    left.semilogy(
        data["matrices"], data["estimate"], label="estimate of the matrix", linestyle="--"
    )
    left.semilogy(data["vectors"], data["vector"], label="right-hand side")
    left.set_xlabel("terms")
    left.set_ylabel("largest relative error")
    left.set_title("Expansion in matrices and vectors of the code")
    left.legend()

    data = results["modes"].arrays
    bounds = data["bounds"] / data["scale"]
    right.semilogy(np.arange(len(bounds)), bounds, label="largest bound in training", **REFERENCE)
    right.semilogy(data["sizes"], data["errors"], label="pressure on the surface")
    right.semilogy(data["sizes"], data["far_errors"], label="far field")
    right.axhline(data["missed"] / data["scale"], color="0.6", linewidth=1)
    right.text(0, 1.3 * data["missed"] / data["scale"], "part of the bound for the expansion")
    right.set_xlabel("modes")
    right.set_title("Reduced basis against the code")
    right.legend()
    return figure

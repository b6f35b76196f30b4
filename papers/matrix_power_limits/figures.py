"""The figures of ``paper.toml``, each a function from results to a matplotlib figure."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from resolvent.arrays import Array
from resolvent.papers.results import Results

__all__ = ["errors", "parameters"]

PANELS = {
    "determinant_two": "Log-determinant, 2 strips",
    "determinant_three": "Log-determinant, 3 strips",
    "determinant_four": "Log-determinant, 2 x 2 blocks",
    "temperature_two": "Solution, 2 strips",
    "temperature_three": "Solution, 3 strips",
}
FAINT: dict[str, Any] = {"linestyle": "--", "markerfacecolor": "white"}
METHODS: dict[str, tuple[str, dict[str, Any]]] = {
    "published": ("weights by EIM", {"color": "C0", "marker": "o"}),
    "homogeneous": ("weights by EIM, scale known", {"color": "C1", "marker": "s"}),
    "magic": ("radial functions, same parameters", {"color": "C0", "marker": "v", **FAINT}),
    "magic_helped": (
        "radial functions, same, scale known",
        {"color": "C1", "marker": "v", **FAINT},
    ),
    "radial": ("radial functions, random parameters", {"color": "C0", "marker": "^", **FAINT}),
    "radial_helped": (
        "radial functions, random, scale known",
        {"color": "C1", "marker": "^", **FAINT},
    ),
    "grid": ("Chebyshev grid", {"color": "C0", "marker": "D", **FAINT}),
    "grid_helped": ("Chebyshev grid, scale known", {"color": "C1", "marker": "D", **FAINT}),
    "galerkin": ("reduced basis (intrusive)", {"color": "0.35", "marker": "P"}),
}


def errors(results: Mapping[str, Results]) -> Figure:
    """Errors over the number of calls, and how far the bound is from the error."""
    figure, axes = plt.subplots(2, 3, figsize=(11, 7.2))
    handles: dict[str, Any] = {}
    for (name, title), panel in zip(PANELS.items(), axes.flat, strict=False):
        data = results[name].arrays
        for method, (label, style) in METHODS.items():
            if f"count_{method}" in data:
                counts, measured = data[f"count_{method}"], data[f"error_{method}"]
                every = max(1, len(counts) // 10)
                handles[label], *_ = panel.semilogy(counts, measured, markevery=every, **style)
        panel.set_title(title)
        panel.set_xlabel("calls of the black box M")
        panel.set_ylabel("largest relative error")
        panel.set_xlim(0, 31)
    last = axes[1, 2]
    for k, (name, label) in enumerate(
        [("temperature_two", "2 strips"), ("temperature_three", "3 strips")]
    ):
        data, color = results[name].arrays, f"C{k + 2}"
        counts = data["certified_at"]
        last.semilogy(counts, data["certified"], color=color, label=label)
        last.semilogy(
            counts, data["bound"], linestyle=":", marker="", color=color, label=f"{label}, bound"
        )
    last.set_title("Bound on the solution, scale known")
    last.set_xlabel("calls of the black box M")
    last.set_ylabel("largest relative error, energy norm")
    last.legend()
    figure.legend(handles.values(), handles.keys(), loc="outside lower center", ncols=4)
    return figure


def parameters(results: Mapping[str, Results]) -> Figure:
    """Chosen parameters in the order of their choice, and errors with and without weighting."""
    figure, (left, middle, right) = plt.subplots(1, 3, figsize=(11, 3.9))
    data = results["determinant_two"].arrays
    for name, color, marker in (("published", "C0", "o"), ("homogeneous", "C1", "s")):
        mus = data[f"chosen_{name}"][:15]
        label = METHODS[name][0]
        left.plot(*mus.T, linestyle="", marker=marker, color=color, markersize=4, label=label)
    numbered(left, data["chosen_homogeneous"][:6], "C1")
    left.set_title("First 15 parameters, 2 strips")
    left.set_xlabel(r"$\mu_1$")
    left.set_ylabel(r"$\mu_2$")
    left.set_ylim(0.4, 2.5)
    left.set_yticks([0.5, 1, 1.5, 2])
    left.legend(loc="upper center", fontsize=8)

    mus = results["determinant_three"].arrays["chosen_homogeneous"]
    ratios = np.log(mus[:, :2] / mus[:, 2:])
    middle.plot(*ratios.T, linestyle="", marker="s", color="C1", markersize=4)
    numbered(middle, ratios[:12], "C1")
    a = np.log(4)
    corners = np.array([[a, a], [a, 0], [0, -a], [-a, -a], [-a, 0], [0, a], [a, a]])
    middle.plot(*corners.T, marker="", linestyle=":", color="0.4")
    middle.set_aspect("equal")
    middle.set_title("30 parameters, 3 strips, scale known")
    middle.set_xlabel(r"$\log(\mu_1 / \mu_3)$")
    middle.set_ylabel(r"$\log(\mu_2 / \mu_3)$")

    data = results["weighting"].arrays
    terms = np.arange(1, len(data["error_plain"]) + 1)
    right.semilogy(terms, data["error_plain"], markevery=3, label=r"$c^i$")
    right.semilogy(
        terms, data["error_multinomial"], markevery=3, label=r"$c^i$ times multinomial coefficient"
    )
    right.set_title("Which monomials EIM should see")
    right.set_xlabel("calls of the black box M")
    right.set_ylabel("largest relative error of log det")
    right.legend(fontsize=8)
    return figure


def numbered(panel: Any, points: Array, color: str) -> None:
    """Write the order of choice beside points."""
    for k, (x, y) in enumerate(points, start=1):
        panel.annotate(str(k), (x, y), (4, 3), textcoords="offset points", color=color, fontsize=8)

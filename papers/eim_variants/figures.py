"""The figures of ``paper.toml``, each a function from results to a matplotlib figure."""

from collections.abc import Mapping

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from resolvent.papers.results import Results

__all__ = ["magic_points", "norms", "sensors", "triangularity"]

NUMBERED = 8
NORMS = {"sup": "maximum norm", "l2": "Euclidean norm", "l1": "L1 norm"}
FORMS = {
    "pairs": "selected fields of broken sensors left out",
    "rectangular": "all selected fields kept",
    "scaled": "all kept, scaled to norm one",
    "moved": "sensors moved to the best places",
}


def magic_points(results: Mapping[str, Results]) -> Figure:
    """Chosen points in both squares, coloured by their order, and the pivots; log axes."""
    data = results["symmetry"].arrays
    order = np.arange(1, len(data["x"]) + 1)
    figure, (*squares, right) = plt.subplots(1, 3, figsize=(11, 4), width_ratios=[1, 1, 1.2])
    for panel, name, sign in zip(squares, ("x", "y"), (1, -1), strict=True):
        places = sign * data[name]
        drawn = panel.scatter(*places.T, c=order, cmap="viridis_r", s=26, zorder=3)
        for k, (u, v) in enumerate(places[:NUMBERED], start=1):
            panel.annotate(str(k), (u, v), (4, 3), textcoords="offset points", fontsize=8)
        prefix = "" if sign > 0 else "-"
        panel.set_xscale("log")
        panel.set_yscale("log")
        panel.set_aspect("equal")
        panel.set_xlabel(f"${prefix}{name}_1$")
        panel.set_ylabel(f"${prefix}{name}_2$")
        panel.set_title(f"Magic points {name}")
    figure.colorbar(drawn, ax=squares, label="order of choice", shrink=0.7)
    right.semilogy(order, data["pivots"], markevery=3)
    right.set_title("Pivots: what is left at the chosen pair")
    right.set_xlabel("number of terms M")
    right.set_ylabel("modulus of the pivot")
    return figure


def norms(results: Mapping[str, Results]) -> Figure:
    """Errors of unseen fields and Lebesgue constants over the number of terms."""
    data = results["norms"].arrays
    figure, axes = plt.subplots(1, 3, figsize=(11, 3.9))
    titles = ("Typical unseen field", "Worst unseen field", "Lebesgue constant")
    labels = ("mean error, relative", "largest error, relative", r"$\Lambda$")
    for panel, key, title, label in zip(
        axes, ("mean", "worst", "constants"), titles, labels, strict=True
    ):
        for name, norm in NORMS.items():
            curve = data[f"{key}_{name}"]
            draw = panel.plot if key == "constants" else panel.semilogy
            draw(np.arange(1, curve.size + 1), curve, markevery=5, label=norm)
        panel.set_title(title)
        panel.set_xlabel("number of terms M")
        panel.set_ylabel(label)
    axes[0].legend()
    return figure


def sensors(results: Mapping[str, Results]) -> Figure:
    """Errors over the number of broken sensors, of the typical and of the worst field."""
    data = results["sensors"].arrays
    figure, panels = plt.subplots(1, 2, figsize=(10, 4.4), sharey=True)
    for panel, key in zip(panels, ("typical", "worst"), strict=True):
        for form, label in FORMS.items():
            panel.semilogy(data["broken"], data[f"{key}_{form}"], label=label)
        panel.set_title(f"The {key} field")
        panel.set_xlabel("broken sensors")
    panels[0].set_ylabel("relative error, median over failures")
    panels[0].legend()
    return figure


def triangularity(results: Mapping[str, Results]) -> Figure:
    """The largest modulus above the diagonal over the number of terms."""
    data = results["triangularity"].arrays
    figure, panel = plt.subplots(figsize=(6.4, 4.2))
    for name, label in (("published", "as usually written"), ("library", "residual twice")):
        curve = np.maximum(data[name], 1e-18)
        panel.semilogy(np.arange(1, curve.size + 1), curve, markevery=5, label=label)
    panel.axhline(2.2e-16, color="0.4", linestyle=":", label=r"$\epsilon$")
    panel.set_ylim(bottom=5e-19)
    panel.set_xlabel("number of terms M")
    panel.set_ylabel(r"$\max_{l < m} |q_m(x_l)|$ (zeros at $10^{-18}$)")
    panel.legend()
    return figure

"""The figures of ``paper.toml``, each a function from results to a matplotlib figure."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator

from resolvent.arrays import Array
from resolvent.papers.results import Results

__all__ = ["accuracy", "entropic", "shapes"]

REFERENCE: dict[str, Any] = {"color": "0.4", "linestyle": ":", "marker": ""}
PLANS_SHOWN = 3


def shapes(results: Mapping[str, Results]) -> Figure:
    """Two ways between two covariances, the barycentre of three, and the steps to barycentres."""
    data = results["barycenter"].arrays
    figure = plt.figure(figsize=(10.6, 4.6))
    halves: Any = figure.subfigures(1, 2, width_ratios=[1.5, 1])
    left, right = halves
    panels = left.subplots(2, 1, height_ratios=[2, 1.3])
    colors = plt.get_cmap("viridis")(np.linspace(0, 0.85, len(data["geodesic"])))
    for row, name in enumerate(("geodesic", "line")):
        for k, (S, color) in enumerate(zip(data[name], colors, strict=True)):
            outline(panels[0], S, (2.4 * k, -2.4 * row), color=color)
        panels[0].text(-1.3, -2.4 * row, name, ha="right", va="center")
    panels[0].set_title("From one covariance to another")
    outline(panels[1], data["center"], (7.2, 0), color="C1", linewidth=2.5)
    for k, S in enumerate(data["corners"]):
        outline(panels[1], S, (2.4 * k, 0), color="0.45")
        outline(panels[1], S, (7.2, 0), color="0.75", linewidth=1)
    panels[1].set_title("Three covariances, and their barycentre on top of them")
    for panel in panels:
        panel.set_aspect("equal")
        panel.set_xlim(-3.2, 11)
        panel.axis("off")

    panel = right.subplots()
    for condition, history in zip(data["conditions"], data["histories"], strict=True):
        exponent = round(np.log10(condition))
        panel.semilogy(history, markevery=0.1, label=rf"$\kappa = 10^{{{exponent}}}$")
    panel.set_title(f"Fixed point, {int(data['numbers'][-1])} covariances")
    panel.set_xlabel("step")
    panel.set_ylabel("residual")
    panel.legend()
    return figure


def accuracy(results: Mapping[str, Results]) -> Figure:
    """Errors of the distance as B approaches A, and of the map over the condition."""
    data = results["accuracy"].arrays
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4.2))
    d = data["distances"]
    left.loglog(d, data["factors"], label="norm of a difference of factors")
    seen = data["trace"] > 0  # by luck some are exact
    left.loglog(d[seen], data["trace"][seen], label="formula with traces")
    left.loglog(d, 2e-16 / d, label=r"$\epsilon / d$ and $\epsilon / d^2$", **REFERENCE)
    left.loglog(d, np.minimum(2e-16 / d**2, 1), **REFERENCE)
    left.set_xlabel(r"distance of A and B over $(\mathrm{tr}\,A)^{1/2}$")
    left.set_ylabel("relative error")
    left.set_title("Bures distance")
    left.invert_xaxis()
    left.legend()

    condition = data["conditions"]
    right.loglog(condition, data["map_errors"], label="factors")
    right.loglog(condition, data["formula_errors"], label="square roots and their inverses")
    right.loglog(condition, 2e-16 * condition, label=r"$\epsilon\, \kappa$", **REFERENCE)
    right.set_xlabel("condition of A")
    right.set_ylabel("relative error")
    right.set_title("Optimal map")
    right.legend()
    return figure


def entropic(results: Mapping[str, Results]) -> Figure:
    """Plans with their closed-form ellipses, and what is left of the error."""
    data = results["entropic"].arrays
    figure, axes = plt.subplots(2, PLANS_SHOWN, figsize=(10.6, 6.6))
    for k, panel in zip(range(0, 2 * PLANS_SHOWN, 2), axes[0], strict=True):
        plan(panel, data, k)
    axes[0, 0].set_ylabel("y")

    left, middle, right = axes[1]
    for reg, q, errors in zip(data["regs"], data["q"], data["grid_errors"], strict=True):
        left.semilogy(q, errors, linestyle="", label=rf"$\varepsilon$ = {reg:g}")
    u = 2 * np.pi**2 * np.linspace(0.02, 1.3, 200)
    left.semilogy(
        u / (2 * np.pi**2), u * np.exp(-u), label=r"$u\, e^{-u}$, $u = 2\pi^2 q$", **REFERENCE
    )
    left.set_xlim(0, 1.3)
    left.set_ylim(1e-10, 3)
    left.set_xlabel(r"$q = 2(1 - r)s^2$")
    left.set_ylabel(r"error of C over $\varepsilon$")
    left.set_title("Error of the grid")
    left.legend(fontsize=8)

    data = results["sampling"].arrays
    N = data["sizes"]
    for reg, errors in zip(data["regs"], data["errors"], strict=True):
        middle.loglog(N, errors, label=rf"$\varepsilon$ = {reg:g}")
    reference = 0.8 * np.min(data["errors"][:, 0]) * (N / N[0]) ** -0.5
    middle.loglog(N, reference, label=r"$N^{-1/2}$", **REFERENCE)
    middle.set_xticks(N, [str(int(n)) for n in N])
    middle.xaxis.minorticks_off()
    middle.set_xlabel("samples N")
    middle.set_ylabel("relative error of the value")
    middle.set_title("Error of sampling, in the plane")
    middle.legend()

    data = results["unbalanced"].arrays
    for shift, masses, closed in zip(data["shifts"], data["masses"], data["closed"], strict=True):
        (points,) = right.semilogx(data["rhos"], masses, linestyle="", label=f"{shift:g} apart")
        right.semilogx(data["rhos"], closed, marker="", color=points.get_color())
    right.xaxis.set_major_locator(LogLocator())
    right.set_xlabel(r"penalty of the marginals $\rho$")
    right.set_ylabel("mass of the plan")
    right.set_title("Masses 1 and 1.5, closed form as lines")
    right.legend()
    return figure


def plan(panel: Any, data: Mapping[str, Array], k: int) -> None:
    """Draw one plan as an image, and the ellipse of two standard deviations on it."""
    P, C = data[f"plan_{k}"], float(data["closed"][k])
    half = float(data["width"])
    panel.imshow(P.T, origin="lower", extent=(-half, half, -half / 2, half / 2), cmap="Blues")
    outline(panel, 4 * np.array([[1.0, C], [C, 0.25]]), (0, 0), color="C1", linewidth=1.2)
    panel.set_xlim(-3, 3)
    panel.set_ylim(-2, 2)
    panel.set_xlabel("x")
    panel.grid(False)
    panel.set_title(rf"Plan, $\varepsilon$ = {data['regs'][k]:g}")


def outline(panel: Any, S: Array, center: tuple[float, float], **style: Any) -> None:
    """Draw the ellipse of one standard deviation."""
    angle = np.linspace(0, 2 * np.pi, 200)
    x, y = np.linalg.cholesky(S) @ np.array([np.cos(angle), np.sin(angle)])
    panel.plot(center[0] + x, center[1] + y, marker="", **style)

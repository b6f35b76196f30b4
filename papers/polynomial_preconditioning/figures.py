"""The figures of ``paper.toml``, each a function from results to a matplotlib figure."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from resolvent.papers.polynomial_preconditioning.spectra import SPECTRA
from resolvent.papers.results import Results

__all__ = ["conditions", "logistic", "model_problems", "steps"]

TITLES = {
    "two_outliers": r"outliers $10^6, 10^4$",
    "four_outliers": r"outliers $10^6, 10^4, 10^3, 10^2$",
    "no_outliers": "no outliers",
}
CASES = {
    "quadratic": "quadratic, L and μ known",
    "soft_maximum": "soft maximum, L searched for",
    "cancer": "logistic regression, breast cancer",
    "digits": "logistic regression, digits",
}
METHODS = {"gm": "gradient method", "fgm": "fast gradient method"}
KINDS: dict[str, tuple[str, Any]] = {
    "symmetric": ("symmetric polynomial", "-"),
    "krylov": ("Krylov step", "--"),
    "chebyshev": ("Chebyshev polynomial", ":"),
}
CG: dict[str, Any] = {"color": "C1", "marker": "", "linewidth": 2.5, "zorder": 1}
REFERENCE: dict[str, Any] = {"color": "0.4", "marker": ""}


def conditions(results: Mapping[str, Results]) -> Figure:
    """Condition against degree: measured on its formula, with the bound and the rest."""
    data = results["conditions"].arrays
    degrees = data["degrees"]
    figure, axes = plt.subplots(1, len(SPECTRA), figsize=(10.4, 4.4))
    for panel, name in zip(axes, SPECTRA, strict=True):
        formula, measured = data[f"{name}_formula"], data[f"{name}_measured"]
        panel.semilogy(degrees, formula, marker="", color="C0", label="symmetric, formula")
        panel.semilogy(
            degrees, measured, linestyle="", marker="o", color="C0", label="symmetric, measured"
        )
        panel.semilogy(
            degrees, data[f"{name}_chebyshev"], marker="s", color="C1", label="Chebyshev, measured"
        )
        panel.semilogy(
            degrees, data[f"{name}_bound"], linestyle=":", **REFERENCE,
            label=r"bound, $(\lambda_{\tau+1} + \dots + \lambda_n) / \lambda_n$",
        )  # fmt: skip
        panel.semilogy(
            degrees, data[f"{name}_rest"], linestyle="--", **REFERENCE,
            label=r"the rest alone, $\lambda_{\tau+1} / \lambda_n$",
        )  # fmt: skip
        panel.set_title(TITLES[name])
        panel.set_xlabel(r"degree $\tau$")
        panel.set_xticks(degrees)
    axes[0].set_ylabel(r"condition of $B P_\tau$")
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3)
    return figure


def steps(results: Mapping[str, Results]) -> Figure:
    """Steps against condition for both methods, with slopes 1 and 1/2."""
    data = results["quadratic"].arrays
    kappa, degrees = data["conditions"], data["degrees"]
    figure, panel = plt.subplots(figsize=(5.6, 4.0))
    for name, slope, text in (("gm", 1.0, r"$\kappa$"), ("fgm", 0.5, r"$\sqrt{\kappa}$")):
        count = data[f"steps_{name}"]
        panel.loglog(kappa, count, linestyle="", label=METHODS[name])
        line = 1.0 * count[-1] * (kappa / kappa[-1]) ** slope
        panel.loglog(kappa, line, linestyle=":", zorder=1, **REFERENCE)
        panel.annotate(
            text, (kappa[0], line[0]), xytext=(8, 0), textcoords="offset points", va="center"
        )
    for x, y, degree in zip(kappa, data["steps_gm"], degrees, strict=True):
        panel.annotate(
            rf"$\tau = {degree}$", (x, y), xytext=(-6, 6), textcoords="offset points", ha="right"
        )
    panel.margins(x=0.15, y=0.12)
    panel.set_xlabel(r"condition $\kappa$ of $B P_\tau$, by the formula")
    panel.set_ylabel("steps")
    panel.legend(loc="lower right")
    return figure


def model_problems(results: Mapping[str, Results]) -> Figure:
    """Draw f - f* against products for the quadratic and the soft maximum."""
    return _descents(results)


def logistic(results: Mapping[str, Results]) -> Figure:
    """Draw f - f* against products for logistic regression on two sets of data."""
    return _descents(results)


def _descents(results: Mapping[str, Results]) -> Figure:
    figure, axes = plt.subplots(
        len(results),
        2,
        figsize=(9.6, 1.3 + 3.1 * len(results)),
        sharex="row",
        sharey="row",
        squeeze=False,
    )
    degrees = np.arange(0)
    for row, (case, result) in zip(axes, results.items(), strict=True):
        data = result.arrays
        degrees = data["degrees"]
        for panel, (method, title) in zip(row, METHODS.items(), strict=True):
            for kind, (_, linestyle) in KINDS.items():
                for degree in degrees[-1:] if kind == "chebyshev" else degrees:
                    name = f"{method}_{kind}{degree}"
                    if f"{name}_gaps" in data:
                        gaps = data[f"{name}_gaps"]
                        panel.loglog(
                            data[f"{name}_products"],
                            gaps / gaps[0],
                            color=_colour(degree, degrees),
                            linestyle=linestyle,
                            marker="",
                        )
            panel.set_title(f"{CASES[case]}: {title}")
            panel.set_xlabel("products with B (a gradient counts as one)")
            if "cg_gaps" in data:
                gaps = data["cg_gaps"] / data["cg_gaps"][0]
                panel.loglog(data["cg_products"], gaps, **CG)
        row[0].set_ylim(bottom=float(data["accuracy"]) / 3)
        row[0].set_ylabel(r"$(f - f^*) / (f_0 - f^*)$")
    styles = [
        Line2D([], [], color="0.3", linestyle=line, marker="", label=label)
        for label, line in KINDS.values()
    ]
    if any("cg_gaps" in result.arrays for result in results.values()):
        styles.append(Line2D([], [], label="conjugate gradients", **CG))
    colours = [
        Line2D([], [], color=_colour(degree, degrees), marker="", linewidth=3,
               label=rf"$\tau = {degree}$" + (", no preconditioner" if degree == 0 else ""))
        for degree in degrees
    ]  # fmt: skip
    figure.legend(handles=styles + colours, loc="outside lower center", ncols=5)
    return figure


def _colour(degree: Any, degrees: Any) -> Any:
    return plt.get_cmap("viridis")(0.9 * degree / max(int(np.max(degrees)), 1))

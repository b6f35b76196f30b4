"""The figures of ``paper.toml``, each a function from results to a matplotlib figure."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from resolvent.papers.results import Results

__all__ = ["conditions", "descents", "spectra", "training", "weights"]

TITLES = {
    "fourier": "Poisson, $-u'' = f$",
    "advection": "advection, $u' = f$",
    "poisson": "Poisson, $-u'' = f$",
}
STYLES: dict[str, dict[str, Any]] = {
    "none": {"color": "#0072B2", "label": "none"},
    "columns": {"color": "#E69F00", "label": "columns of norm one"},
    "cholesky": {"color": "#D55E00", "label": "shifted Cholesky factor"},
    "eigenvectors": {"color": "#009E73", "label": "eigenvectors, cut"},
    "columns_frozen": {"color": "#E69F00", "label": "columns of the start"},
    "cholesky_frozen": {
        "color": "#D55E00",
        "linestyle": "--",
        "label": "shifted Cholesky factor of the start",
    },
}
BEFORE, AFTER = "#0072B2", "#D55E00"
REFERENCE: dict[str, Any] = {"color": "0.4", "linestyle": ":", "marker": ""}


def conditions(results: Mapping[str, Results]) -> Figure:
    """Condition against K, before and after the diagonal P."""
    figure, axes = plt.subplots(1, len(results), figsize=(9.6, 4.2), sharey=True)
    for panel, (case, result) in zip(axes, results.items(), strict=True):
        data = result.arrays
        K, (before, after), growth = data["orders"], data["conditions"], int(data["growth"])
        panel.loglog(K, before, marker="o", color=BEFORE, label="before")
        panel.loglog(K, after, marker="s", color=AFTER, label=r"after $P = \mathrm{diag}(k^{-m})$")
        slope = 3 * before[0] * (K / K[0]) ** growth
        panel.loglog(K, slope, label=f"$K^{growth}$", **REFERENCE)
        panel.set_title(TITLES[case])
        panel.set_xlabel("frequencies K")
        panel.set_xticks(K[::2], [str(int(k)) for k in K[::2]])
        panel.minorticks_off()
        panel.legend(loc="upper left")
    axes[0].set_ylabel(r"condition of A at $\lambda = 1$")
    return figure


def weights(results: Mapping[str, Results]) -> Figure:
    """Condition against the weight of the boundary."""
    figure, axes = plt.subplots(1, len(results), figsize=(9.6, 4.2), sharey=True)
    for panel, (case, result) in zip(axes, results.items(), strict=True):
        data = result.arrays
        before, after = data["swept"]
        panel.loglog(data["weights"], before, marker="", color=BEFORE, label="before")
        panel.loglog(data["weights"], after, marker="", color=AFTER, label="after")
        panel.axvline(
            data["best_weight"], label=r"$\lambda = 1/(s(a + b))$, best after", **REFERENCE
        )
        panel.set_title(f"{TITLES[case]}, K = {int(data['order'])}")
        panel.set_xlabel(r"weight of the boundary $\lambda$")
        first, last = np.round(np.log10(data["weights"][[0, -1]]))
        panel.set_xticks(10.0 ** np.arange(first, last + 1, 2))
        panel.minorticks_off()
    axes[0].set_ylabel("condition of A")
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3)
    return figure


def descents(results: Mapping[str, Results]) -> Figure:
    """Error against steps of gradient descent, before and after."""
    data = results["descent"].arrays
    figure, axes = plt.subplots(1, 2, figsize=(9.6, 4.4), sharey=True)
    for panel, operator in zip(axes, ("poisson", "advection"), strict=True):
        for K, line in zip(data["orders"], ("-", "--", ":", "-."), strict=False):
            for kind, color in (("plain", BEFORE), ("preconditioned", AFTER)):
                errors = data[f"{operator}_{kind}{K}"]
                panel.loglog(
                    1 + np.arange(len(errors)), errors, marker="", color=color, linestyle=line,
                    label=f"{kind}, K = {K}",
                )  # fmt: skip
        panel.set_title(TITLES[operator])
        panel.set_xlabel("steps of gradient descent, plus one")
    axes[0].set_ylabel("relative error of the coefficients")
    handles, labels = axes[0].get_legend_handles_labels()
    order = [*range(0, len(labels), 2), *range(1, len(labels), 2)]
    figure.legend(
        [handles[i] for i in order],
        [labels[i] for i in order],
        loc="outside lower center",
        ncols=2,
    )
    return figure


def spectra(results: Mapping[str, Results]) -> Figure:
    """Eigenvalues of one Gram matrix before and after, and what is left of the rank."""
    data = results["network"].arrays
    figure, (left, right) = plt.subplots(1, 2, figsize=(10.6, 4.8), width_ratios=[1.25, 1])
    for name in ("none", "columns", "cholesky", "eigenvectors"):
        values = data[f"eigenvalues_{name}"]
        shown = values[values >= 1e-33 * values[0]] / values[0]
        left.semilogy(1 + np.arange(len(shown)), shown, markersize=3, **STYLES[name])
    left.axhline(np.finfo(float).eps, label="rounding, were A formed", **REFERENCE)
    left.set_xlim(0, 40)
    left.set_title(f"{data['labels'][-1]} units, {data['parameters'][-1]} parameters, one draw")
    left.set_xlabel("index")
    left.set_ylabel(r"eigenvalue of $P^T A P$ over the largest")
    left.legend(loc="upper center", bbox_to_anchor=(0.5, -0.14), ncols=2)

    deep = np.array(["x" in name for name in data["labels"]])
    order = np.argsort(deep, kind="stable")  # networks of two layers last, and apart
    places = np.empty(len(order))
    places[order] = np.arange(len(order)) + 0.5 * deep[order]
    right.semilogy(places, data["parameters"], linestyle="", color="0.4", label="parameters")
    for spread, fill, ranks, modes in zip(
        data["spreads"], ("full", "none"), data["rank"], data["modes_none"], strict=False
    ):
        text = "usual first layer" if spread == 1 else f"first layer times {spread:g}"
        look: dict[str, Any] = {"linestyle": "", "fillstyle": fill, "markersize": 7}
        right.semilogy(places, ranks, color="#000000", marker="s", label=f"rank, {text}", **look)
        right.semilogy(places, modes, color=BEFORE, marker="D", label=f"modes, {text}", **look)
    right.set_xticks(places, data["labels"])
    right.set_title("numerical rank, and modes within 1e-6")
    right.set_xlabel("hidden units, in one layer or two")
    right.set_ylabel("count")
    right.legend(loc="upper center", bbox_to_anchor=(0.5, -0.14), ncols=2)
    return figure


def training(results: Mapping[str, Results]) -> Figure:
    """Loss against steps, a row for each network: linearised and real."""
    data = results["training"].arrays
    names = data["labels"]
    figure, axes = plt.subplots(
        len(names), 2, figsize=(9.6, 1.3 + 3.0 * len(names)), sharey="row", squeeze=False
    )
    for i, (row, name) in enumerate(zip(axes, names, strict=True)):
        for panel, kind, title in zip(
            row, ("linear", "trained"), ("linearised loss", "real loss"), strict=True
        ):
            for key, style in STYLES.items():
                if f"{kind}_{key}" in data:
                    panel.semilogy(data[f"{kind}_{key}"][i], marker="", **style)
            panel.set_title(f"{name} units: {title}")
        row[0].set_ylabel("loss over that of the start")
    for panel in axes[-1]:
        panel.set_xlabel("steps")
    handles, labels = axes[0, 1].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=2)
    return figure

"""The figures, drawn from the results of the cases that ``paper.toml`` names for each."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from resolvent.papers.fast_matrix_square_root.methods import BACKWARD_STEPS
from resolvent.papers.results import Results

__all__ = ["backward", "forward", "normalisers", "whitening"]

LABELS = {
    "mtp": "Taylor (MTP)",
    "mpa": "Padé (MPA)",
    "mpa_geometric": "MPA, geometric mean (ours)",
    "mpa_trace": "MPA, mean eigenvalue (ours)",
    "newton_schulz": "Newton-Schulz",
    "minimax": "composed minimax (ours)",
    "eigh": "eigh (ours)",
    "library_eigh": "eigh (array library)",
}
STYLES: dict[str, dict[str, Any]] = {
    "mtp": {"color": "#56B4E9", "marker": "v"},
    "mpa": {"color": "#0072B2", "marker": "o"},
    "mpa_geometric": {"color": "#E69F00", "marker": "D"},
    "mpa_trace": {"color": "#D55E00", "marker": "s"},
    "newton_schulz": {"color": "#009E73", "marker": "^"},
    "minimax": {"color": "#CC79A7", "marker": "P"},
    "eigh": {"color": "#000000", "marker": "", "linestyle": "-"},
    "library_eigh": {"color": "#000000", "marker": "", "linestyle": ":"},
}
OVERLAID: dict[str, dict[str, Any]] = {
    "eigh": {"color": "0.8", "linewidth": 7},
    "minimax": {"linestyle": "--"},
    "mpa_trace": {"linestyle": "-."},
}


def forward(results: Mapping[str, Results]) -> Figure:
    """Error against time: a row for each batch, a column for each size."""
    data = results["forward"].arrays
    sizes, batches = data["sizes"], data["batches"]
    figure, axes = plt.subplots(
        len(batches),
        len(sizes),
        figsize=(2.6 * len(sizes), 1.0 + 2.2 * len(batches)),
        sharey=True,
        squeeze=False,
    )
    for (j, i), panel in np.ndenumerate(axes):
        times, errors = 1e6 * data["time"][i, j], data["error"][i]
        for name in ("mtp", "mpa", "newton_schulz"):
            mine = data["family"] == name
            panel.semilogy(times[mine], errors[mine], label=LABELS[name], **STYLES[name])
        for name in ("eigh", "library_eigh"):
            (time,) = times[data["family"] == name]
            panel.axvline(time, label=LABELS[name], **STYLES[name])
        panel.set_xlim(left=0)
        panel.set_title(f"n = {sizes[i]}, batch of {batches[j]}")
    for panel in axes[-1]:
        panel.set_xlabel("time per matrix [µs]")
    for panel in axes[:, 0]:
        panel.set_ylabel("relative error")
    _legend_below(figure, axes[0, 0], columns=5)
    return figure


def backward(results: Mapping[str, Results]) -> Figure:
    """Gradient error against steps, a colour for each condition."""
    data = results["backward"].arrays
    figure, panel = plt.subplots(figsize=(7.6, 4.6))
    colours = plt.get_cmap("viridis")(np.linspace(0, 0.85, len(data["conditions"])))
    for i, (condition, colour) in enumerate(zip(data["conditions"], colours, strict=True)):
        for name, label, style in (
            ("published", "published", {"linestyle": "--", "fillstyle": "none"}),
            ("minimax", "minimax", {"linestyle": "-", "fillstyle": "full"}),
        ):
            errors = data[name][i]
            label = rf"$10^{{{np.log10(condition):.0f}}}$, {label}"
            steps = np.arange(1, len(errors) + 1)
            panel.semilogy(steps, errors, color=colour, marker="o", label=label, **style)
    panel.axvline(BACKWARD_STEPS, color="0.4", linestyle=":", marker="")
    panel.set_title("published setting", x=_fraction(panel, BACKWARD_STEPS), color="0.4")
    panel.set_xlabel("steps, six matrix products each")
    panel.set_ylabel("relative error of the gradient")
    _legend_below(
        figure,
        panel,
        columns=len(data["conditions"]),
        title="condition of A, polynomials (published: Newton-Schulz; ours: minimax)",
    )
    return figure


def normalisers(results: Mapping[str, Results]) -> Figure:
    """Error against matrix products, for covariances of n and of 4 n samples."""
    data = results["normalisers"].arrays
    figure, axes = plt.subplots(1, 2, figsize=(8.4, 4.4), sharey=True)
    titles = {"square": "n samples: ill-conditioned", "tall": "4 n samples: well-conditioned"}
    labels = LABELS | {"mpa": "MPA, Frobenius norm (published)"}
    for panel, (kind, title) in zip(axes, titles.items(), strict=True):
        for name in ("mtp", "newton_schulz", "mpa", "mpa_geometric", "mpa_trace", "minimax"):
            cost, error = data[f"products_{name}"], data[f"{kind}_{name}"]
            panel.semilogy(cost, error, label=labels[name], **STYLES[name])
        panel.set_title(title)
        panel.set_xlabel("cost in matrix products")
    axes[0].set_ylabel("relative error of the square root")
    _legend_below(figure, axes[0], columns=3)
    return figure


def whitening(results: Mapping[str, Results]) -> Figure:
    """Digits before and after, and the variance that whitening leaves along each axis."""
    (result,) = results.values()
    data = result.arrays
    names = [key.removeprefix("after_") for key in data if key.startswith("after_")]
    labels = LABELS | {"minimax": "minimax (ours)", "mpa_trace": "MPA, mean (ours)"}
    figure = plt.figure(figsize=(9.4, 4.2))
    halves: Any = figure.subfigures(1, 2, width_ratios=[1.5, 1])
    left, right = halves
    rows = left.subplots(1 + len(names), 1)
    _strip(rows[0], data["before"], "before", limits=(0, 1))
    for row, name in zip(rows[1:], names, strict=True):
        error, time = result.scalars[f"colour_{name}"], 1e3 * float(data[f"time_{name}"])
        text = f"{labels[name]}\nerror {error:.1g}, {time:.2g} ms"
        _strip(row, data[f"after_{name}"], text, limits=(-3, 3))

    panel = right.subplots()
    for name in names:  # the exact one first, broad and pale, so that those upon it can be seen
        style = {**STYLES[name], "marker": "", "linewidth": 2} | OVERLAID.get(name, {})
        panel.loglog(data["variances"], data[f"white_{name}"], label=labels[name], **style)
    panel.set_xlabel("variance before, along principal axes")
    panel.set_ylabel("variance after (white: 1)")
    _legend_below(right, panel, columns=2)
    return figure


def _strip(panel: Any, digits: np.ndarray[Any, Any], label: str, limits: tuple[int, int]) -> None:
    gap = np.full((digits.shape[1], 1), np.nan)
    strip = np.concatenate([part for digit in digits for part in (digit, gap)][:-1], axis=1)
    panel.imshow(strip, cmap="gray", vmin=limits[0], vmax=limits[1], interpolation="nearest")
    panel.set_xticks([])
    panel.set_yticks([])
    panel.grid(False)
    panel.spines[:].set_visible(False)
    panel.set_ylabel(label, rotation=0, ha="right", va="center")


def _fraction(panel: Any, x: float) -> float:
    """Return where ``x`` lies between the ends of the axis."""
    low, high = panel.get_xlim()
    return float((x - low) / (high - low))


def _legend_below(figure: Any, panel: Any, columns: int, title: str = "") -> None:
    handles, labels = panel.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=columns, title=title)

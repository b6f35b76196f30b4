"""The figures of ``paper.toml``, each a function from results to a matplotlib figure."""

from collections.abc import Mapping

from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from resolvent.papers.results import Results

__all__ = ["cost", "kernels", "nodes"]

LABELS = {
    "laplace": "$1/r$",
    "yukawa": "$e^{-r}/r$",
    "helmholtz": "$e^{ir}/r$",
    "fourth_power": "$1/r^4$",
    "screened": r"$e^{-\kappa r}/r$",
}
COLORS = {
    "laplace": "#0072B2",
    "yukawa": "#009E73",
    "helmholtz": "#CC79A7",
    "fourth_power": "#D55E00",
    "screened": "#009E73",
}


def kernels(results: Mapping[str, Results]) -> Figure:
    """Points and ranks over the tolerance, and of a screened kernel over the levels."""
    data = results["kernels"].arrays
    figure, (left, middle, right) = plt.subplots(1, 3, figsize=(12.6, 4.2))
    tols = data["tols"]
    for name in ("laplace", "yukawa", "helmholtz", "fourth_power"):
        look = {"color": COLORS[name]}
        left.loglog(tols, data[f"{name}_sizes"], marker="o", label=LABELS[name], **look)
        left.loglog(tols, data[f"{name}_ranks"], marker="", linestyle="--", **look)
        middle.loglog(tols, data[f"{name}_errors"], marker="o", label=LABELS[name], **look)
    left.plot([], [], color="0.4", linestyle="--", label="recompressed")
    left.set_ylabel("points of the skeleton")
    left.set_title("Chosen points, cells in space")
    middle.loglog(tols, tols, color="0.4", linestyle=":", marker="", label="tolerance")
    middle.set_ylabel("relative error of the sums")
    middle.set_title("Error, by direct summation")
    for panel in (left, middle):
        panel.set_xlabel("tolerance")
        panel.invert_xaxis()
        panel.legend()

    data = results["levels"].arrays
    right.plot(data["levels"], data["sizes"], marker="o", label=LABELS["screened"], color="#009E73")
    right.plot(data["plain_levels"], data["plain"], marker="s", label=LABELS["laplace"], color="C0")
    right.xaxis.set_major_locator(MaxNLocator(integer=True))
    right.set_ylim(bottom=0)
    right.set_xlabel("level: cells become smaller")
    right.set_ylabel("points of the skeleton")
    right.set_title("A kernel that decays, in the plane")
    right.legend()
    return figure


def nodes(results: Mapping[str, Results]) -> Figure:
    """Errors over the number of points, chosen by the kernel and fixed beforehand."""
    data = results["nodes"].arrays
    names = ("laplace", "screened", "fourth_power")
    figure, panels = plt.subplots(1, 3, figsize=(12.6, 4.0), sharey=True)
    for panel, name in zip(panels, names, strict=True):
        panel.loglog(
            data["orders"] ** 3,
            data[f"{name}_chebyshev"],
            marker="s",
            color="#D55E00",
            label="Chebyshev nodes",
        )
        panel.loglog(
            data[f"{name}_sizes"],
            data[f"{name}_chosen"],
            marker="o",
            color="#0072B2",
            label="points chosen by EIM",
        )
        panel.set_title(LABELS[name])
        panel.set_xlabel("number of points")
    panels[0].set_ylabel("largest error in the far region")
    panels[0].legend()
    return figure


def cost(results: Mapping[str, Results]) -> Figure:
    """Seconds of a product over the number of points."""
    data = results["cost"].arrays
    figure, panel = plt.subplots(figsize=(6.2, 4.2))
    sizes = data["sizes"]
    look = {"marker": "s", "color": "#D55E00"}
    panel.loglog(sizes, data["direct"], label="direct, array operations", **look)
    panel.loglog(sizes, data["setup"], marker="D", color="#999999", label="set-up, once")
    panel.loglog(sizes, data["fast"], marker="o", color="#0072B2", label="a product")
    line = data["fast"][-1] * sizes / sizes[-1]
    panel.loglog(sizes, line, color="0.4", linestyle=":", marker="", label="in proportion to N")
    panel.set_xlabel("number of points N")
    panel.set_ylabel("seconds")
    panel.set_title("Sums of log r in the plane")
    panel.legend()
    return figure

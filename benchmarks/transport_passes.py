"""How many passes over the plan Sinkhorn-Newton takes, and whether its bounds hold the exact cost.

Every row is a family of instances at one regularisation, relative to the largest cost; all are
solved to an L1 error of the marginals of 1e-9. The exact cost is that of POT's network simplex,
where POT is installed.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np

from benchmarks.harness import QUICK, Effort
from benchmarks.transport_problems import FAMILIES, exact_cost
from resolvent.solvers.transport import sinkhorn_newton

Record = dict[str, Any]

TOL = 1e-9
RELATIVE = (1e-1, 1e-2, 1e-3, 1e-4, 1e-5)
INSTANCES, FEW = 20, 4
BARS = {1e-1: 60, 1e-2: 60, 1e-3: 60, 1e-4: 60, 1e-5: 120}  # passes in the median
ROUNDING = 1e-12  # of the largest cost


@dataclass(frozen=True)
class Row:
    """A family of instances at a regularisation relative to the largest cost."""

    family: str
    relative: float

    @property
    def name(self) -> str:
        return f"{self.family}, reg {self.relative:.0e}"


def rows(xp: Any) -> list[Row]:
    """Return the rows; there is nothing for a GPU yet."""
    if xp is not np:
        return []
    return [Row(family, relative) for family in FAMILIES for relative in RELATIVE]


def measure(row: Row, effort: Effort, _: Callable[[], object]) -> Record:
    """Solve the instances of one row."""
    start, found = perf_counter(), []
    for seed in range(FEW if effort is QUICK else INSTANCES):
        C, a, b = FAMILIES[row.family](seed)
        solution = sinkhorn_newton(C, a, b, reg=row.relative * C.max(), tol=TOL)
        exact, slack = exact_cost(row.family, seed), ROUNDING * C.max()
        inside = exact is None or solution.lower - slack <= exact <= solution.upper + slack
        found.append(
            {
                "passes": solution.passes,
                "newton": solution.newton_steps,
                "linear": solution.linear_steps,
                "error": solution.marginal_error,
                "converged": solution.converged,
                "width": (solution.upper - solution.lower) / solution.upper,
                "inside": inside,
                "judged": exact is not None,
            }
        )
    return {
        "row": row.name,
        "bar": BARS[row.relative],
        "seconds": perf_counter() - start,
        "instances": found,
    }


def table(record: Record) -> str:
    """Return one row as a line."""
    found = record["instances"]
    passes, error = [s["passes"] for s in found], max(s["error"] for s in found)
    met = "met" if median(passes) <= record["bar"] else "missed"
    failed = sum(not s["converged"] for s in found)
    outside = sum(not s["inside"] for s in found)
    judged = sum(s["judged"] for s in found)
    return (
        f"{record['row']:34} passes {median(passes):5.0f} worst {max(passes):4} "
        f"(bar {record['bar']}, {met})  Newton {median(s['newton'] for s in found):4.0f}  "
        f"CG {median(s['linear'] for s in found):6.0f}  error {error:.1e}  "
        f"failed {failed}  outside {outside} of {judged}  "
        f"width {median(s['width'] for s in found):.1e}  {record['seconds']:.1f} s"
    )


def verdict(records: Sequence[Record]) -> str:
    """Return how many solves failed, and how many bars are met."""
    every = [s for record in records for s in record["instances"]]
    failed = sum(not s["converged"] for s in every)
    missed = [r["row"] for r in records if median(s["passes"] for s in r["instances"]) > r["bar"]]
    return "\n".join(
        [
            f"solves that did not converge: {failed} of {len(every)}",
            f"intervals without the exact cost: {sum(not s['inside'] for s in every)} of "
            f"{sum(s['judged'] for s in every)}",
            f"bars met: {len(records) - len(missed)} of {len(records)}",
            *(f"missed: {name}" for name in missed),
        ]
    )

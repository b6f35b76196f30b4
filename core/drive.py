r"""The one loop of all iterative methods.

A method is a recurrence: a generator ``steps(A, r, target)`` that solves :math:`A d = r` from
:math:`d = 0` and yields a `State` after each step or chunk of steps. `drive` owns everything
else: the stopping rule, the history, the callback, the time limit, and the truth. Whatever a
recurrence claims is checked against :math:`b - A x`. A claim that doesn't hold starts a new round
of the recurrence on the true residual, which replaces the drifted one; a round that doesn't even
halve the residual ends in STAGNATED.

Each column of ``b`` has its own stop and its own reason. In a round every column is scaled by a
power of two to about one, so that tiny and huge systems neither under- nor overflow.

The iterate is kept whenever the residual norm of the recurrence has halved, so that the one that
is returned is the best up to that factor, whatever happens later.

On a GPU nothing is read inside the loop but the residual norms and the trouble flags of the last
`Target.every` steps.
"""

import math
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

import array_api_compat
import numpy as np
from numpy.typing import NDArray

from resolvent.arrays import Array, device_of, eps, namespace_of, to_host
from resolvent.operators import Operator
from resolvent.recurrence import Counted, State, Steps, Target
from resolvent.results import Reason, Solution
from resolvent.stopping import Stop
from resolvent.vectors import Inner, inner, scaled_norm

__all__ = ["Callback", "Iteration", "Optimal", "drive", "worst"]

_REASONS = list(Reason)
_GPU_EVERY = 10  # steps between two reads of the flags
_HOST_EVERY = 1000

# These may be the recurrence's fault and not the system's: a round that got somewhere is repeated.
_CURABLE = (Reason.CONVERGED, Reason.BREAKDOWN, Reason.STAGNATED)


@dataclass(frozen=True)
class Iteration:
    """What a callback sees.

    Attributes
    ----------
    iteration : int
        Steps taken.
    residual_norm : float or ndarray
        Residual norm by the recurrence, one for each column of ``b``.
    x : array
        The iterate, computed when it is asked for; that is possible while the callback runs.
    """

    iteration: int
    residual_norm: float | NDArray[np.floating[Any]]
    solution: Callable[[], Array]

    @cached_property
    def x(self) -> Array:
        """The iterate."""
        return self.solution()


Callback: TypeAlias = Callable[[Iteration], bool | None]
Optimal: TypeAlias = Callable[[Counted, Array, Array], bool]


def drive(
    steps: Steps,
    A: Operator,
    b: Array,
    *,
    stop: Stop,
    x0: Array | None = None,
    inner: Inner = inner,
    callback: Callback | None = None,
    time_limit: float | None = None,
    optimal: Optimal | None = None,
    info: Any = None,
) -> Solution:
    r"""Run a recurrence until every column is solved or has a reason why not.

    Parameters
    ----------
    steps : callable
        ``(A, r, target) -> iterator of State``: the recurrence for :math:`A d = r`.
    A : Operator
        The system.
    b : (n,) or (n, k) array
        Right-hand sides, finite.
    stop : Stop
        The stopping rule bound to ``b``.
    x0 : array, optional
        Initial guess of the shape of the solution; zero if not given.
    inner : callable
        ``(x, y) -> x^H y`` of each column.
    callback : callable, optional
        Called with an `Iteration` after each step; returns True to stop.
    time_limit : float, optional
        Seconds.
    optimal : callable, optional
        ``(A, x, r) -> bool``: what else counts as a solution once the recurrence claims it, such
        as the least-squares condition.
    info : object
        Passed on to the solution.

    Returns
    -------
    Solution
        With the true residual of the best finite iterate.
    """
    # whatever overflows is found in the norms and named
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        return _Run(A, b, stop, x0, inner, callback, time_limit, optimal).solve(steps, info)


class _Run:
    def __init__(
        self,
        A: Operator,
        b: Array,
        stop: Stop,
        x0: Array | None,
        inner: Inner,
        callback: Callback | None,
        time_limit: float | None,
        optimal: Optimal | None,
    ) -> None:
        self.began = time.perf_counter()
        self.A, self.stop, self.callback, self.time_limit = Counted(A), stop, callback, time_limit
        self.vector = b.ndim == 1
        self.gpu = _on_gpu(b)
        self.taken = 0
        self.columns = [
            _Column(j, self.A, _column(b, j), threshold, _column(x0, j), inner, optimal)
            for j, threshold in enumerate(stop.threshold.reshape(-1).tolist())
        ]
        self.record = [np.array([[column.norm for column in self.columns]])]

    def solve(self, steps: Steps, info: Any) -> Solution:
        while active := [column for column in self.columns if column.reason is None]:
            halt = self.halted()
            if halt is None:
                self.round(steps, active)
            else:
                for column in active:
                    column.reason = halt
        history = np.concatenate(self.record)
        truth = np.array([column.norm for column in self.columns])
        return Solution(
            x=_stack([column.x for column in self.columns], self.vector),
            reason=worst(column.reason for column in self.columns),
            iterations=self.taken,
            matvecs=self.A.matvecs,
            residual_norm=float(truth[0]) if self.vector else truth,
            history=history[:, 0] if self.vector else history,
            seconds=time.perf_counter() - self.began,
            info=info,
            reasons=tuple(column.reason for column in self.columns if column.reason),
        )

    def halted(self) -> Reason | None:
        if self.taken >= self.stop.maxiter:
            return Reason.MAXITER
        if self.time_limit is not None and time.perf_counter() - self.began >= self.time_limit:
            return Reason.TIME_LIMIT
        return None

    def round(self, steps: Steps, active: list["_Column"]) -> None:
        scales = np.array([column.scale for column in active])
        tolerance = np.array([column.threshold / column.scale for column in active])
        r = _stack([column.r / column.scale for column in active], self.vector)
        running = dict(enumerate(active))
        every = _GPU_EVERY if self.gpu else _HOST_EVERY
        target = Target(
            tolerance, self.stop.maxiter - self.taken, 1 if self.callback is not None else every
        )
        solution = None
        for state, norms, trouble in _read(steps(self.A, r, target), target, self.gpu):
            self.taken += len(norms)
            if len(norms):
                self.record.append(self.rows(norms * scales, running))
            halt = self.called_off(state, running) or self.halted()
            last = self.record[-1][-1].tolist()
            solution = _once(state.x)
            for j, column in list(running.items()):
                why = _REASONS[trouble[j]] if trouble[j] else halt
                latest = last[column.place] / column.scale
                if not math.isfinite(latest):
                    why = Reason.NONFINITE
                elif state.claim or not len(norms) or _met(norms[:, j], tolerance[j]):
                    why = why or Reason.CONVERGED
                if why is not None:
                    running.pop(j).settle(_column(solution(), j), why)
                elif not state.monotone:
                    column.checkpoint(latest, solution, j)
            if not running:
                return
        for j, column in running.items():  # the recurrence ended by itself
            column.settle(None if solution is None else _column(solution(), j), Reason.STAGNATED)

    def rows(
        self, norms: NDArray[np.float64], running: dict[int, "_Column"]
    ) -> NDArray[np.float64]:
        """Return rows of the history; a column that has ended keeps its norm."""
        if len(running) == len(self.columns):
            return norms
        rows = np.repeat(self.record[-1][-1:], len(norms), axis=0)
        for j, column in running.items():
            rows[:, column.place] = norms[:, j]
        return rows

    def called_off(self, state: State, running: dict[int, "_Column"]) -> Reason | None:
        if self.callback is None:
            return None

        def solution() -> Array:
            d = state.x()
            at = {id(column): column.moved(_column(d, j)) for j, column in running.items()}
            return _stack([at.get(id(column), column.x) for column in self.columns], self.vector)

        now = [True]

        def while_called() -> Array:
            if not now:
                raise RuntimeError("x is gone: ask for it while the callback runs")
            return solution()

        norms = self.record[-1][-1]
        level = float(norms[0]) if self.vector else norms
        asked = self.callback(Iteration(self.taken, level, while_called))
        now.clear()
        return Reason.STOPPED_BY_CALLBACK if asked else None


class _Column:
    """One right-hand side: where it stands, and what became of it."""

    def __init__(
        self,
        place: int,
        A: Counted,
        b: Array,
        threshold: float,
        x0: Array | None,
        inner: Inner,
        optimal: Optimal | None,
    ) -> None:
        self.place, self.A, self.b, self.threshold = place, A, b, threshold
        self.inner, self.optimal = inner, optimal
        xp = namespace_of(b)
        if x0 is None or not xp.any(b):  # A 0 = 0 can't be beaten
            self.x = xp.zeros(A.operator.shape[1], dtype=b.dtype, device=device_of(b))
            self.r = b
        else:
            self.x = xp.asarray(x0, copy=True)
            self.r = b - A @ self.x
        self.scale, self.norm = scaled_norm(self.r, inner)
        self.reason: Reason | None = None
        self.kept: tuple[float, Array] | None = None
        if self.norm <= threshold:
            self.reason = Reason.CONVERGED

    def moved(self, d: Array) -> Array:
        return self.x + self.scale * d

    def checkpoint(self, norm: float, solution: Callable[[], Array], j: int) -> None:
        best = self.norm / self.scale if self.kept is None else self.kept[0]
        if 2 * norm <= best:
            d = _column(solution(), j)
            self.kept = norm, namespace_of(d).asarray(d, copy=True)

    def settle(self, d: Array | None, why: Reason) -> None:
        """Move to the better of the last and the kept iterate, and judge by the true residual."""
        before, start, scale = self.norm, self.x, self.scale
        if d is not None:
            self._take_if_better(start + scale * d)
        if self.kept is not None and 2 * scale * self.kept[0] < self.norm:
            self._take_if_better(start + scale * self.kept[1])
        self.kept = None
        optimal = self.optimal
        if self.norm <= self.threshold or (optimal and optimal(self.A, self.x, self.r)):
            self.reason = Reason.CONVERGED
        elif why not in _CURABLE or 2 * self.norm > before:
            self.reason = Reason.STAGNATED if why is Reason.CONVERGED else why

    def _take_if_better(self, x: Array) -> None:
        r = self.b - self.A @ x
        scale, norm = scaled_norm(r, self.inner)
        # near a least-squares solution the residual no longer tells the iterates apart
        slack = 0.0 if self.optimal is None else eps(namespace_of(r), r.dtype) ** 0.75
        if norm < (1 + slack) * self.norm:
            self.x, self.r, self.scale, self.norm = x, r, scale, norm


def _met(norms: NDArray[np.float64], tolerance: float) -> bool:
    return bool(norms[-1] <= tolerance or (norms <= tolerance).any())


def _once(compute: Callable[[], Array]) -> Callable[[], Array]:
    kept: list[Array] = []

    def result() -> Array:
        if not kept:
            kept.append(compute())
        return kept[0]

    return result


def _read(
    states: Iterable[State], target: Target, gpu: bool
) -> Iterator[tuple[State, NDArray[np.float64], NDArray[np.int64]]]:
    """Bring residual norms ``(s, k)`` and troubles ``(k,)`` to the host, on a GPU in batches.

    Compiled loops have read theirs already.
    """
    batch: list[State] = []
    count, left = target.tolerance.size, target.budget
    for state in states:
        if gpu and not isinstance(state.norms, np.ndarray):
            batch.append(state)
            left -= 1
            if len(batch) == target.every or not left:
                yield _flush(batch, count)
        else:
            norms = to_host(state.norms).astype(np.float64, copy=False).reshape(-1, count)
            trouble = to_host(state.trouble)
            trouble = trouble if trouble.shape == (count,) else np.broadcast_to(trouble, count)
            yield state, norms, trouble
    if batch:
        yield _flush(batch, count)


def _flush(batch: list[State], count: int) -> tuple[State, NDArray[np.float64], NDArray[np.int64]]:
    """Read a batch in one transfer, and empty it."""
    last = batch[-1]
    xp, dtype = namespace_of(last.norms), last.norms.dtype
    flags = xp.zeros_like(last.norms)
    for state in batch:  # trouble may pass, as that of one cycle does
        named = isinstance(state.trouble, int)
        trouble = 0 * flags + state.trouble if named else xp.astype(state.trouble, dtype)
        flags = xp.maximum(flags, trouble)
    host = to_host(xp.stack([*(state.norms for state in batch), flags]))
    host = host.reshape(-1, count).astype(np.float64)
    batch.clear()
    return last, host[:-1], host[-1].astype(np.int64)


def _column(x: Any, j: int) -> Any:
    return x if x is None or x.ndim == 1 else x[:, j]


def _stack(vectors: list[Array], vector: bool) -> Array:
    if vector:
        return vectors[0]
    return namespace_of(vectors[0]).stack(vectors, axis=1)


def _on_gpu(x: Array) -> bool:
    if type(x) is np.ndarray:
        return False
    return array_api_compat.is_cupy_array(x) or "cuda" in str(device_of(x))


def worst(reasons: Iterable[Reason | None]) -> Reason:
    """Return the gravest of the reasons."""
    return max((reason for reason in reasons if reason), key=_REASONS.index, default=_REASONS[0])

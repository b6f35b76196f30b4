r"""A learned initial guess for stationary iterations, trained by the error or by the steps.

A perceptron sees a right-hand side of norm 1 and gives a guess for its solution,

.. math:: x_0 = \|b\|\, g(b / \|b\|),

from which :math:`x \leftarrow x + M (b - A x)` starts. The residuals :math:`r_k = (I - A M)^k r_0`
and the errors :math:`e_m = (I - M A)^m e_0` are linear in the guess, so that the derivative of a
loss by it is the same iteration with transposed matrices, backwards.

The usual loss is the squared error after m steps. It is not what a user waits for: a small error
in a direction of slow convergence costs many steps, and a few systems of large norm can outweigh
all the others. The loss ``'iterations'`` is the smooth count of
`resolvent.preconditioners.learned.losses.iterations_surrogate` instead.

Cost: 2 n p flops for a guess and a layer of p neurons; a gradient of the count 4 n² flops for a
step that is unrolled and a right-hand side. Training is for small systems: each example is made
dense, and prepared by eigenvalues, a solution and log2(steps) products of matrices, n³ flops each.

Failure modes: a guess is never wrong, as the solver goes on to its tolerance, but it may be worse
than zero: for right-hand sides unlike those of the training, and where zero has no part in a slow
direction while the guess has a small one. The count sees no further than the steps that are
unrolled; and it falls only once the guess is good in all slow directions, so that training by it
alone is slow and may end at zero. Train by the error first, which is cheap, and then at a small
rate by the count: ``replace(model, objective="iterations", steps=K).fit(..., rate=1e-3)``.

Source: S. Arisaka and Q. Li, Principled acceleration of iterative numerical methods using machine
learning, ICML (2023), arXiv 2206.08594.
"""

import warnings
from dataclasses import dataclass
from math import inf, nan
from numbers import Integral
from typing import Any, ClassVar, Literal

import numpy as np

from resolvent.arrays import Array, Namespace, device_of, enter, is_finite, namespace_of, to_host
from resolvent.linalg.norms import unit_vectors
from resolvent.preconditioners.learned.inputs.guess_example import (
    GuessExample,
    block_means,
    check_real,
    checked_system,
    guess_example,
)
from resolvent.preconditioners.learned.losses.iterations_surrogate import iterations_surrogate
from resolvent.preconditioners.learned.model import LearnedModel
from resolvent.preconditioners.learned.networks.perceptron import (
    Weights,
    perceptron,
    perceptron_weights,
)
from resolvent.preconditioners.learned.training.checks import check_counts
from resolvent.preconditioners.learned.unrolled import (
    Splitting,
    approximate_inverse,
    norms_of_steps,
)

__all__ = ["LearnedInitialGuess"]


@dataclass(frozen=True, eq=False, kw_only=True)
class LearnedInitialGuess(LearnedModel):
    r"""Learned initial guesses: ``x0 = model(A, b)``.

    Training takes pairs ``(A, b)`` with one or many right-hand sides, ``b`` of the shape ``(n,)``
    or ``(n, k)``; a gradient step looks at all columns of one pair. Validation runs the iteration.

    Attributes
    ----------
    n : int
        Unknowns.
    points : int, optional
        What the network sees of a right-hand side: means over so many blocks of neighbours. All
        entries by default; nothing if 0, and then the guess is a constant times the norm.
    hidden : tuple of int
        Neurons of the inner layers; none for a linear map.
    splitting : {'jacobi', 'sor'}
        The iteration: :math:`M = \omega D^{-1}` or :math:`(D / \omega + L)^{-1}`.
    omega : float
        Its relaxation parameter.
    objective : {'iterations', 'error'}
        The mean smooth count, or the sum of squared errors after ``steps`` over that of zero
        guesses without a step.
    steps : int
        Unrolled: the longest count, or the m after which the error is taken, which may be 0.
    tol : float
        Relative residual norm that ends the iteration.
    sharpness : float
        Of the count, above 1.

    Raises
    ------
    TypeError, ValueError
        An option is out of range, or weights don't fit.

    Examples
    --------
    >>> import numpy as np
    >>> from resolvent.linalg.gallery import poisson
    >>> from resolvent.preconditioners.learned.learned_initial_guess import LearnedInitialGuess
    >>> A = poisson(15)
    >>> rng = np.random.default_rng(0)
    >>> modes = np.sin(np.pi * np.outer(np.arange(1, 16), [1, 2, 3]) / 16)
    >>> B = modes @ rng.standard_normal((3, 60))
    >>> model = LearnedInitialGuess(n=15, hidden=(), splitting="sor", tol=1e-2, steps=150)
    >>> learn, held_out = (A, B[:, :50]), (A, B[:, 50:])
    >>> model = model.fit([learn], validation=[held_out], steps=200, rate=3e-2, every=50)
    >>> steps = dict(model.record.scores)
    >>> steps[200] < steps[0] / 2
    True
    >>> model(A, B).shape
    (15, 60)
    """

    kind: ClassVar[str] = "initial-guess"
    most: ClassVar[float] = 100_000
    n: int
    points: int | None = None
    hidden: tuple[int, ...] = (32,)
    splitting: Splitting = "jacobi"
    omega: float = 1.0
    objective: Literal["iterations", "error"] = "iterations"
    steps: int = 200
    tol: float = 1e-3
    sharpness: float = 4.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "hidden", tuple(self.hidden))
        if self.splitting not in ("jacobi", "sor"):
            raise ValueError(f"splitting must be 'jacobi' or 'sor', got {self.splitting!r}")
        if self.objective not in ("iterations", "error"):
            raise ValueError(f"objective must be 'iterations' or 'error', got {self.objective!r}")
        check_counts(n=self.n, **{f"hidden[{i}]": width for i, width in enumerate(self.hidden)})
        if self.points is not None and not 0 <= _whole("points", self.points) <= self.n:
            raise ValueError(f"points must be from 0 to n = {self.n}, got {self.points}")
        if _whole("steps", self.steps) < 0:
            raise ValueError(f"steps can't be negative, got {self.steps}")
        for name, value, low in (
            ("tol", self.tol, 0),
            ("omega", self.omega, 0),
            ("sharpness", self.sharpness, 1),
        ):
            if not low < value < inf:
                raise ValueError(f"{name} must be finite and above {low}, got {value}")
        super().__post_init__()

    def initial_weights(self, rng: np.random.Generator) -> Weights:
        """Return random weights, but zero in the last layer: the first guess is zero."""
        inputs = self.n if self.points is None else max(self.points, 1)
        weights = perceptron_weights("guess", (inputs, *self.hidden, self.n), rng)
        last = len(self.hidden)
        return weights | {key: 0 * weights[key] for key in (f"guess.W{last}", f"guess.b{last}")}

    def __call__(self, A: Any, b: Any) -> Array:
        """Return guesses for ``A x = b``.

        Parameters
        ----------
        A : (n, n) array, sparse matrix or operator
            Its shape is checked; the network knows the family by its weights.
        b : (n,) or (n, k) array_like
            Right-hand sides, of any library and device, to which the weights are moved.

        Returns
        -------
        array
            Of the shape, dtype and device of ``b``, always finite: zero for ``b = 0``, and for
            each right-hand side for which the network overflows or gives NaN.

        Raises
        ------
        TypeError
            ``A`` or ``b`` is complex.
        ValueError
            No weights yet; other shapes than those of the training; NaN or infinite entries.

        Warns
        -----
        RuntimeWarning
            The network gave a guess that is not finite, for which zero was taken.
        """
        weights = self.trained()
        entered = enter(matrix=False, b=b)
        xp, (b,) = entered.xp, entered.arrays
        check_real(A=A, b=b)
        if np.shape(A) != (self.n, self.n) or b.ndim not in (1, 2) or b.shape[0] != self.n:
            raise ValueError(
                f"the model is for A of shape {(self.n, self.n)} and b of {self.n} rows, "
                f"got {np.shape(A)} and {tuple(b.shape)}"
            )
        unit, scale, norms = unit_vectors(xp, xp.reshape(b, (self.n, -1)).T, axis=1)
        with np.errstate(over="ignore", invalid="ignore"):  # what overflows is replaced below
            moved = {
                name: xp.asarray(to_host(value), dtype=b.dtype, device=device_of(b))
                for name, value in weights.items()
            }
            guess, _ = perceptron(moved, "guess", block_means(unit, self.points))
            guess = guess * norms * scale
        return entered.leave(xp.reshape(_finite(guess).T, b.shape))

    def example(self, system: Any, xp: Namespace) -> GuessExample:
        """Return a pair of a matrix and right-hand sides, prepared."""
        A, B = checked_system(system, self.n)
        M = approximate_inverse(A, self.splitting, self.omega)
        return guess_example(A, B, M, steps=self.steps, points=self.points, xp=xp)

    def loss(
        self,
        weights: Weights,
        example: GuessExample,
        rng: np.random.Generator,  # noqa: ARG002
    ) -> tuple[float, Weights]:
        """Return the objective for all right-hand sides of an example, and its gradient."""
        guess, back = perceptron(weights, "guess", example.features)
        objective = self._error if self.objective == "error" else self._count
        value, slope = objective(guess * example.present, example)
        gradient: Weights = {}
        back(slope * example.present, gradient)
        return value, gradient

    def score(self, weights: Weights, example: GuessExample) -> float:
        """Return the mean number of steps; the most if a guess is not finite."""
        guess, _ = perceptron(weights, "guess", example.features)
        xp = namespace_of(guess)
        r, count = example.rhs - (guess * example.present) @ example.matrix, 0
        if not is_finite(r):
            return self.most
        running = ~(_norms(r) <= self.tol)
        for _ in range(int(self.most)):
            left = int(xp.sum(xp.astype(running, xp.int64)))
            if left == 0:
                break
            count += left
            r = r @ example.powers[0]
            running = xp.logical_and(running, ~(_norms(r) <= self.tol))
        return float(count / max(r.shape[0], 1))

    def _error(self, guess: Array, example: GuessExample) -> tuple[float, Array]:
        """Return the weighted squared error after all steps, and its derivative by the guess."""
        xp = namespace_of(guess)
        e = (example.solutions - guess) @ example.errors
        weighted = example.squares[:, None] * e
        return float(xp.sum(weighted * e)), -2 * weighted @ example.errors.T

    def _count(self, guess: Array, example: GuessExample) -> tuple[float, Array]:
        """Return the mean smooth count, and its derivative by the guess, or NaN."""
        first = example.rhs - guess @ example.matrix
        history, back = norms_of_steps(first, example.powers, self.steps)
        if not is_finite(history):
            return nan, guess * nan
        value, slope = iterations_surrogate(history, self.tol, sharpness=self.sharpness)
        k = guess.shape[0]
        return float(namespace_of(guess).sum(value)) / k, -back(slope / k) @ example.matrix.T


def _whole(name: str, value: Any) -> int:
    """Return an option that must be a whole number."""
    if not isinstance(value, Integral):
        raise ValueError(f"{name} must be a whole number, got {value!r}")
    return int(value)


def _finite(guess: Array) -> Array:
    """Return rows, those that are not finite replaced by zeros, with a warning."""
    xp = namespace_of(guess)
    fine = xp.all(xp.isfinite(guess), axis=1)
    if bool(xp.all(fine)):
        return guess
    warnings.warn("the network's guess is not finite; zero is taken", RuntimeWarning, stacklevel=3)
    return xp.where(fine[:, None], guess, xp.zeros_like(guess))


def _norms(rows: Array) -> Array:
    """Return the norms of rows."""
    xp = namespace_of(rows)
    return xp.sqrt(xp.sum(rows * rows, axis=1))

"""What learned builders share: weights, training, files, and the guard around what they build."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, fields, replace
from functools import partial
from importlib import resources
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np

from resolvent.arrays import Namespace, to_host
from resolvent.linalg.gallery.spectra import Rng
from resolvent.preconditioners.learned.guard.guarded import CG_RACE, Race, guarded
from resolvent.preconditioners.learned.networks.perceptron import Weights
from resolvent.preconditioners.learned.training.checks import (
    check_counts,
    check_training,
    check_weights,
    systems_to_learn,
)
from resolvent.preconditioners.learned.training.storage import read, write
from resolvent.preconditioners.learned.training.train import (
    TrainingRecord,
    TrainingState,
    train,
    warn_unless_solved,
)
from resolvent.preconditioners.preconditioner import Preconditioner

__all__ = ["LearnedModel", "LearnedPreconditioner"]

_PRETRAINED = resources.files("resolvent.preconditioners.learned") / "models"


@dataclass(frozen=True, eq=False, kw_only=True)
class LearnedModel(ABC):
    """A family of functions with weights: fields are its options, and go to the header of a file.

    Attributes
    ----------
    weights : dict of str to array
        Empty before training. They are never written in place, so models may share them.
    record : TrainingRecord or None
        How training went; files don't keep it.

    Raises
    ------
    TypeError, ValueError
        An option is out of range; a weight is missing, left over, not real, or of another shape
        than the options say.
    """

    kind: ClassVar[str]
    counts: ClassVar[tuple[str, ...]] = ()  # options that are positive whole numbers
    most: ClassVar[float] = np.inf  # the score where the solver is stopped
    weights: Weights = field(default_factory=dict, repr=False)
    record: TrainingRecord | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        check_counts(**{name: getattr(self, name) for name in self.counts})
        if self.weights:
            self.check(self.weights)

    def check(self, weights: Weights) -> None:
        """Raise unless weights are of this network."""
        check_weights(weights, self.initial_weights(np.random.default_rng(0)), of=repr(self))

    @abstractmethod
    def initial_weights(self, rng: np.random.Generator) -> Weights:
        """Return random weights to begin with."""

    @abstractmethod
    def example(self, system: Any, xp: Namespace) -> Any:
        """Return what `loss` and `score` need of a system, prepared once."""

    @abstractmethod
    def loss(
        self, weights: Weights, example: Any, rng: np.random.Generator
    ) -> tuple[float, Weights]:
        """Return the loss of one example and its gradient."""

    @abstractmethod
    def score(self, weights: Weights, example: Any) -> float:
        """Return how many steps the solver takes on an example."""

    def fit(
        self,
        systems: Iterable[Any],
        *,
        validation: Iterable[Any] | None = None,
        steps: int = 2000,
        rate: float = 3e-3,
        every: int = 200,
        patience: int | None = None,
        rng: Rng = 0,
        callback: Callable[[TrainingState], bool | None] | None = None,
        xp: Namespace = np,
    ) -> Self:
        """Return a model with trained weights, and leave this one; it begins with its weights.

        Parameters
        ----------
        systems : iterable
            Examples to learn from: matrices, or pairs of a matrix and a right-hand side, unless
            the model says otherwise.
        validation : iterable, optional
            Systems on which the solver is run; by default the last tenth of ``systems``, which
            are then not learned from.
        steps : int
            Gradient steps, of one system each.
        rate : float
            Of Adam at the start; it falls to zero along a cosine.
        every : int
            Steps between validations.
        patience : int, optional
            End after so many validations without a better score.
        rng : Generator or seed
            Of initial weights, the order of systems and random vectors. The same seed gives the
            same weights to the last digit on one machine with the same number of threads.
        callback : callable, optional
            Called with a `TrainingState` after each step; True ends the training.
        xp : namespace
            Where to train: ``numpy``, or ``cupy``. The weights come back to the host.

        Raises
        ------
        TypeError, ValueError
            A system is not of the kind that this model takes; there is none to learn from; a
            number of steps or a rate that is not positive; ``xp`` is no namespace.
        SingularMatrixError
            A matrix is singular, where solutions are learned from.

        Warns
        -----
        NoProgressWarning
            No weights, neither the first nor later ones, made the solver end on a validation
            system before it was stopped, so that none could be preferred.
        """
        check_training(steps=steps, every=every, patience=patience, rate=rate, xp=xp)
        rng = np.random.default_rng(rng)
        learned, others = systems_to_learn(systems, validation)
        examples, held_out = ([self.example(s, xp) for s in some] for some in (learned, others))

        def loss(weights: Weights, rng: np.random.Generator) -> tuple[float, Weights]:
            return self.loss(weights, examples[rng.integers(len(examples))], rng)

        def score(weights: Weights) -> float:
            return float(np.mean([self.score(weights, example) for example in held_out]))

        first = self.weights or self.initial_weights(rng)
        weights, record = train(
            {name: xp.asarray(value) for name, value in first.items()},
            loss,
            score,
            steps=steps,
            rate=rate,
            every=every,
            patience=patience,
            rng=rng,
            callback=callback,
        )
        warn_unless_solved(record, self.most)
        return replace(self, weights={k: to_host(w) for k, w in weights.items()}, record=record)

    def trained(self) -> Weights:
        """Return the weights.

        Raises
        ------
        ValueError
            There are none yet.
        """
        if not self.weights:
            raise ValueError(
                f"{type(self).__name__} has no weights: take what fit, load or pretrained returns"
            )
        return self.weights

    def save(self, path: str | Path) -> None:
        """Write the weights and options to an npz file; the record is not kept."""
        options = {
            each.name: getattr(self, each.name)
            for each in fields(self)
            if each.name not in ("weights", "record")
        }
        write(path, {"model": self.kind, "options": options}, self.trained())

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Return the model in a file of `save`, without a record.

        Raises
        ------
        OSError
            There is no such file.
        ValueError
            The file holds another model, or none; options or weights don't fit.
        """
        header, weights = read(path)
        if header["model"] != cls.kind:
            raise ValueError(f"{path} holds a model {header['model']!r}, not {cls.kind!r}")
        try:
            return cls(weights=weights, **header["options"])
        except (TypeError, ValueError) as error:
            raise ValueError(f"{path} does not fit {cls.__name__}: {error}") from error

    @classmethod
    def pretrained(cls, name: str) -> Self:
        """Return a model that comes with the library.

        Raises
        ------
        ValueError
            There is none of the name; the message lists those that there are.
        """
        prefix, suffix = f"{cls.kind}-", ".npz"
        names = sorted(
            file.name[len(prefix) : -len(suffix)]
            for file in _PRETRAINED.iterdir()
            if file.name.startswith(prefix)
        )
        if name not in names:
            raise ValueError(f"no trained {cls.__name__} is called {name!r}; there are {names}")
        with resources.as_file(_PRETRAINED / f"{prefix}{name}{suffix}") as path:
            return cls.load(path)


class LearnedPreconditioner(LearnedModel):
    """A learned builder of preconditioners: ``M = model(A)`` or ``model(A, b)``."""

    race: ClassVar[Race] = CG_RACE

    @abstractmethod
    def build(self, A: Any, b: Any = None) -> Preconditioner:
        """Return what the network makes of a matrix, without a guard."""

    def __call__(self, A: Any, b: Any = None, *, guard: bool = True) -> Preconditioner:
        """Return a preconditioner for ``A``.

        Parameters
        ----------
        A : (n, n) sparse matrix or array_like
            The matrix.
        b : (n,) array_like, optional
            The right-hand side, for models that look at it.
        guard : bool
            Race what the network makes against a classical preconditioner for a few steps, and
            return that one where the network is behind: IC(0) for factors of positive definite
            matrices, ILU(0) for LU, Jacobi for two products.

        Returns
        -------
        Preconditioner
            ``info`` is a `resolvent.preconditioners.learned.GuardInfo` with what was chosen.
        """
        build = partial(self.build, A, b)
        return guarded(self.kind, A, build, self.race) if guard else build()

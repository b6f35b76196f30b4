"""Which of the methods of a POD is run, and how many modes it has to give."""

import warnings
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from resolvent.arrays import Array, eps, namespace_of
from resolvent.linalg.gallery.spectra import Rng
from resolvent.linalg.interpolation.pod_methods import Spectrum, gram, gram_floor, qr, randomized
from resolvent.operators import Operator
from resolvent.stopping import UnreachableToleranceWarning

__all__ = ["Found", "Wanted", "by_sketch", "directly", "found_by", "nothing"]

_FIRST_COLUMNS = 32  # of a sketch that grows until it meets the tolerance


class Wanted(NamedTuple):
    """The tolerance and the largest number of modes, where there are any."""

    tol: float | None
    rank: int | None

    def count(self, spectrum: Spectrum) -> int:
        """Return how many modes that takes, without those that are rounding."""
        values, tails = spectrum.values, spectrum.tails()
        real = int(np.sum(values > spectrum.floor * values[:1]))
        enough = real if self.tol is None else int(np.sum(tails[:-1] > self.tol * tails[0]))
        return min(real, enough, real if self.rank is None else self.rank)

    def is_met(self, spectrum: Spectrum, count: int) -> bool:
        """Tell whether so many modes are all that were asked for: rounding keeps none away."""
        tails, every = spectrum.tails(), spectrum.values.size
        if self.rank is not None:
            every = min(every, self.rank)
        return count == every or (self.tol is not None and tails[count] <= self.tol * tails[0])


class Found(NamedTuple):
    """A spectrum and the modes that are wanted of it and above rounding."""

    method: str
    spectrum: Spectrum
    modes: Array
    values: NDArray[np.float64]  # of these modes


def found_by(method: str, spectrum: Spectrum, wanted: Wanted) -> Found:
    """Return the modes whose own singular values, not only those of the spectrum, are real."""
    modes, values = spectrum.modes(wanted.count(spectrum))
    count = int(np.sum(values > spectrum.floor * values[:1]))
    return Found(method, spectrum, modes[:, :count], values[:count])


def directly(S: Array, W: Operator | None, wanted: Wanted, method: str) -> Found:
    """Return what "gram" or "qr" finds; "auto" takes "gram" where nothing is missing there."""
    xp = namespace_of(S)
    floor = gram_floor(eps(xp, S.dtype))
    is_blind = wanted == (None, None) or (wanted.tol is not None and wanted.tol < floor)
    if method == "qr" or (method == "auto" and is_blind):
        return found_by("qr", qr(xp, S, W), wanted)
    if wanted.tol is not None and is_blind:
        warnings.warn(
            f"tol = {wanted.tol:g} is below {floor:.1e}, all that a Gram matrix of {S.dtype} "
            "resolves; take method='qr'",
            UnreachableToleranceWarning,
            stacklevel=3,
        )
    spectrum = gram(xp, S, W)
    if method == "gram" or wanted.is_met(spectrum, wanted.count(spectrum)):
        found = found_by("gram", spectrum, wanted)
        if method == "gram" or wanted.is_met(spectrum, found.values.size):
            return found
    return found_by("qr", qr(xp, S, W), wanted)


def by_sketch(
    S: Array, W: Operator | None, wanted: Wanted, oversample: int, passes: int, rng: Rng | None
) -> Spectrum:
    """Return the spectrum of a sketch that is wide enough for the tolerance."""
    generator, limit = np.random.default_rng(rng), min(S.shape)
    columns = max(1, (_FIRST_COLUMNS if wanted.rank is None else wanted.rank) + oversample)
    while True:
        columns = min(columns, limit)
        spectrum = randomized(namespace_of(S), S, W, columns=columns, passes=passes, rng=generator)
        enough = max(wanted.tol or 0.0, spectrum.floor) * spectrum.tails()[0]
        if wanted.rank is not None or columns == limit or spectrum.missing <= enough:
            return spectrum
        columns *= 2


def nothing(S: Array) -> Spectrum:
    """Return the spectrum of zero snapshots."""
    return Spectrum(np.zeros(min(S.shape)), 0.0, 0.0, lambda _: (S[:, :0], np.zeros(0)))

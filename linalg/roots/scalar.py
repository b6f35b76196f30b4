"""Principal roots of numbers, which every method that diagonalises ends with."""

from resolvent.arrays import Array, Namespace

__all__ = ["principal_root"]


def principal_root(xp: Namespace, w: Array, p: int, zero: Array) -> Array:
    """Return ``w**(1/p)`` on the principal branch, and 0 where ``zero`` (for any sign of ``p``)."""
    w = xp.where(zero, xp.ones_like(w), w)
    root = xp.sqrt(w) if abs(p) == 2 else w ** (1 / abs(p))
    return xp.where(zero, xp.zeros_like(root), root if p > 0 else 1 / root)

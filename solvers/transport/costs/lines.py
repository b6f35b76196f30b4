"""Passes along one axis of tensors: compiled on NumPy, by blocks on any other library."""

from collections.abc import Callable

import numpy as np

from resolvent.arrays import Array, Namespace, is_numpy

__all__ = ["along", "averages", "least", "log_sums"]

_BLOCK = 4_000_000  # exponentials at a time
_WORTH_THREADS = 100_000  # exponentials


def along(
    work: Callable[..., tuple[Array, ...]], xp: Namespace, k: int, table: Array, *tensors: Array
) -> list[Array]:
    """Return what ``work`` makes of the lines along axis ``k`` of tensors."""
    moved = [xp.moveaxis(x, k, -1) for x in tensors]
    before = moved[0].shape[:-1]
    lines = [xp.reshape(x, (-1, x.shape[-1])) for x in moved]
    found = work(xp, table, *lines)
    return [xp.moveaxis(xp.reshape(x, (*before, -1)), -1, k) for x in found]


def log_sums(xp: Namespace, table: Array, lines: Array) -> tuple[Array, ...]:
    """Return ``log sum_j exp(lines[r, j] - table[i, j])``."""
    if is_numpy(xp):
        from resolvent.linalg.compiled.threads import alone
        from resolvent.solvers.compiled.grid import log_sums as compiled

        with alone(parts := _parts(lines, table)):
            return (compiled(np.ascontiguousarray(lines), table, parts),)

    def block(x: Array) -> tuple[Array, ...]:
        powers = x[:, None, :] - table
        top = xp.max(powers, axis=-1, keepdims=True)
        top = xp.where(xp.isfinite(top), top, xp.zeros_like(top))
        return (top[..., 0] + xp.log(xp.sum(xp.exp(powers - top), axis=-1)),)

    return _by_blocks(block, xp, table, lines)


def averages(
    xp: Namespace, table: Array, lines: Array, logs: Array, values: Array, paid: Array
) -> tuple[Array, ...]:
    """Return averages over ``j`` of ``values`` and of ``paid + table[i, j] values``.

    The weights are ``exp(lines[r, j] - table[i, j] - logs[r, i])``.
    """
    if is_numpy(xp):
        from resolvent.linalg.compiled.threads import alone
        from resolvent.solvers.compiled.grid import averages as compiled

        held = map(np.ascontiguousarray, (lines, logs, values, paid))
        line, log, value, cost = held
        with alone(parts := _parts(lines, table)):
            first, second = compiled(line, table, log, value, cost, parts)
        return first, second

    def block(x: Array, log: Array, value: Array, cost: Array) -> tuple[Array, ...]:
        log = xp.where(xp.isfinite(log), log, xp.zeros_like(log))
        weights = xp.exp(x[:, None, :] - table - log[:, :, None])
        first = xp.sum(weights * value[:, None, :], axis=-1)
        return first, xp.sum(weights * (cost[:, None, :] + table * value[:, None, :]), axis=-1)

    return _by_blocks(block, xp, table, lines, logs, values, paid)


def least(xp: Namespace, table: Array, lines: Array) -> tuple[Array, ...]:
    """Return ``min_j lines[r, j] + table[i, j]``."""
    return _by_blocks(lambda x: (xp.min(x[:, None, :] + table, axis=-1),), xp, table, lines)


def _by_blocks(
    work: Callable[..., tuple[Array, ...]], xp: Namespace, table: Array, *lines: Array
) -> tuple[Array, ...]:
    n, m = table.shape
    size, step = lines[0].shape[0], max(1, _BLOCK // (n * m))
    blocks = [slice(start, min(start + step, size)) for start in range(0, size, step)]
    found = [work(*(x[block, :] for x in lines)) for block in blocks]
    return tuple(xp.concat(pieces) for pieces in zip(*found, strict=True))


def _parts(lines: Array, table: Array) -> int:
    from resolvent.linalg.compiled.threads import threads

    return threads(lines.shape[0] * table.shape[0] * table.shape[1], _WORTH_THREADS)

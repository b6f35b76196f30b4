"""A pass of messages with eight features a node: what training does, but forward only.

The number of features is that of a register of doubles. A node's features meet the first layer of
the edges once, before the edges; an edge then costs a few operations.
"""

from numba import njit, prange
from numba.extending import register_jitable

from resolvent.linalg.compiled.lanes import load_run, splat, store_run, total, where_positive

__all__ = ["pass_messages"]


@register_jitable
def _rectified(h, zero):  # type: ignore[no-untyped-def]
    """Return the positive part; NaN stays."""
    return where_positive(-h, zero, h)


@register_jitable
def _combined(sums, x, row, W, first, width):  # type: ignore[no-untyped-def]
    """Add ``x[row] @ W[first : first + width]``; both matrices are flat, W of rows of eight."""
    for k in range(width):
        sums = sums + splat(x, x[row * width + k]) * load_run(W, 8 * (first + k))
    return sums


@njit(cache=True, parallel=True, nogil=True, error_model="numpy")
def pass_messages(  # type: ignore[no-untyped-def]
    x,
    e,
    of,
    order,
    starts,
    means,
    edge0,
    bias0,
    edge1,
    bias1,
    node0,
    bias2,
    node1,
    bias3,
    to,
    sent,
    x_new,
    e_new,
    parts,
):
    """Write new features of nodes ``x_new`` (8 n) and edges ``e_new`` (m).

    All arrays are flat: nodes ``x`` (8 n), edges ``e`` (m q), and the weights. The edges of
    receiver s are ``order[starts[s] : starts[s + 1]]``, edge k comes from node ``of[k]``; ``to``
    and ``sent`` (8 n) are room.
    """
    n, m = x.size // 8, of.size
    width = e.size // max(m, 1)
    for t in prange(parts):
        for s in range(t * n // parts, (t + 1) * n // parts):
            zero = splat(x, 0.0)
            store_run(to, 8 * s, _combined(load_run(bias0, 0), x, s, edge0, 0, 8))
            store_run(sent, 8 * s, _combined(zero, x, s, edge0, 8, 8))
    for t in prange(parts):
        for s in range(t * n // parts, (t + 1) * n // parts):
            zero, own, last, message = splat(x, 0.0), load_run(to, 8 * s), load_run(edge1, 0), 0.0
            for k in range(starts[s], starts[s + 1]):
                edge = order[k]
                h = own + load_run(sent, 8 * of[edge])
                h = _rectified(_combined(h, e, edge, edge0, 16, width), zero)
                value = total(h * last) + bias1[0]
                e_new[edge] = value
                message += value
            if means and starts[s + 1] > starts[s]:
                message /= starts[s + 1] - starts[s]
            h = _combined(load_run(bias2, 0), x, s, node0, 0, 8)
            h = _rectified(h + splat(x, message) * load_run(node0, 64), zero)
            store_run(to, 8 * s, h)
            store_run(x_new, 8 * s, _combined(load_run(bias3, 0), to, s, node1, 0, 8))

r"""Small dense systems with a grounded Laplacian, eliminated without a subtraction.

.. math:: \sum_j W_{kj} (x_k - x_j) + l_k x_k = b_k

for weights :math:`W_{kj} = W_{kj}^T \ge 0` and leaks :math:`l_k \ge 0`. A pivot is the sum of what
is left in its row, so that every entry of the elimination is a sum of positive numbers and right to
some eps relative to itself, however far apart the weights are. Where parts of the graph have no
leak the unknown that is eliminated last in each is zero.

Cost: :math:`m^3 / 3` flops.

Source: Grassmann, Taksar and Heyman, Regenerative analysis and steady state distributions for
Markov chains (1985), doi 10.1287/opre.33.5.1107.
"""

from resolvent.linalg.compiled.lanes import compile_lanes, load, splat, store, total

__all__ = ["solve_laplacian"]

_ROWS = 4  # that share the loads of a vector


@compile_lanes
def solve_laplacian(W, leak, x):  # type: ignore[no-untyped-def]
    """Overwrite the right-hand side ``x`` by the solution; ``W`` and ``leak`` are destroyed.

    Parameters
    ----------
    W : (m, m / width, width) ndarray
        Weights, of which the part above the diagonal is read.
    leak : (m / width, width) ndarray
        Leaks.
    x : (m / width, width) ndarray
        Right-hand side, and solution.
    """
    m, groups, lanes = W.shape
    weights, leaks, values = W.reshape((m, m)), leak.reshape(m), x.reshape(m)
    for k in range(m):
        first = k // lanes
        weights[k, first * lanes : k + 1] = 0
        left = load(W, (k, first))
        for g in range(first + 1, groups):
            left = left + load(W, (k, g))
        pivot = leaks[k] + total(left)
        inverse = 1 / pivot if pivot > 0 else 0.0
        lost, moved = splat(x, leaks[k] * inverse), splat(x, values[k] * inverse)
        for g in range(first, groups):
            row = load(W, (k, g))
            store(leak, (g,), load(leak, (g,)) + lost * row)
            store(x, (g,), load(x, (g,)) + moved * row)
        leaks[k] = inverse
        for i in range((k + 1) // _ROWS * _ROWS, m, _ROWS):  # those before k + 1 get nothing
            p, q = splat(x, weights[k, i] * inverse), splat(x, weights[k, i + 1] * inverse)
            r, t = splat(x, weights[k, i + 2] * inverse), splat(x, weights[k, i + 3] * inverse)
            for g in range(i // lanes, groups):
                row = load(W, (k, g))
                store(W, (i, g), load(W, (i, g)) + p * row)
                store(W, (i + 1, g), load(W, (i + 1, g)) + q * row)
                store(W, (i + 2, g), load(W, (i + 2, g)) + r * row)
                store(W, (i + 3, g), load(W, (i + 3, g)) + t * row)
    for k in range(m - 1, -1, -1):
        right, values[k] = values[k], 0.0
        part = splat(x, 0.0)
        for g in range(k // lanes, groups):
            part = part + load(W, (k, g)) * load(x, (g,))
        values[k] = (right + total(part)) * leaks[k]

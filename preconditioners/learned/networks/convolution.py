r"""Convolutions of images, and the steps between a grid and one half as fine, with reverse passes.

Images are arrays ``(channels, batch, rows, columns)``: with the channels first, the nine shifted
copies that a convolution needs are plain copies of rows, and it is one product of matrices. On
NumPy that is two to four times faster than with the channels last.

A grid with an odd number of rows or columns is continued by one of zeros before it is halved.

Cost: a convolution from c to d channels has :math:`18 c d` flops for each cell, and :math:`9 c`
numbers of it in memory for a while. The way back costs twice as much again, and keeps nothing but
the images: to copy them a second time is faster than to keep the copies.
"""

from resolvent.arrays import Array, Namespace, device_of, namespace_of
from resolvent.preconditioners.learned.networks.perceptron import Back, Weights, add

__all__ = ["convolution", "doubled", "halved"]


def convolution(weights: Weights, name: str, x: Array) -> tuple[Array, Back]:
    r"""Return the 3 by 3 convolution of images, of the same size and zero outside.

    .. math:: y_d(i, j) = \sum_{c, s, t} W_{d, (s, t, c)}\, x_c(i + s - 1, j + t - 1)

    Parameters
    ----------
    weights : dict of str to array
        Its entry ``name`` is W, of shape ``(channels out, 9 * channels in)``; the columns count
        the shifts first, row by row, and then the channels.
    x : (channels in, batch, rows, columns) array
        In the library and the precision of W.

    Returns
    -------
    value : (channels out, batch, rows, columns) array
    back : callable
        Adds the derivative by W; returns the one by x.

    Raises
    ------
    ValueError
        ``x`` has not four axes, or not the channels of W.

    Examples
    --------
    The sum of a cell and its four neighbours:

    >>> import numpy as np
    >>> W = np.array([[0.0, 1, 0, 1, 1, 1, 0, 1, 0]])
    >>> convolution({"W": W}, "W", np.ones((1, 1, 3, 3)))[0][0, 0]
    array([[3., 4., 3.],
           [4., 5., 4.],
           [3., 4., 3.]])
    """
    W = weights[name]
    if x.ndim != 4 or W.shape[1] != 9 * x.shape[0]:
        raise ValueError(
            f"x must be (channels, batch, rows, columns) with {W.shape[1] // 9} channels "
            f"for {name}, got shape {tuple(x.shape)}"
        )
    xp = namespace_of(x)

    def back(g: Array, gradient: Weights) -> Array:
        add(gradient, name, xp.reshape(g, (g.shape[0], -1)) @ _patches(xp, x).T)
        return _product(_turned(xp, W), _patches(xp, g), x.shape)

    return _product(W, _patches(xp, x), x.shape), back


def halved(x: Array) -> tuple[Array, Back]:
    """Return the means of blocks of two by two cells.

    Examples
    --------
    >>> import numpy as np
    >>> halved(np.ones((1, 1, 3, 4)))[0][0, 0]
    array([[1. , 1. ],
           [0.5, 0.5]])
    """
    xp, shape = namespace_of(x), x.shape
    rows = _with_rest(xp, x, 2)
    rows = rows[:, :, ::2, :] + rows[:, :, 1::2, :]
    whole = _with_rest(xp, rows, 3)
    return 0.25 * (whole[..., ::2] + whole[..., 1::2]), lambda g, _: 0.25 * _spread(xp, g, shape)


def doubled(x: Array, size: tuple[int, int]) -> tuple[Array, Back]:
    """Return images of ``size``, in which each cell of ``x`` is repeated two by two times.

    Raises
    ------
    ValueError
        Images of ``size`` are not halved to those of the size of x.

    Examples
    --------
    >>> import numpy as np
    >>> doubled(np.array([[[[1.0, 2.0]]]]), (2, 3))[0][0, 0]
    array([[1., 1., 2.],
           [1., 1., 2.]])
    """
    xp = namespace_of(x)
    if tuple((n + 1) // 2 for n in size) != tuple(x.shape[2:]):
        raise ValueError(f"size must be twice that of x, {tuple(x.shape[2:])}, got {size}")
    value = _spread(xp, x, (*x.shape[:2], *size))
    return value, lambda g, _: 4 * halved(g)[0]


def _patches(xp: Namespace, x: Array) -> Array:
    """Return the nine shifts of images, zero outside, as rows of one matrix."""
    channels, batch, m, n = x.shape
    side = xp.zeros((channels, batch, m, 1), dtype=x.dtype, device=device_of(x))
    wide = xp.concat([side, x, side], axis=3)
    end = xp.zeros((channels, batch, 1, n + 2), dtype=x.dtype, device=device_of(x))
    wide = xp.concat([end, wide, end], axis=2)
    shifts = [wide[:, :, s : s + m, t : t + n] for s in range(3) for t in range(3)]
    return xp.reshape(xp.concat(shifts, axis=0), (9 * channels, batch * m * n))


def _product(W: Array, patches: Array, shape: tuple[int, ...]) -> Array:
    y = W @ patches
    return namespace_of(y).reshape(y, (W.shape[0], *shape[1:]))


def _turned(xp: Namespace, W: Array) -> Array:
    """Return the kernel of the adjoint: turned by half a circle, inputs and outputs exchanged."""
    d, columns = W.shape
    kernel = xp.flip(xp.reshape(W, (d, 9, columns // 9)), axis=1)
    return xp.reshape(xp.permute_dims(kernel, (2, 1, 0)), (columns // 9, 9 * d))


def _with_rest(xp: Namespace, x: Array, axis: int) -> Array:
    """Return an even number of rows or columns, the last one zero where it was odd."""
    if x.shape[axis] % 2 == 0:
        return x
    shape = (*x.shape[:axis], 1, *x.shape[axis + 1 :])
    return xp.concat([x, xp.zeros(shape, dtype=x.dtype, device=device_of(x))], axis=axis)


def _spread(xp: Namespace, x: Array, shape: tuple[int, ...]) -> Array:
    """Return each cell two by two times, cut to a shape."""
    twice = xp.repeat(xp.repeat(x, 2, axis=2), 2, axis=3)
    return twice[:, :, : shape[2], : shape[3]]

r"""Young's formulas for the relaxation parameter of SOR.

They hold for matrices that are consistently ordered, such as those of five-point stencils row by
row, with real eigenvalues of :math:`I - D^{-1} A`, of which the largest modulus :math:`\beta < 1`
is the Jacobi radius. The spectral radius of SOR is then

.. math::

    \rho(\omega) = \begin{cases}
    \tfrac14 \left(\omega\beta + \sqrt{\omega^2\beta^2 - 4(\omega - 1)}\right)^2
        & \omega \le \omega^* \\
    \omega - 1 & \omega \ge \omega^*
    \end{cases}, \qquad
    \omega^* = 1 + \left(\frac{\beta}{1 + \sqrt{1 - \beta^2}}\right)^2 .

Cost: a few operations for each number, in NumPy and double precision.

Failure modes: of other matrices they say nothing, and nobody looks at A. A :math:`\beta` that is
too small costs more steps than one as much too large: :math:`\rho` has a vertical tangent to the
left of :math:`\omega^*`.

Source: D. M. Young, Iterative Solution of Large Linear Systems (1971), chapter 6.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["optimal_omega", "sor_radius"]


def optimal_omega(jacobi_radius: ArrayLike) -> NDArray[np.float64]:
    r"""Return :math:`\omega^*`, the parameter of the least spectral radius.

    Parameters
    ----------
    jacobi_radius : array_like
        :math:`\beta`, from 0 to below 1, of any shape.

    Returns
    -------
    ndarray or float64
        :math:`\omega^*`, from 1 to below 2, of the shape of ``jacobi_radius``.

    Raises
    ------
    ValueError
        A radius is outside of that.

    Notes
    -----
    Asymptotically optimal; the least number of steps to a tolerance is often at a parameter a
    little above.

    Examples
    --------
    The Laplacian on a 10 by 10 grid:

    >>> import numpy as np
    >>> optimal_omega(np.cos(np.pi / 11)).round(4)
    np.float64(1.5604)
    """
    beta = _radius(jacobi_radius)
    return np.asarray(1 + (beta / (1 + np.sqrt(1 - beta**2))) ** 2)[()]


def sor_radius(omega: ArrayLike, jacobi_radius: ArrayLike) -> NDArray[np.float64]:
    r"""Return :math:`\rho(\omega)`, the spectral radius of the iteration matrix of SOR.

    Parameters
    ----------
    omega : array_like
        Between 0 and 2.
    jacobi_radius : array_like
        :math:`\beta`, from 0 to below 1; it broadcasts against ``omega``.

    Returns
    -------
    ndarray or float64
        :math:`\rho(\omega)`, below 1, of the shape of both together.

    Raises
    ------
    ValueError
        A parameter or a radius is outside of that.

    Examples
    --------
    Gauss-Seidel squares the radius of Jacobi:

    >>> sor_radius(1.0, 0.9).round(10)
    np.float64(0.81)
    """
    beta, omega = _radius(jacobi_radius), np.asarray(omega, dtype=np.float64)
    if not np.all((omega > 0) & (omega < 2)):
        raise ValueError(f"omega must be between 0 and 2, got {omega}")
    root = np.sqrt(np.maximum((omega * beta) ** 2 - 4 * (omega - 1), 0))
    below = (omega * beta + root) ** 2 / 4
    return np.where(omega < optimal_omega(beta), below, omega - 1)[()]


def _radius(beta: ArrayLike) -> NDArray[np.float64]:
    beta = np.asarray(beta, dtype=np.float64)
    if not np.all((beta >= 0) & (beta < 1)):
        raise ValueError(f"jacobi_radius must be from 0 to below 1, got {beta}")
    return beta

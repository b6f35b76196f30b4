"""Differentiable square roots of torch tensors, backward by one Lyapunov equation.

The gradient is exact at repeated eigenvalues, where differentiating ``torch.linalg.eigh`` gives
NaN. Once differentiable.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch.autograd.function import once_differentiable

from resolvent import linalg

__all__ = ["inv_sqrtm", "sqrtm"]


def _differentiable(root: Callable[..., Any], vjp: Callable[..., Any]) -> Any:
    """Return the differentiable form of a root, whose backward pass needs the root alone."""

    class Root(torch.autograd.Function):  # type: ignore[misc]
        @staticmethod
        def forward(ctx: Any, A: Any, options: dict[str, Any]) -> Any:
            X = root(A.detach(), **options)
            ctx.save_for_backward(X)
            ctx.real = not A.is_complex()
            return X

        @staticmethod
        @once_differentiable  # type: ignore[untyped-decorator]
        def backward(ctx: Any, G: Any) -> Any:
            gradient = vjp(*ctx.saved_tensors, G)
            # a real matrix with negative eigenvalues has a complex root and a real gradient
            return gradient.real if ctx.real and gradient.is_complex() else gradient, None

    def apply(A: Any, options: dict[str, Any]) -> Any:
        if not isinstance(A, torch.Tensor):
            raise TypeError(f"A must be a torch tensor, got {type(A).__name__}")
        return Root.apply(A, options)

    return apply


_sqrtm = _differentiable(linalg.sqrtm, linalg.sqrtm_vjp)
_inv_sqrtm = _differentiable(linalg.inv_sqrtm, linalg.inv_sqrtm_vjp)


def sqrtm(A: torch.Tensor, **options: Any) -> torch.Tensor:
    """Return the differentiable square root of tensors ``(..., n, n)``.

    Parameters
    ----------
    A : torch.Tensor (..., n, n)
        Non-singular matrices on any device.
    **options
        As `resolvent.linalg.sqrtm`: ``method``, ``assume``, ``singular`` (a ridge is
        differentiated through, being a constant shift).

    Returns
    -------
    torch.Tensor
        The root. Its backward pass costs one eigendecomposition and raises
        `SingularMatrixError` where the root has no derivative.
    """
    return _sqrtm(A, options)


def inv_sqrtm(A: torch.Tensor, **options: Any) -> torch.Tensor:
    """Return the differentiable inverse square root; see `sqrtm`."""
    return _inv_sqrtm(A, options)

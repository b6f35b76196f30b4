"""Differentiable square roots of JAX arrays: ``custom_vjp``, usable under ``jit`` and ``vmap``.

For Hermitian positive (semi-)definite matrices. A traced function can't look at numbers, so here a
matrix that is not positive semi-definite gives NaN, JAX's convention, instead of an error.
"""

from typing import Any

import jax
import jax.numpy as jnp

__all__ = ["inv_sqrtm", "sqrtm"]


def _power(A: Any, exponent: float) -> Any:
    w, V = jnp.linalg.eigh(A)
    noise = A.shape[-1] * jnp.finfo(A.dtype).eps * jnp.max(jnp.abs(w), axis=-1, keepdims=True)
    w = jnp.where((w < 0) & (w >= -noise), jnp.zeros_like(w), w)
    return (V * w[..., None, :] ** exponent) @ V.mT.conj()


def _lyapunov(X: Any, Q: Any) -> Any:
    s, V = jnp.linalg.eigh(X)
    VH = V.mT.conj()
    return V @ ((VH @ Q @ V) / (s[..., :, None] + s[..., None, :])) @ VH


@jax.custom_vjp  # type: ignore[untyped-decorator]
def sqrtm(A: Any) -> Any:
    """Return the square root of Hermitian positive semi-definite ``A (..., n, n)``."""
    return _power(A, 0.5)


@jax.custom_vjp  # type: ignore[untyped-decorator]
def inv_sqrtm(A: Any) -> Any:
    """Return the inverse square root of Hermitian positive definite ``A (..., n, n)``."""
    return _power(A, -0.5)


def _sqrtm_forward(A: Any) -> tuple[Any, Any]:
    X = sqrtm(A)
    return X, X


def _sqrtm_backward(X: Any, G: Any) -> tuple[Any]:
    # JAX's cotangents are those of Re tr(Gᵀ E): the conjugate of ours
    return (_lyapunov(X, G.conj()).conj(),)


def _inv_sqrtm_forward(A: Any) -> tuple[Any, Any]:
    X = inv_sqrtm(A)
    return X, X


def _inv_sqrtm_backward(X: Any, G: Any) -> tuple[Any]:
    inverse = X @ X
    return (-(inverse @ _lyapunov(X, G.conj()) @ inverse).conj(),)


sqrtm.defvjp(_sqrtm_forward, _sqrtm_backward)
inv_sqrtm.defvjp(_inv_sqrtm_forward, _inv_sqrtm_backward)

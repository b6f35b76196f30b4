"""Gradients through the frameworks, where they are installed."""

import numpy as np
import pytest

from resolvent.errors import SingularMatrixError
from resolvent.linalg import gallery, inv_sqrtm_vjp, sqrtm_vjp
from resolvent.linalg import inv_sqrtm as host_inv_sqrtm
from resolvent.linalg import sqrtm as host_sqrtm

ROOTS = {"sqrtm": (host_sqrtm, sqrtm_vjp), "inv_sqrtm": (host_inv_sqrtm, inv_sqrtm_vjp)}


@pytest.mark.parametrize("name", ROOTS)
def test_torch_gradient_passes_gradcheck(torch, name, rng):
    from resolvent.linalg.autodiff import torch as adapters

    A = torch.asarray(gallery.spd([[1.0, 1.0, 3.0, 5.0], [0.5, 1.0, 2.0, 2.0]], rng=rng))

    def symmetric(B):
        return getattr(adapters, name)(0.5 * (B + B.mT))

    assert torch.autograd.gradcheck(symmetric, (A.requires_grad_(),), atol=1e-7)


def test_torch_gradient_is_finite_at_the_identity(torch):
    from resolvent.linalg.autodiff.torch import sqrtm

    A = torch.eye(3, dtype=torch.float64, requires_grad=True)
    torch.sum(torch.diagonal(sqrtm(A))).backward()
    # d tr sqrt(A) = A^{-1/2}/2
    assert np.allclose(A.grad.numpy(), 0.5 * np.eye(3), rtol=1e-14)


def test_torch_ridge_is_a_constant_shift(torch):
    from resolvent.linalg.autodiff.torch import sqrtm

    A = torch.zeros((2, 2), dtype=torch.float64, requires_grad=True)
    sqrtm(A, singular=0.25)[0, 0].backward()
    assert np.allclose(A.grad.numpy(), [[1.0, 0.0], [0.0, 0.0]], rtol=1e-14)


def test_torch_backward_at_a_singular_matrix_raises(torch):
    from resolvent.linalg.autodiff.torch import sqrtm

    A = torch.zeros((2, 2), dtype=torch.float64, requires_grad=True)
    with pytest.raises(SingularMatrixError, match="no derivative"):
        torch.sum(sqrtm(A)).backward()


def test_torch_tensor_that_requires_grad_is_sent_to_the_adapter(torch):
    A = torch.eye(2, dtype=torch.float64, requires_grad=True)
    with pytest.raises(TypeError, match="autodiff"):
        host_sqrtm(A)
    with torch.no_grad():
        assert host_sqrtm(A).shape == (2, 2)


@pytest.mark.parametrize("name", ROOTS)
@pytest.mark.parametrize("jit", [False, True])
def test_jax_gradient_is_the_lyapunov_solution(jax, name, jit, rng):
    from resolvent.linalg.autodiff import jax as adapters

    A = gallery.spd([[1.0, 1.0, 3.0, 5.0], [0.5, 1.0, 2.0, 2.0]], rng=rng)
    G = rng.standard_normal(A.shape)
    root, vjp = ROOTS[name]

    def loss(B):
        return jax.numpy.sum(G * getattr(adapters, name)(B))

    gradient = (jax.jit if jit else lambda f: f)(jax.grad(loss))(jax.numpy.asarray(A))
    # entries of size 1, condition below 10: a few hundred eps
    assert np.allclose(np.asarray(gradient), vjp(root(A), G), atol=1e-13)


def test_importing_the_package_imports_no_framework():
    import subprocess
    import sys

    code = (
        "import sys, resolvent.linalg.autodiff\n"
        "assert not {'torch', 'jax', 'cupy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)

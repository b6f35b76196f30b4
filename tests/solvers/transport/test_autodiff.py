"""Transport inside automatic differentiation, against the frameworks' own numerical checks."""

import math
import subprocess
import sys

import numpy as np
import pytest

from resolvent import ConvergenceError
from resolvent.solvers import transport


def data(rng):
    a, b = rng.random(4) + 0.2, rng.random(5) + 0.2
    return rng.random((4, 5)), a / a.sum(), b / b.sum()


@pytest.mark.parametrize("rho", [(math.inf, math.inf), (1.0, 2.0)])
def test_torch_gradients_pass_gradcheck(torch, rho, rng):
    from resolvent.solvers.transport.autodiff.torch import sinkhorn_newton

    cost, a, b = (torch.asarray(x).requires_grad_() for x in data(rng))
    reg = torch.tensor(0.3, dtype=torch.float64, requires_grad=True)

    def solve(cost, a, b, reg):
        if math.isinf(rho[0]):
            a, b = a / a.sum(), b / b.sum()
        return sinkhorn_newton(cost, a, b, reg=reg, rho=rho, tol=1e-13)

    assert torch.autograd.gradcheck(solve, (cost, a, b, reg), eps=1e-6, atol=1e-7)


def test_torch_gradients_reach_the_points(torch, rng):
    from resolvent.solvers.transport.autodiff.torch import sinkhorn_newton

    x, y = (torch.asarray(rng.standard_normal((6, 2))) for _ in range(2))
    x.requires_grad_()
    sinkhorn_newton(((x[:, None] - y) ** 2).sum(-1), reg=0.2).value.backward()
    points = transport.PointCost(x.detach().numpy(), y.numpy())
    wanted = transport.transport_vjp(transport.sinkhorn_newton(points, reg=0.2), value=1.0).x
    np.testing.assert_allclose(x.grad.numpy(), wanted, atol=1e-9)


def test_torch_keeps_single_precision(torch, rng):
    from resolvent.solvers.transport.autodiff.torch import sinkhorn_newton

    cost = torch.asarray(data(rng)[0], dtype=torch.float32).requires_grad_()
    found = sinkhorn_newton(cost, reg=0.2)
    (found.value + found.f.sum()).backward()
    assert {x.dtype for x in (*found, cost.grad)} == {torch.float32}


def test_torch_raises_where_the_solver_fails(torch, rng):
    from resolvent.solvers.transport.autodiff.torch import sinkhorn_newton

    cost = torch.asarray(rng.random((20, 20)))
    with pytest.raises(ConvergenceError, match="MAXITER"):
        sinkhorn_newton(cost, reg=1e-4, maxiter=1)
    with pytest.raises(TypeError, match="torch tensor"):
        sinkhorn_newton(cost.numpy(), reg=1e-4)


@pytest.mark.parametrize("jit", [False, True])
def test_jax_gradients_are_those_of_the_library(jax, jit, rng):
    from resolvent.solvers.transport.autodiff.jax import sinkhorn_newton

    arrays = data(rng)
    f_bar = rng.standard_normal(4)
    f_bar -= f_bar.mean()

    def loss(cost, a, b, reg):
        found = sinkhorn_newton(cost, a, b, reg=reg, tol=1e-12)
        return found.value + f_bar @ found.f

    gradient = jax.grad(loss, argnums=(0, 1, 2, 3))
    gradient = jax.jit(gradient) if jit else gradient
    found = gradient(*map(jax.numpy.asarray, arrays), 0.2)
    solution = transport.sinkhorn_newton(*arrays, reg=0.2, tol=1e-12)
    wanted = transport.transport_vjp(solution, f=f_bar, value=1.0)
    for one, other in zip(found, wanted, strict=False):
        np.testing.assert_allclose(np.asarray(one), other, atol=1e-9)


def test_jax_gets_nan_where_the_solver_fails(jax, rng):
    from resolvent.solvers.transport.autodiff.jax import sinkhorn_newton

    found = sinkhorn_newton(jax.numpy.asarray(rng.random((20, 20))), reg=1e-4, maxiter=1)
    assert all(np.isnan(np.asarray(x)).all() for x in found)


def test_importing_the_package_imports_no_framework():
    code = (
        "import sys, resolvent.solvers.transport.autodiff\n"
        "assert not {'torch', 'jax', 'cupy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)

import numpy as np
import pytest


@pytest.fixture(scope="session")
def cg_steps():
    """Textbook preconditioned conjugate gradients: steps to a relative residual of 1e-8."""

    def steps(A, M, b):
        x, r, p, rho = np.zeros_like(b), b, 0 * b, 1.0
        for step in range(10 * b.size):
            if np.linalg.norm(r) <= 1e-8 * np.linalg.norm(b):
                # the recursive residual is the true one up to rounding, here far below 1e-8
                assert np.linalg.norm(b - A @ x) <= 2e-8 * np.linalg.norm(b)
                return step
            z = M @ r
            before, rho = rho, np.vdot(r, z).real
            assert rho > 0
            p = z + rho / before * p
            q = A @ p
            alpha = rho / np.vdot(p, q).real
            x, r = x + alpha * p, r - alpha * q
        raise AssertionError("no convergence")

    return steps


@pytest.fixture(scope="session")
def assert_gradient():
    """Compare the gradient of a model's loss with central differences along random directions."""

    def check(model, example, weights):
        def loss(weights):
            return model.loss(weights, example, np.random.default_rng(1))

        rng, (_, gradient) = np.random.default_rng(2), loss(weights)
        assert gradient.keys() == weights.keys()
        for _ in range(3):
            along = {name: rng.standard_normal(w.shape) for name, w in weights.items()}
            slope = sum(np.sum(gradient[name] * d) for name, d in along.items())
            ends = [
                loss({name: w + h * along[name] for name, w in weights.items()})[0]
                for h in (1e-6, -1e-6)
            ]
            # rounding of the loss over the step is 1e-10, its third derivative times h^2 less
            assert abs((ends[0] - ends[1]) / 2e-6 - slope) <= 1e-6 * abs(slope)

    return check

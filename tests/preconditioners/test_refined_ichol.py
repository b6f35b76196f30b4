import numpy as np
import pytest
from scipy import sparse

from resolvent.errors import NotPositiveDefiniteError
from resolvent.linalg import gallery
from resolvent.preconditioners import ichol
from resolvent.preconditioners.learned.refined_ichol import _Entries, refined_ichol


def diffusion(n, seed=0):
    return gallery.lognormal_diffusion((n, n), sigma=1.0, rng=seed)


def dense(M):
    return M @ np.eye(M.shape[0])


@pytest.mark.parametrize("objective", ["solution", "sketch"])
def test_gradient_is_that_of_the_loss(objective, rng):
    model = _Entries(objective=objective)
    A = diffusion(5)
    example = model.example(A, np)
    change = 0.1 * rng.standard_normal(sparse.tril(A).nnz)
    _, gradient = model.loss({"change": change}, example, np.random.default_rng(1))
    for _ in range(3):
        along = rng.standard_normal(change.shape)
        ends = [
            model.loss({"change": change + h * along}, example, np.random.default_rng(1))[0]
            for h in (1e-5, -1e-5)
        ]
        slope = gradient["change"] @ along
        # rounding of the loss over the step is 1e-11, its third derivative times h^2 1e-10
        assert abs((ends[0] - ends[1]) / 2e-5 - slope) <= 1e-6 * abs(slope)


def test_refining_takes_fewer_steps_than_where_it_began(cg_steps):
    A = diffusion(24)
    b = np.random.default_rng(7).standard_normal(576)  # not that of the validation
    start, refined = ichol(A), refined_ichol(A)
    # ours: 0.72 of the steps
    assert cg_steps(A, refined, b) <= 0.85 * cg_steps(A, start, b)
    record = refined.info
    assert len(record.losses) == 50
    assert [at for at, _ in record.scores] == [0, 10, 20, 30, 40, 50]
    assert min(score for _, score in record.scores) == dict(record.scores)[record.best]


def test_a_complete_factor_is_left_as_it_is():
    A = gallery.poisson(20)  # tridiagonal
    M = refined_ichol(A, steps=10)
    assert M.info.best == 0
    np.testing.assert_allclose(dense(M), dense(ichol(A)), rtol=1e-12)


def test_it_is_never_worse_than_incomplete_cholesky_on_what_validates():
    record = refined_ichol(diffusion(8), steps=5, rate=100.0).info  # a rate that ruins it
    assert record.best == 0
    assert record.scores[-1][1] > record.scores[0][1]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("n", [1, 2, 5])
def test_the_result_is_positive_definite(n, seed):
    A = diffusion(n, seed)
    M = refined_ichol(A, steps=10, rate=0.3)
    assert M.is_spd
    eigenvalues = np.linalg.eigvalsh(dense(M) @ np.eye(n * n))
    assert np.all(eigenvalues > 0)


def test_diagonal_scaling_does_not_matter(rng):
    A = diffusion(6)
    powers = 2.0 ** rng.integers(-20, 20, 36)  # exact scaling
    S = sparse.diags_array(powers)
    M, scaled = refined_ichol(A, steps=10), refined_ichol(S @ A @ S, steps=10)
    assert M.info.best == scaled.info.best
    r = rng.standard_normal(36)
    want = (M @ (r / powers)) / powers
    # square roots of scaled diagonals round like the unscaled ones up to a factor of sqrt(2), and
    # ten steps of Adam make it grow
    np.testing.assert_allclose(scaled @ r, want, rtol=1e-8)


def test_the_same_seed_gives_the_same_entries():
    A = diffusion(8)
    one, two, other = (refined_ichol(A, rng=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(dense(one), dense(two))
    assert one.info.losses == two.info.losses
    assert one.info.losses != other.info.losses


def test_the_precision_of_the_matrix_is_kept():
    M = refined_ichol(diffusion(5).astype(np.float32), steps=5)
    assert M.dtype == np.float32


def test_what_does_not_fit_is_refused():
    A = diffusion(4)
    with pytest.raises(ValueError, match="steps"):
        refined_ichol(A, steps=0)
    with pytest.raises(ValueError, match="rate"):
        refined_ichol(A, rate=np.nan)
    with pytest.raises(ValueError, match="objective"):
        refined_ichol(A, objective="other")
    with pytest.raises(ValueError, match="Hermitian"):
        refined_ichol(A + sparse.diags_array(np.ones(15), offsets=1, shape=(16, 16)))
    with pytest.raises(TypeError, match="real"):
        refined_ichol(A.astype(np.complex128))
    with pytest.raises(NotPositiveDefiniteError):
        refined_ichol(-A)

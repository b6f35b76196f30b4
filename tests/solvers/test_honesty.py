"""Every solver on every system of the gallery: what it claims is true, or it says why it failed."""

from functools import cache

import numpy as np
import pytest

from resolvent import Reason, SingularMatrixError
from resolvent.linalg.gallery import systems
from resolvent.solvers import (
    bicgstab,
    cg,
    fcg,
    fgmres,
    gauss_seidel,
    gmres,
    idrs,
    jacobi,
    lsmr,
    lsqr,
    minres,
    richardson,
    sor,
    ssor,
)

SYSTEMS = systems()
KRYLOV = [bicgstab, cg, fcg, fgmres, gmres, idrs, lsmr, lsqr, minres]
STATIONARY = {
    richardson: {},
    jacobi: {},
    gauss_seidel: {},
    sor: {"omega": 1.5},
    ssor: {"omega": 1.5},
}
SQUARES = (lsqr, lsmr)


def length(v):
    """Norm of a vector of any scale, in extended precision where there is one."""
    v = np.abs(v.astype(np.clongdouble))
    largest = v.max(initial=0)
    return largest * np.sqrt(np.sum((v / largest) ** 2)) if largest else largest


def rtol_of(system):
    return 1e-5 if np.finfo(system.b.dtype).bits == 32 else 1e-8


@cache
def entries(system):
    return system.dense().astype(np.clongdouble)


@cache
def spectrum(system):
    """Singular values over the size of the entries, and that size."""
    A = system.dense()
    size = float(np.abs(A).max(initial=0)) or 1.0
    A = (A / A.dtype.type(size)).astype(np.result_type(A, np.float64))
    return np.linalg.svd(A, compute_uv=False), size


def condition(system):
    """Of the part of A that isn't rounding."""
    s, _ = spectrum(system)
    kept = s[s > 10 * s.size * np.finfo(system.b.dtype).eps * s[0]]
    return kept[0] / kept[-1] if kept.size else 1.0


def check(solver, system, **options):
    """Run a solver and check all that it says against extended precision."""
    A, b, rtol = entries(system), system.b, rtol_of(system)
    solution = solver(system.A, b, rtol=rtol, **options)
    assert isinstance(solution.reason, Reason)
    assert solution.converged == (solution.reason is Reason.CONVERGED)
    assert solution.x.dtype == b.dtype
    assert np.all(np.isfinite(solution.x))
    r = b - A @ solution.x
    # rounding of the residual: (n + 2) eps (|A| |x| + |b|) (Higham, section 3.5)
    rounding = (
        (b.size + 2) * np.finfo(b.dtype).eps * length(np.abs(A) @ np.abs(solution.x) + np.abs(b))
    )
    assert abs(solution.residual_norm - length(r)) <= rounding
    if solution.converged and not (solver in SQUARES and not solution.info.solves):
        assert length(r) <= rtol * length(b) + rounding
    elif solution.converged:
        s, size = spectrum(system)
        slack = s[0] * size * rounding
        assert length(A.conj().T @ r) <= rtol * s[0] * size * length(r) + slack
    # never worse than no solution at all
    assert solution.residual_norm <= length(b) * (1 + 10 * np.finfo(b.dtype).eps)
    return solution


@pytest.mark.parametrize("name", SYSTEMS)
@pytest.mark.parametrize("solver", KRYLOV, ids=lambda solver: solver.__name__)
def test_claims_are_true(solver, name):
    system = SYSTEMS[name]
    solution = check(solver, system, maxiter=300)
    if not np.any(system.b):
        assert (solution.iterations, solution.residual_norm) == (0, 0)
    if not system.consistent and solver not in SQUARES:
        assert not solution.converged


@pytest.mark.parametrize("name", SYSTEMS)
@pytest.mark.parametrize("solver", STATIONARY, ids=lambda solver: solver.__name__)
def test_claims_of_stationary_methods_are_true_or_named_errors(solver, name):
    system, options = SYSTEMS[name], {"maxiter": 100, **STATIONARY[solver]}
    if solver is richardson:
        check(solver, system, **options)
    elif name == "poisson-operator":
        with pytest.raises(TypeError, match="entries"):
            solver(system.A, system.b, **options)
    elif np.any(np.diag(system.dense()) == 0):
        with pytest.raises(SingularMatrixError, match="diagonal"):
            solver(system.A, system.b, **options)
    else:
        check(solver, system, **options)


def is_singular(system):
    s, _ = spectrum(system)
    return s[-1] <= 10 * s.size * np.finfo(system.b.dtype).eps * s[0]


def named(structures, limit, consistent=True):
    return [
        s.name
        for s in SYSTEMS.values()
        if s.structure in structures
        and s.consistent == consistent
        # short recurrences forget: at sqrt(condition) steps a digit 20 n steps may be too few
        and condition(s) <= (limit if rtol_of(s) == 1e-8 else limit**0.25)
    ]


@pytest.mark.parametrize("name", named({"spd", "psd"}, 1e5))
@pytest.mark.parametrize("solver", [cg, fcg], ids=["cg", "fcg"])
def test_cg_solves_what_it_is_made_for(solver, name):
    assert check(solver, SYSTEMS[name]).converged


@pytest.mark.parametrize("name", named({"spd", "psd", "hermitian"}, 1e5))
def test_minres_solves_what_it_is_made_for(name):
    assert check(minres, SYSTEMS[name]).converged


NONSINGULAR = [name for name, system in SYSTEMS.items() if not is_singular(system)]


@pytest.mark.parametrize(
    "name", sorted({*NONSINGULAR} & {*named({"spd", "hermitian", "general"}, 1e5)})
)
def test_gmres_without_restart_solves_what_is_not_singular(name):
    system = SYSTEMS[name]
    solution = check(gmres, system, restart=system.b.size, maxiter=2 * system.b.size)
    assert solution.converged


@pytest.mark.parametrize("name", named({"spd", "psd", "hermitian", "general"}, 1e3))
@pytest.mark.parametrize("solver", SQUARES, ids=["lsqr", "lsmr"])
def test_lsqr_and_lsmr_solve_whatever_is_consistent(solver, name):
    solution = check(solver, SYSTEMS[name])
    assert solution.converged
    assert solution.info.solves


@pytest.mark.parametrize("name", named({"psd", "hermitian", "general"}, 1e3, consistent=False))
@pytest.mark.parametrize("solver", SQUARES, ids=["lsqr", "lsmr"])
def test_lsqr_and_lsmr_solve_least_squares_of_what_is_not(solver, name):
    solution = check(solver, SYSTEMS[name])
    assert solution.converged
    assert not solution.info.solves


@pytest.mark.parametrize("name", named({"psd", "hermitian"}, 1e5, consistent=False))
def test_minres_names_an_inconsistent_system(name):
    assert check(minres, SYSTEMS[name]).reason is Reason.INCONSISTENT


@pytest.mark.parametrize("name", named({"psd"}, 1e5, consistent=False))
@pytest.mark.parametrize("solver", [cg, fcg], ids=["cg", "fcg"])
def test_cg_names_an_inconsistent_system(solver, name):
    assert check(solver, SYSTEMS[name]).reason is Reason.INCONSISTENT


@pytest.mark.parametrize("name", named({"hermitian"}, 1e7))
@pytest.mark.parametrize("solver", [cg, fcg], ids=["cg", "fcg"])
def test_cg_names_an_indefinite_matrix_or_solves_it(solver, name):
    reason = check(solver, SYSTEMS[name]).reason
    assert reason in (Reason.INDEFINITE_OPERATOR, Reason.CONVERGED)


@pytest.mark.parametrize("name", ["cyclic-shift", "skew-symmetric", "orthogonal"])
def test_steps_of_minimal_residuals_are_those_of_the_theory(name):
    system = SYSTEMS[name]
    # A^T A is a multiple of I for two of them, and no polynomial of A reaches b in fewer than n
    if name != "skew-symmetric":
        assert check(lsqr, system).iterations == 1
    full = check(gmres, system, restart=system.b.size)
    assert full.iterations <= system.b.size
    if name == "cyclic-shift":
        assert full.iterations == system.b.size
        assert check(gmres, system, restart=30).reason is Reason.STAGNATED


@pytest.mark.parametrize("solver", KRYLOV, ids=lambda solver: solver.__name__)
def test_an_eigenvector_takes_one_step(solver):
    assert check(solver, SYSTEMS["eigenvector"]).iterations == 1


@pytest.mark.parametrize("kind", ["spd", "indefinite", "general"])
@pytest.mark.parametrize("scale", ["tiny", "huge"])
@pytest.mark.parametrize("solver", KRYLOV, ids=lambda solver: solver.__name__)
def test_the_scale_of_a_system_changes_nothing(solver, scale, kind):
    steps = {
        (s.iterations, s.reason)
        for where in ("matrix", "rhs", "both")
        for s in [check(solver, SYSTEMS[f"{scale}-{kind}-{where}"], maxiter=60)]
    }
    assert len(steps) == 1  # powers of two don't round

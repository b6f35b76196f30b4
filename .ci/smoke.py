"""Use the installed wheel from outside the checkout: import, compute, list the papers."""

import subprocess
import sys
from pathlib import Path

import numpy as np

import resolvent
from resolvent.linalg import eim, gallery, inv_rootm, pod, polar, root_certificate, sqrtm
from resolvent.preconditioners import ichol
from resolvent.preconditioners.learned import DeepConjugateDirection, PreCorrector
from resolvent.solvers import cg, gmres, solve
from resolvent.solvers.reduced import AffineSystem, ReducedBasis
from resolvent.solvers.summation import EIFMM

assert "site-packages" in resolvent.__file__, resolvent.__file__

A = np.array([[5.0, 4.0], [4.0, 5.0]])
assert np.allclose(sqrtm(A), [[2, 1], [1, 2]])
assert root_certificate(A, sqrtm(A)).trusted
assert np.allclose(sqrtm(np.broadcast_to(A, (100, 2, 2))), [[2, 1], [1, 2]])
assert np.allclose(np.linalg.matrix_power(inv_rootm(A, 4), 4) @ A, np.eye(2))
assert np.allclose(polar(A).U, np.eye(2))

L = gallery.poisson((30, 30))
b = np.ones(900)
assert solve(L, b).converged
assert cg(L, b, M=ichol(L)).converged
assert gmres(L, b).converged
assert cg(L, b, M=PreCorrector.pretrained("diffusion-2d")(L)).converged
assert DeepConjugateDirection.pretrained("pressure-2d").weights

x = np.linspace(0, 1, 100)
f = 1 / (1 + np.outer(x, np.linspace(1, 5, 40)))
found = eim(f)
assert np.allclose(found(f[found.points]), f, atol=1e-7)
assert pod(f, tol=1e-6).basis.shape[1] < 10
system = AffineSystem([L, np.eye(900)], b, lambda mu: [1, mu[:, 0]])
assert ReducedBasis(system, X=L, coercivity=1).greedy(x[1:], 1e-6).converged
assert EIFMM("laplace", dim=2, tol=1e-3).fit(np.random.default_rng(0).random((3000, 2))).converged

command = Path(sys.executable).with_name("resolvent")
listed = subprocess.run([command, "list"], capture_output=True, text=True, check=True).stdout
assert "fast-matrix-square-root" in listed, listed
assert "learning-to-relax" in listed, listed
wrong = subprocess.run([command, "check", "fast-matrix-sqare-root"], capture_output=True, text=True)
assert wrong.returncode == 2, wrong
assert "did you mean" in wrong.stderr, wrong
assert "Traceback" not in wrong.stderr, wrong
print("the wheel works from outside the checkout")

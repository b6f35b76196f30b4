# %% [markdown]
# # Operator preconditioning in physics-informed learning
#
# De Ryck, Bonnet, Mishra and de Bézenac (arXiv 2310.05801) ask why physics-informed models are
# hard to train. Gradient descent on
#
# $$\tfrac12 \|D u(\cdot;\theta) - f\|^2_\Omega
# + \tfrac\lambda2 \|u(\cdot;\theta) - g\|^2_{\partial\Omega}$$
#
# is, linearised at $\theta_0$ with $\phi_i = \partial u/\partial\theta_i$,
#
# $$\theta_{k+1} = \theta_k - \eta (A \theta_k - c), \qquad
# A_{ij} = \langle D\phi_i, D\phi_j\rangle_\Omega
# + \lambda \langle\phi_i, \phi_j\rangle_{\partial\Omega},$$
#
# so its rate is that of the condition of $A$, which has the square of the symbol of $D$ in it. A
# change of parameters $\theta = P \hat\theta$ makes it the condition of $P^T A P$.
#
# Claims are quoted from the abstract; formulas and proofs below are our own. Every number is
# computed by the case named with it; `resolvent check operator-preconditioning` compares them.

# %%
from resolvent.papers import load

paper = load("operator-preconditioning")


def show(case: str, *quantities: str) -> None:
    scalars = paper.run(case).scalars
    for quantity in quantities:
        print(f"{case:10} {quantity:34} {scalars[quantity]:.5g}")


# %% [markdown]
# ## Fourier series: everything in closed form
#
# For $u = \theta_0/\sqrt{2\pi} + \sum_{k \le K} (\theta_k \cos kx + \theta_{-k} \sin kx)/\sqrt\pi$
# and an operator of order $m$ with $s$ boundary points, $A$ is the diagonal matrix of $k^{2m}$ plus
# $s\lambda\,v v^T$ with the boundary values $v$. A rank-one update moves each eigenvalue to the
# next one at most. The smallest stays below 1, the largest is at least $K^{2m}$: the condition
# grows like $K^{2m}$.
#
# With $P = \operatorname{diag}(1, k^{-m})$ all eigenvalues but two are 1, and those two are
# the roots of $\mu^2 - (1 + s\lambda(a + b))\,\mu + s\lambda a = 0$, $a = 1/(2\pi)$ and
# $b = \frac1\pi \sum_k k^{-2m}$. The sum converges: the condition is bounded for all $K$.

# %%
paper.figure("conditions")

# %%
for case in ("fourier", "advection"):
    show(case, "exponent", "exponent_preconditioned", "bound", "gain", "formula_gap")

# %% [markdown]
# ## The weight of the boundary
#
# $D$ has a nullspace, the constants, and only the boundary sees it. With a small $\lambda$ its
# eigenvalue is about $s\lambda/(2\pi)$, with or without $P$. With a large one the boundary
# dominates the largest eigenvalue: before $P$ only from about $K^{2m-1}$ on, after $P$ at once. So
# after preconditioning $\lambda$ has to be right, while before it hardly mattered; the best is
# $1/(s(a + b))$. As $\lambda$ and $K$ grow, the smallest eigenvalue tends to that of $D^*D$ with
# its boundary conditions, for Poisson the clamped beam's.
#
# The entry of $P$ for the constants is free. A large $\gamma$ there, with its best $\lambda$,
# brings the condition to 1 like $1 + 2\sqrt{b/a}/\gamma$.

# %%
paper.figure("weights")

# %%
for case in ("fourier", "advection"):
    show(case, "best_weight_gap", "limit_gap", "gamma_limit")

# %% [markdown]
# ## Gradient descent
#
# The problems have the solution $e^{\sin x}$, and the step is one over the largest eigenvalue. The
# measured rate is $-\log(1 - 1/\kappa)$, which gives the steps to the accuracy without $P$
# (`steps`): millions for Poisson's equation, tens of thousands for advection. Conjugate gradients
# would end after as many steps as there are distinct eigenvalues, were there no rounding. After $P$
# these are three, and so are the steps. Without $P$ each parameter has its own, and rounding
# matters: Poisson's equation takes more steps than that, advection is accurate enough before. Both
# are far below gradient descent. The condition is what is wrong with the problem, and gradient
# descent is what makes one feel it.

# %%
paper.figure("descents")

# %%
for operator in ("poisson", "advection"):
    show("descent", f"{operator}_rate", f"{operator}_rate_preconditioned", f"{operator}_error")
    show("descent", f"{operator}_steps", f"{operator}_steps_preconditioned")
    show("descent", f"{operator}_cg", f"{operator}_cg_preconditioned")

# %% [markdown]
# ## Networks: what is the condition of a singular matrix?
#
# A tanh network for $-u'' = f$ on $(-1, 1)$, at random parameters. The derivatives of $u''$ by the
# parameters are written by hand. With a quadrature rule $A = F^T F$, and the singular values of $F$
# show eigenvalues of $A$ down to $10^{-32}$ of the largest.
#
# They fall exponentially, down to rounding. The *rank*, singular values of $F$ above
# $\max(N, p)\,\varepsilon\,\sigma_1$, is a small part of the parameters, and falls with the width.
# A condition number is then that of the cut and says nothing. A better count are the *modes*,
# eigenvalues of at least $10^{-6}$ of the largest: the space in which gradient descent moves within
# some million steps.
#
# - Columns of norm one, a diagonal $P$, change nothing: the columns are nearly dependent.
# - The Cholesky factor of $A + \delta I$, $\delta = 10^{-6}\lambda_{\max}$, makes the eigenvalues
#   $\lambda/(\lambda + \delta)$: some more modes.
# - Eigenvectors above $\varepsilon\lambda_{\max}$ have condition 1 by construction, on as many
#   parameters as there are such eigenvalues.
# - A first layer with ten times the weights, and so less smooth features, has more modes without
#   any $P$: compare `modes_spread` with `modes_cholesky`, both sums over all draws and networks,
#   over the modes of the usual layer without $P$.

# %%
paper.figure("spectra")

# %%
for width in (8, 16, 32, 64):
    show("network", f"rank_{width}", f"share_{width}", f"modes_{width}")
show("network", "modes_columns", "modes_cholesky", "modes_spread", "spread_ranks")
show("network", "condition_at_rank", "condition_eigenvectors", "shift_gap")

# %% [markdown]
# ## Training: the linearised loss and the real one
#
# On the linearised loss the factor wins as it should. The real loss is another matter. Its
# linearised minimum is many norms of the start away (`moved`), and steps of one over the largest
# eigenvalue mostly diverge (`diverged`), so steps are searched for. What a factor of the start that
# is kept then wins depends on the draw: there are draws where it loses a digit and draws where it
# wins one, with quartiles `frozen_low` and `frozen_high` about a median `frozen_gain` of the order
# of one, and nothing like the `linear_gain`. Columns of norm one mostly lose. Made anew in each
# step, the shifted factor wins many digits: that is the method of Levenberg and Marquardt, with
# $p^3$ operations a step.

# %%
paper.figure("training")

# %%
show("training", "moved", "diverged", "linear_none", "linear_columns", "linear_cholesky")
show("training", "trained_none", "trained_columns_frozen", "trained_cholesky_frozen")
show("training", "linear_gain", "frozen_low", "frozen_gain", "frozen_high", "frozen_wins")
show("training", "trained_cholesky", "columns_gain")
show("training", "error_none", "error_cholesky")

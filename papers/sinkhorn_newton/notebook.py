# %% [markdown]
# # A Sinkhorn-Newton method for entropic optimal transport
#
# Brauer, Clason, Lorenz and Wirth (2017, arXiv 1710.06635) look for the plan
# $P_{ij} = e^{(f_i + g_j - C_{ij})/\gamma}$ with marginals $\mu$ and $\nu$ by Newton's method. Its
# equation
#
# $$ \begin{pmatrix} \operatorname{diag}(P 1) & P \\ P^T & \operatorname{diag}(P^T 1) \end{pmatrix}
#    \begin{pmatrix} \delta f \\ \delta g \end{pmatrix}
#    = \gamma \begin{pmatrix} \mu - P 1 \\ \nu - P^T 1 \end{pmatrix} $$
#
# is solved by conjugate gradients with Jacobi's preconditioner, which start from the step before.
# A Newton step has $\max((n + m)/24, 10)$ iterations of CG at most, and no step is shortened. An
# iteration of CG multiplies with $P$ and with $P^T$, as one of Sinkhorn's does, so the paper
# compares the two counts.
#
# Beside them stand the same method without a limit for CG, and `sinkhorn_newton` of this library,
# which comes down to $\gamma$ by stages, eliminates $f$, leaves small entries out of the system and
# factors it. Its work is counted in passes over the plan.
#
# Every number below is computed by the case named with it; `resolvent check sinkhorn-newton`
# compares them with the claims. Counts are the work to an error
# $\|P1 - \mu\|_1 + \|P^T1 - \nu\|_1$ of $10^{-9}$ of the mass.

# %%
from resolvent.papers import load

paper = load("sinkhorn-newton")


def show(case: str, *quantities: str) -> None:
    scalars = paper.run(case).scalars
    for quantity in quantities:
        print(f"{case:6} {quantity:28} {scalars[quantity]:.3g}")


# %% [markdown]
# ## Two small images
#
# Newton's method errs about for a while, then it falls far more steeply than Sinkhorn's iteration.
# The error of the plan is measured against that of the library's method.

# %%
paper.figure("images")

# %%
show("images", "sinkhorn_work", "newton_work", "exact_work", "ours_work")
show("images", "sinkhorn_over_newton", "newton_cost_error", "newton_plan_error")

# %% [markdown]
# ## Where quadratic convergence went
#
# The theorem promises it for exact steps, and without the limit it is there. With the limit the
# steps are too inexact for more than a linear rate. But the limit is a good choice: early steps are
# not worth solving for, and quadratic convergence costs more iterations of CG than it saves steps.
# A limit that grows as the error falls would have both.

# %%
show("images", "exact_order", "exact_late_steps", "newton_late_steps", "sinkhorn_over_exact")

# %% [markdown]
# ## Two digits
#
# The authors' pair can't be matched, so this is another one, with their settings: $\gamma$ goes
# down from the median of the costs, and an offset gives mass to every pixel. The iterations of
# Sinkhorn grow like $1/\gamma$, those of Newton's method more slowly. At the last $\gamma$ of the
# paper's figure they meet.

# %%
paper.figure("mnist")

# %%
show("mnist", "sinkhorn_growth", "newton_growth", "ours_growth")
show("mnist", "first_sinkhorn_over_newton", "last_sinkhorn_over_newton", "last_newton_over_ours")

# %% [markdown]
# ## Finer meshes
#
# With $N$ points the number of unknowns grows, the problem stays the same. The iterations of CG do
# not grow, and neither do Sinkhorn's. The quick scale uses coarser meshes than the paper, on which
# the limit is below what a step wants: it then acts as it did above, and fewer iterations are
# enough.

# %%
paper.figure("mesh")

# %%
show("mesh", "exact_growth", "newton_growth", "sinkhorn_growth", "ours_growth")
show("mesh", "sinkhorn_over_newton", "newton_over_ours")

# %% [markdown]
# ## How small may the regularisation be?
#
# "For small regularisation" means a window. Above `even` Sinkhorn takes fewer iterations. Below
# `newton_smallest` a step of Newton's method is so long that the plan overflows: it has no line
# search, and starts from potentials of zero, whatever $\gamma$. That is no fault of CG, for without
# the limit the same happens. Sinkhorn's iteration on the kernel $e^{-C/\gamma}$ overflows later.
#
# Stages of falling regularisation, damped steps and logarithms take the library's method to the
# end of the sweep.

# %%
paper.figure("reach")

# %%
show("reach", "sinkhorn_exponent", "newton_exponent", "ours_exponent", "even", "overflows")
show("reach", "sinkhorn_smallest", "newton_smallest", "exact_smallest", "ours_smallest")

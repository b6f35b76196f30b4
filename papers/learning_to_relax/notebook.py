# %% [markdown]
# # Learning to relax
#
# A simulation solves thousands of similar linear systems, and the best parameter of the solver is
# not known in advance. Khodak, Chow, Balcan and Talwalkar (ICLR 2024, arXiv 2310.02246) choose the
# relaxation parameter $\omega$ of SOR by bandits, which see nothing but the number of iterations
# that each system took, and prove that in the long run
#
# - Tsallis-INF costs no more than the best fixed $\omega$;
# - ChebCB, which also sees a number that describes the system, no more than the best $\omega$ for
#   each system.
#
# Every number below is computed by the case named with it; `resolvent check learning-to-relax`
# compares them with the claims. The quick scale stops after 2000 systems instead of 5000, so that
# the bandits are seen while they still learn.

# %%
from resolvent.papers import load

paper = load("learning-to-relax")


def show(case: str, *quantities: str) -> None:
    scalars = paper.run(case).scalars
    for quantity in quantities:
        print(f"{case:6} {quantity:40} {scalars[quantity]:.4g}")


# %% [markdown]
# ## The best fixed parameter, without knowing it
#
# The systems are $(A + c_t I)\,x = b_t$ with the five-point Laplacian $A$ on 10 by 10 points,
# random offsets $c_t$ between $-0.15$ and $0.45$, and Gaussian $b_t$. The cost is the number of SOR
# iterations to $\|r_k\| \le 10^{-8} \|r_0\|$ from $x_0 = 0$; the paper counts relative to $r_0$,
# which here is $b_t$, as this library always does.

# %%
paper.figure("learning")

# %%
for case in ("high", "low"):
    show(case, "fixed_1.0", "fixed_1.2", "fixed_1.4", "fixed_1.6", "fixed_1.8")
    show(case, "tsallis", "tsallis_late_over_best_fixed")

# %% [markdown]
# ## Where Newton's method starts
#
# Each round of Tsallis-INF needs the root of $\sum_i 4 / (\eta (k_i/s - x))^2 = 1$ to the left of
# the pole at $\min_i k_i/s$. The published code starts Newton's method at $-1$. After some hundred
# rounds the root is far to the right of that, the first step goes beyond the pole, and the arms
# are drawn from a distribution that has little to do with the losses: the longer the sequence, the
# greater the loss. From $\min_i k_i/s - 2/\eta$ the steps decrease to the root.

# %%
for case in ("high", "low"):
    show(case, "tsallis_published", "tsallis", "tsallis_gain")
    show(case, "tsallis_published_late_over_best_fixed", "tsallis_late_over_best_fixed")

# %% [markdown]
# ## Bandits that see the offset
#
# Tsallis-INF-CB keeps a bandit for each fifth of the range of offsets; ChebCB fits the cost of
# each $\omega$ by a Chebyshev series in the offset. The dotted line is Young's optimal
# $\omega^\ast(A_t)$ for each system.

# %%
paper.figure("contexts")

# %%
for case in ("high", "low"):
    show(case, "best_fixed", "tsallis", "binned", "cheb", "optimal")
    show(case, "cheb_over_best_fixed", "cheb_late_over_optimal")

# %%
paper.figure("regret")

# %% [markdown]
# ## Heat with varying diffusion
#
# Crank-Nicolson steps of $u_t = \kappa(t) \Delta u + f$ with $\kappa$ between 0 and 10, each solved
# by CG with SSOR from the step before, to $\|r\| \le 10^{-8}\|b\|$. The costs now depend on what
# was done before, which the theory does not cover. The best $\omega$ of the grid is found by
# trying all of them every few steps; the paper uses a golden-section search in each step.
#
# When diffusion is weak, all of them are equally good, and nothing is lost by a wrong choice; when
# it is strong, ChebCB follows the best $\omega$.

# %%
paper.figure("heat")

# %%
show("heat", "cg", "fixed_1.0", "fixed_1.3", "fixed_1.5", "fixed_1.75", "fixed_1.95")
show("heat", "tsallis", "binned", "cheb", "optimal")
show("heat", "tsallis_over_best_fixed", "cheb_over_best_fixed", "cheb_over_optimal")

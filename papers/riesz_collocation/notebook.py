# %% [markdown]
# # B-spline collocation for Riesz fractional equations
#
# Mazza, Donatelli, Manni and Speleers (Numerical Linear Algebra with Applications, 2023, arXiv
# 2106.14834) discretise $(-\mathrm d^2/\mathrm dx^2)^{\alpha/2} u = s$ on an interval, with
# $1 < \alpha < 2$, by splines of degree $p$ that satisfy the equation at the Greville abscissae.
# The derivative is not local, so the matrices are dense. But far from the ends they are Toeplitz,
# and their symbol says nearly everything about them:
#
# $$ f(\theta) = \sum_{l} |\theta + 2\pi l|^\alpha
#    \left( \frac{\sin(\theta/2 + \pi l)}{\theta/2 + \pi l} \right)^{p+1} . $$
#
# Every number below is computed by the case named with it; `resolvent check riesz-collocation`
# compares them with the claims.

# %%
from resolvent.papers import load

paper = load("riesz-collocation")


def show(case: str, *quantities: str) -> None:
    scalars = paper.run(case).scalars
    for quantity in quantities:
        print(f"{quantity:32} {scalars[quantity]:.3g}")


# %% [markdown]
# ## The symbol, and the eigenvalues on it
#
# The entries of a central row are the Fourier coefficients of $f$. At 0 the symbol has a zero of
# order $\alpha$; at $\pi$ it is positive, but falls by $2/\pi$ with every degree, and is the lower
# against $f(\pi/2)$ the closer $\alpha$ is to 1.
#
# The matrix differs from the Toeplitz matrix of $f$ by one of rank $4p - 6$, which the splines and
# abscissae at the ends cause, whatever $n$. All eigenvalues but a fixed number follow the samples
# of $f$, so the mean distance falls as $1/n$. The smallest ones converge to those of the operator
# instead, $((j - (2-\alpha)/4)\pi/n)^\alpha$, which lie below the samples.

# %%
paper.figure("spectrum")

# %%
show("symbol", "central_gap", "zero_order_error", "decay_at_pi", "relative_decay_low_over_high")
show("spectrum", "rank_gap", "distance_slope", "outliers_gap")
show("spectrum", "smallest_gap", "smallest_over_sample")

# %% [markdown]
# ## Condition
#
# The zero at 0 makes it grow as $n^\alpha$, slower than for a second derivative. A higher degree
# raises it by a factor that does not depend on $n$.

# %%
paper.figure("conditioning")

# %%
show("conditioning", "growth_error", "high_over_low_degree")

# %% [markdown]
# ## Approximation order
#
# For a smooth solution the error in the maximum norm falls as $n^{-(p + 2 - \alpha)}$ for even and
# $n^{-(p + 1 - \alpha)}$ for odd degrees: an odd degree has the order of the even one below it.
# Printed is how far the observed order is from the claimed one.

# %%
paper.figure("approximation")

# %%
show("approximation", "order_gap_p2", "order_gap_p3", "order_gap_p4", "order_gap_p5")

# %% [markdown]
# ## Solving the systems
#
# Not part of the paper, but its use. Matrices that a fast transform inverts stand in for the
# Toeplitz part: circulants for the Fourier transform, tau matrices for the sine transform. Without
# them the steps of CG grow as $n^{\alpha/2}$. The tau matrix of the symbol makes them independent
# of $n$; Strang's circulant, the central diagonals of T, does nearly as well here. Chan's, the
# nearest in the Frobenius norm, blurs the zero of the symbol, and its steps grow.
#
# GMRES for the whole matrix takes as many steps as CG for its Toeplitz part, and a few more for
# the rows and columns at the ends: their number grows with the degree and not with $n$.

# %%
paper.figure("iterations")

# %%
for method in ("gmres", "cg"):
    show("iterations", *(f"{method}_{M}_growth" for M in ("none", "chan", "strang", "tau")))
show("iterations", "cg_none_exponent_error", "gmres_tau_degrees", "cg_tau_degrees")

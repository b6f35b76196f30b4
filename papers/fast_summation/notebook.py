# %% [markdown]
# # Fast summation of a kernel that is only evaluated
#
# Sums $f(x_i) = \sum_j K(x_i - y_j)\, \sigma_j$ over N points take $N^2$ evaluations. A fast
# multipole method groups sources into cells of a tree and lets cells that are far from each other
# meet through a few points each. Casenave (arXiv 1408.0210) lets the empirical interpolation method
# choose these points: a greedy pivot on samples of the kernel itself,
#
# $$ K(x, y) \approx K(x, Y)\, F^{-1} K(X, y), \qquad F = K(X, Y). $$
#
# So nothing but values of the kernel is needed, and how many points it takes is found from the
# tolerance, not fixed beforehand. Below, every number is computed by the case named with it.

# %%
from resolvent.papers import load

paper = load("fast-summation")


def show(case: str, *quantities: str) -> None:
    scalars = paper.run(case).scalars
    for quantity in quantities:
        print(f"{quantity:24} {scalars[quantity]:.3g}")


# %% [markdown]
# ## Ranks and errors
#
# Points are random in the unit cube. The error is that of the sums at some targets against direct
# summation, relative to the tolerance that was asked for; the operator measures it itself when it
# is built, and the ratios `estimate_over_error`, the smallest and the largest, compare that with
# other charges. Only a part of the combinations of points is seen from far away, and only those are
# translated: `recompression` is how much of the skeleton that is.

# %%
show("kernels", "error_over_tol", "estimate_over_error", "largest_estimate_over_error")
show("kernels", "recompression")
show("kernels", "laplace_growth", "yukawa_growth", "helmholtz_growth", "fourth_power_growth")

# %% [markdown]
# The far field of $1/r^4$ hardly counts beside the neighbours: at a loose tolerance next to nothing
# is left to interpolate.
#
# A kernel that decays is small where large cells meet, compared with what neighbours contribute.
# The abstract speaks of important gains for such kernels. Here the skeletons of the screened kernel
# in the largest cells have a small part of the points of those in the smallest; those of $1/r$, as
# a function of which nothing is known, differ by nothing but where the domain ends.

# %%
show("levels", "largest_over_smallest", "plain_largest_over_smallest", "error_over_tol")
paper.figure("kernels")

# %% [markdown]
# ## Against nodes that are fixed
#
# Interpolation in Chebyshev nodes (Fong and Darve, 2009) needs a whole tensor grid. At the error of
# the largest grid the chosen points are fewer by the factors below. That is not much: what a fixed
# grid can't do is to shrink where the kernel decays.

# %%
show("nodes", "laplace_saving", "screened_saving", "fourth_power_saving")
paper.figure("nodes")

# %% [markdown]
# ## Cost
#
# Times are of this machine, and no claim. `python -m benchmarks summation` compares with compiled
# direct summation and with other libraries.

# %%
show("cost", "error_over_tol", "time_exponent", "time_direct_over_fast")
paper.figure("cost")

# %% [markdown]
# # Limits of matrix powers from few parameters
#
# Casenave, Akkari, Charles and Rey (arXiv 1710.02488) consider matrices that are affine in
# parameters, $A_\mu = \sum_q \mu_q A_q$, and a code that does no more than solve systems or compute
# determinants for a given $\mu$. The powers of $I - A_\mu$ are polynomials in the parameters with
# matrices for coefficients. Weights $\lambda_j(\mu)$ that reproduce the monomials therefore
# reproduce all limits of powers,
#
# $$ A_\mu^{-1} \approx \sum_j \lambda_j(\mu) A_{\mu_j}^{-1}, \qquad
#    \log\det A_\mu \approx \sum_j \lambda_j(\mu) \log\det A_{\mu_j}, $$
#
# and empirical interpolation of $(\mu, i) \mapsto c(\mu)^i$ finds both the weights and the
# parameters. Of the text only the abstract was at hand: details are reconstructed, and the bound
# is ours.
#
# Every number is computed by the case named with it; `resolvent check matrix-power-limits`
# compares them with the claims.

# %%
from resolvent.papers import load

paper = load("matrix-power-limits")


def show(case: str, *quantities: str) -> None:
    scalars = paper.run(case).scalars
    for quantity in quantities:
        print(f"{quantity:24} {scalars[quantity]:.3g}")


# %% [markdown]
# ## Errors over the number of calls
#
# Heat conduction in strips or blocks of different conductivity between 0.5 and 2. The black box is
# called $M$ times; what can be said about a hundred other parameters?
#
# The abstract says that the algorithm performs well compared to the nonintrusive techniques. Two
# things are to be told apart here: which parameters are taken, and what is made of the values
# there. Radial basis functions at as many random parameters have larger errors than the weights. At
# the very parameters that the weights have chosen (`magic` below) they do much better: with three
# and four blocks, where the scale is not known, they are as good as the weights. Chebyshev grids
# are compared at their own sizes, $n^d$ points against as many calls of the weights: no winner. The
# reduced basis, which may look into the matrices, is in another class.
#
# More important than the method is what it is told. Both quantities depend on the scale of $\mu$ in
# a known way, $\log\det(sA) = n \log s + \log\det A$. Dividing by the mean first takes one
# dimension away from everyone. With two strips a single ratio is left: all methods for one variable
# are then good, and Chebyshev points in its logarithm are the best. With more blocks the weights
# lead radial functions at the same parameters by a little; a tensor grid has few sizes to choose
# from.

# %%
paper.figure("errors")

# %%
show("determinant_two", "published_25", "homogeneous_20", "radial_25", "magic_25", "grid_25")
show("determinant_three", "published_30", "homogeneous_30", "radial_30", "magic_30")
show("determinant_three", "published_27", "grid_27")
show("temperature_three", "homogeneous_30", "galerkin_30")

# %% [markdown]
# Errors over those of the weights with as many calls, in the geometric mean, without the scale and
# with it:

# %%
CASES = ("determinant_two", "determinant_three", "determinant_four")
for case in (*CASES, "temperature_two", "temperature_three"):
    print(case)
    show(case, "radial_gain", "magic_gain", "grid_gain")
    show(case, "radial_helped_gain", "magic_helped_gain", "grid_helped_gain")

# %% [markdown]
# ## A bound
#
# The matrix of a multi-index is the sum of all words of its letters. There are many, yet it is a
# contraction: with $\sum_q B_q = I$ it is a Fourier coefficient of $(\sum_q z_q B_q)^k$, which is a
# contraction wherever $|z_q| = 1$. By Parseval the error of the power $k$ is at most
# $(\sum_{|i|=k} r_i^2)^{1/2}$, with the residuals $r_i$ of the monomials. That explains why
# multi-indices must enter unweighted: with multinomial coefficients the greedy choice runs after
# residuals that don't matter, and diverges.

# %%
paper.figure("parameters")

# %%
show("weighting", "plain", "multinomial")
show("temperature_three", "bound_ratio", "bound_excess")

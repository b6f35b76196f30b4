# %% [markdown]
# # Transport between Gaussians in closed form
#
# Between Gaussians optimal transport reduces to linear algebra of covariances. The cost is the
# Bures distance (Bhatia, Jain and Lim, Expositiones Mathematicae, 2019, arXiv 1712.01504),
#
# $$ d(A, B)^2 = \mathrm{tr} A + \mathrm{tr} B - 2\, \mathrm{tr} (A^{1/2} B A^{1/2})^{1/2}
#    = \min_{U^T U = I} \|L U - M\|_F^2, \qquad A = L L^T,\ B = M M^T, $$
#
# the barycentre is the solution of a fixed-point equation (Álvarez-Esteban, del Barrio,
# Cuesta-Albertos and Matrán, 2016, arXiv 1511.05355), and with an entropy, and with marginals that
# need not be met, there are closed forms still (Janati, Muzellec, Peyré and Cuturi, NeurIPS 2020,
# arXiv 2006.02572; Mallasto, Gerolin and Minh, 2021, arXiv 2006.03416). They are the ground truth
# by which solvers for general measures can be judged, which is what happens below.
#
# Every number is computed by the case named with it; `resolvent check gaussian-transport` compares
# them with the claims.

# %%
from resolvent.papers import load

paper = load("gaussian-transport")


def show(case: str, *quantities: str) -> None:
    scalars = paper.run(case).scalars
    for quantity in quantities:
        print(f"{quantity:24} {scalars[quantity]:.3g}")


# %% [markdown]
# ## Distance and map
#
# Where B is close to A the formula with traces subtracts nearly equal numbers: its relative error
# is $\epsilon / d^2$, and at $d \approx \sqrt\epsilon$ no digit is left. The norm of the difference
# of two factors has the error $\epsilon / d$ only, which is what rounding the matrices costs.
#
# The map $T$, with $T A T = B$, comes from the same factors by one triangular solve. Its error
# grows as the condition $\kappa$ of A, which cannot be avoided; that of the formula with square
# roots and their inverses grows nearly as $\kappa^2$. The matrices are integers, chosen so that
# $B = T A T$ is exact in double precision: the truth is known without higher precision.

# %%
paper.figure("accuracy")

# %%
show("accuracy", "distance_error", "factors_last", "trace_last", "trace_exponent")
show("accuracy", "map_error", "push_error", "map_exponent", "formula_exponent")

# %% [markdown]
# ## Geodesics and barycentres
#
# Half-way on the straight line between two covariances there is a fat ellipse; the geodesic turns
# one into the other without it. The barycentre of three flat ellipses is rounder than each, and
# smaller than their mean.
#
# In factors the fixed point needs neither roots nor inverses: $L \leftarrow \sum_j w_j K_j$, where
# $K_j$ is the factor of $A_j$ nearest to $L$. It converges linearly, the slower the worse the
# condition, and takes one step where the covariances commute. Singular covariances are no
# exception.

# %%
paper.figure("shapes")

# %%
show("barycenter", "commuting_error", "commuting_steps", "two_error", "fixed_point_error")
show("barycenter", "objective_rise", "steps_mild", "steps_worst", "singular_steps")

# %% [markdown]
# ## Entropic plans
#
# For the cost $|x - y|^2$ and the regulariser $\varepsilon\, \mathrm{KL}(P | a \otimes b)$ the plan
# is a Gaussian whose cross-covariance solves $C^2 + (\varepsilon/2) C = A B$; its value is
#
# $$ \mathrm{tr} A + \mathrm{tr} B - 2\, \mathrm{tr}\, C
#    + \frac\varepsilon2 \log\det\left(I + \frac2\varepsilon C\right). $$
#
# The solver knows nothing of this. Given two Gaussians on a fine grid, it finds the plan, the
# cross-covariance and the value to the accuracy asked for. The regulariser of the library, $\sum P
# (\log P - 1)$, differs from KL by the entropies of the marginals.
#
# How fine is fine? The plan is as thin as $1 - r$ allows, r being its correlation. With s points a
# standard deviation the error of C over $\varepsilon$ is about $u e^{-u}$, $u = 4\pi^2(1 - r)s^2$:
# one curve for all $\varepsilon$, and half the $\varepsilon$ asks for $\sqrt2$ times the points.
# Samples instead of grids leave $N^{-1/2}$.

# %%
paper.figure("entropic")

# %%
show("entropic", "cross_error", "value_error", "plan_error", "alias_exponent", "bias")
show("entropic", "plane_cross_error", "plane_value_error", "root_gap")
show("sampling", "exponent", "last_error")

# %% [markdown]
# ## Unbalanced plans
#
# Masses 1 and 1.5, marginals that may be missed at the price $\rho\, \mathrm{KL}$: the plan is a
# scaled Gaussian. Where the means are far apart and $\rho$ is small, mass is destroyed rather than
# moved; for large $\rho$ the mass tends to the geometric mean of both.

# %%
show("unbalanced", "mass_error", "mean_error", "covariance_error", "value_error")

# %% [markdown]
# # Variants of empirical interpolation
#
# Casenave, Ern and Lelièvre (arXiv 1508.05330) look at the empirical interpolation method as an
# approximation of a function of two variables by values of it alone,
#
# $$ f(x, y) \approx \sum_{l,m} f(x, y_m)\, (F^{-1})_{ml}\, f(x_l, y),
#    \qquad F_{lm} = f(x_l, y_m). $$
#
# The test function is that of many papers on the subject, $f(x, y) = 1/|x - y|$, with $x$ in the
# unit square and $y$ in $[-1, -0.01]^2$.
#
# Every number is computed by the case named with it; `resolvent check eim-variants` compares them
# with the claims.

# %%
from resolvent.papers import load

paper = load("eim-variants")


def show(case: str, *quantities: str) -> None:
    scalars = paper.run(case).scalars
    for quantity in quantities:
        print(f"{quantity:24} {scalars[quantity]:.3g}")


# %% [markdown]
# ## Both variables are alike
#
# The classical form builds a basis in $x$ and solves for coefficients; the symmetric one has no
# basis. They agree to rounding as long as one goes through the triangular factors of $F$, which the
# greedy choice has found anyway: the condition of $F$ is as large as the tolerance is small. In the
# maximum norm the greedy choice is elimination with complete pivoting, so that the transposed
# function gives the same pairs.

# %%
paper.figure("points")

# %%
show("symmetry", "difference", "same_pairs", "determinant_gap", "between")

# %% [markdown]
# ## Any norm will do
#
# The next parameter may be chosen in any norm, the point must be where the residual is largest.
# Averages look at the bulk of the fields. All three norms meet the tolerance after nearly the same
# number of terms. On the way they are not alike: averages have the larger Lebesgue constants, and
# with the same number of terms the mean errors of unseen fields differ by up to `spread_mean`.

# %%
paper.figure("norms")

# %%
show("norms", "converged", "terms_sup", "terms_l2", "terms_l1", "spread_mean")
show("norms", "lebesgue_sup", "lebesgue_l2", "lebesgue_l1")

# %% [markdown]
# ## Broken sensors
#
# If $x_l$ are sensors and one of them breaks, must its field $f(\cdot, y_l)$ be given up as well?
# With a pseudo-inverse of the rectangular $F$ it need not. What is gained depends on who asks. The
# worst field is better recovered with all selected fields, and best if they are brought to one
# norm: of all combinations that fit, the pseudo-inverse takes the smallest, and fields of sources
# close by are large. The typical field is better off without. All of this is about medians over
# random failures, and differs from sample to sample.

# %%
paper.figure("sensors")

# %%
show("sensors", "scaled_gain_half", "worst_gain_half", "typical_gain_half")

# %% [markdown]
# ## A matrix that should be triangular
#
# Where fields come from a function, the residual is the field less its interpolant, and its values
# at the points chosen before are rounding instead of zero. Divided by an ever smaller residual
# they grow, until the triangle is lost. Doing the subtraction twice, as in the Gram-Schmidt
# process, cures it. The errors of the interpolant are the same in both: what is lost multiplies
# coefficients that are as small as the residual.

# %%
paper.figure("triangularity")

# %%
show("triangularity", "published_30", "published_60", "library_60", "array_60")
show("triangularity", "published_error", "library_error")

# %% [markdown]
# # Bounds of the reduced basis method that survive rounding
#
# A reduced basis answers for a parametrised system $A(\mu) u = b(\mu)$ at a cost that does not
# depend on its size, and says how wrong it can be: by the norm of its residual over a coercivity
# constant. With $A = \sum_q \alpha_q(\mu) A_q$ and $b = \sum_q \beta_q(\mu) b_q$ the residual is
# $\sum_p z_p(\mu) P_p$, and the classical way to its norm is
#
# $$ \|r(\mu)\|_{X'}^2 = z^H G z, \qquad G = P^H X^{-1} P. $$
#
# The terms are of the size of the data. They cancel down to the square of the norm, of which
# rounding leaves $\epsilon$: the norm can't fall below $\sqrt\epsilon$, half of the digits.
# Casenave, Ern and Lelièvre (2014, arXiv 1212.0970) explained it and proposed a remedy, after a
# first one of Casenave (C. R. Math. 350, 2012, 539-542):
# the square is linear in the products $\bar z_p z_q$. Write these at $\mu$ as a combination
# $\sum_r \lambda_r$ of those at a few $\mu_r$, and the squares combine in the same way. The squares
# at $\mu_r$ are evaluated from the residuals, are small from the start, and nothing cancels.
# Empirical interpolation chooses the $\mu_r$ and the products to look at.
#
# Another remedy, of Buhr, Engwer, Ohlberger and Rave (2014), is an orthonormal basis of the
# residuals: $X^{-1} P = Q R$ and $\|r\|_{X'} = \|R z\|_2$.
#
# Every number is computed by the case named with it; `resolvent check rb-error-estimator` compares
# them with the claims.

# %%
from resolvent.papers import load

paper = load("rb-error-estimator")


def table(case: str, sizes: list[int]) -> None:
    scalars = paper.run(case).scalars
    names = ("error", "direct", "gram", "eim", "orthonormal", "unscaled")
    print("size  sigma  terms  " + "  ".join(f"{name:>11}" for name in names))
    for size in sizes:
        counts = f"{size:4} {scalars[f'sigma_{size}']:6.0f} {scalars[f'terms_{size}']:6.0f}"
        print(counts, *(f"{scalars[f'{name}_{size}']:12.1e}" for name in names))


def show(case: str, *quantities: str) -> None:
    scalars = paper.run(case).scalars
    for quantity in quantities:
        print(f"{quantity:26} {scalars[quantity]:.3g}")


# %% [markdown]
# ## Where the bounds stagnate
#
# On the line, $-u'' + \mu u = 1$ with $\mu$ from 1 to 100, the error falls by a hundred with each
# vector. On the square of four materials two conductivities vary, each from 0.1 to 10. The
# classical bound stops half-way in both; the others reach the rounding of the data. Below it true
# errors can't be seen either: what is left there is the rounding of the truth.

# %%
paper.figure("bounds")

# %%
table("line", [2, 4, 6, 8, 10])

# %%
table("block", [4, 8, 12, 16])

# %% [markdown]
# `direct` forms the residual itself, with vectors of the large system; `gram` is the classical
# form, `eim` the interpolated one, `orthonormal` the basis of residuals. `sigma` counts different
# products, `terms` those that interpolation took.
#
# Each estimate comes with its resolution: for the classical form the root of $\epsilon$ times the
# moduli that cancel; for the others the rounding of the vectors $P_p$, and for interpolation what
# it missed at training parameters that were left out. A greedy choice by the estimator ends there,
# instead of chasing noise.

# %%
show("line", "resolution_gram_8", "resolution_eim_8", "resolution_orthonormal_8")
show("line", "stagnation_gram", "stagnation_eim", "stagnation_orthonormal", "stagnation_direct")
show("line", "exceeded_gram", "exceeded_eim", "exceeded_orthonormal")

# %% [markdown]
# ## Over the parameter
#
# With six vectors the classical bound is a constant: it no longer knows at which parameters the
# model is good. The right panel compares the bound with the true error where both are resolved; in
# theory the ratio is from 1 to $1 + \mu / \pi^2$.

# %%
paper.figure("parameters")

# %% [markdown]
# ## A remark on scaling
#
# The coefficients of late basis vectors are small, and their products smaller: a choice that looks
# at absolute values is over before it has seen them. On the line that happens at six vectors, and
# the interpolated bound is then wrong by a factor where the residual is small. Dividing each factor
# $z_p$ by its largest value over the training parameters costs nothing and cures it; the library
# does so. The figure shows both.
#
# What does it cost? Far fewer numbers than the classical form has products are stored. But as many
# solutions with $X$ are needed on the line, more on the square: the "less precomputations" of the
# abstract, a possibility there, are not seen here. And the choice looks at all products over the
# training parameters, anew for each size of the basis: the table grows with the square of the
# pieces, and the library refuses one of more than a gigabyte. In theory the formula needs nothing
# but norms of residuals, which a code could evaluate that does not hand out its matrices; here
# they are evaluated from the pieces $P_p$. Where those are at hand the orthonormal basis takes
# less.

# %%
paper.figure("terms")

# %%
show("line", "deviation_gram_6", "deviation_unscaled_6", "deviation_eim_6")
show("line", "deviation_orthonormal_6", "share_of_products", "share_of_solves", "gain")

# %% [markdown]
# ## The truth
#
# The linear elements of the line are of second order against the solution of the differential
# equation, $u = (1 - \cosh(\sqrt\mu (x - 1/2)) / \cosh(\sqrt\mu / 2)) / \mu$: all errors above are
# against the discrete solution, far below that of the discretisation.

# %%
show("line", "closed_form", "closed_form_order")
show("block", "effectivity", "least_effectivity")

# %% [markdown]
# # Linear systems from a few of their matrices
#
# A code assembles $A(\mu)$ and hands it out; nobody can, or wants to, open its assembly routines.
# Casenave, Ern, Lelièvre and Sylvand (arXiv 1307.4330) expand the matrix in its own snapshots,
#
# $$ A(\mu) \approx \sum_{m=1}^M \beta_m(\mu) A(\mu_m), $$
#
# with the weights that expand the functions on which the matrix depends linearly. Both parameters
# and weights come from the empirical interpolation of these functions, or of some entries.
#
# Every number is computed by the case named with it; `resolvent check nonintrusive-systems`
# compares them with the claims.

# %%
from resolvent.papers import load

paper = load("nonintrusive-systems")


def show(case: str, *quantities: str) -> None:
    scalars = paper.run(case).scalars
    for quantity in quantities:
        print(f"{quantity:24} {scalars[quantity]:.3g}")


# %% [markdown]
# ## An interval
#
# In $-(a(x; m) u')' + c u = f$ the coefficient is a bump that moves with $m$: not affine. The
# reaction $c$ is affine, and is left out of the interpolation without subtracting a matrix. The
# expansion equals, to rounding, what an intrusive code would assemble from the interpolated
# coefficient (`intrusive_gap`, in units of rounding), but has asked for `assemblies` matrices only.

# %%
paper.figure("boundary_value")

# %%
show("boundary_value", "matrix_error", "solution_error", "ratio", "amplification")
show("boundary_value", "intrusive_gap", "estimate_low", "estimate_high", "assemblies")

# %% [markdown]
# ## A kite
#
# The combined layer $I + K - i k S$ of Brakhage and Werner depends on the wavenumber through Hankel
# functions and logarithms. The expansion sees random entries and nothing else; the table shows the
# largest errors over wavenumbers between those of the training. That the matrix F of samples is
# ill-conditioned does no harm: its triangular factors are known, the weights stay small, and the
# expansion is good to rounding.

# %%
paper.figure("kite")

# %%
scalars = paper.run("kite").scalars
print("M   matrix    solution  cond F")
for M in paper.run("kite").arrays["terms"]:
    print(
        f"{M:2}  "
        + "  ".join(f"{scalars[f'{name}_{M}']:.1e}" for name in ("matrix", "solution", "condition"))
    )
show("kite", "amplification", "estimate_low", "estimate_high", "far_field_error")

# %% [markdown]
# ## Resonances
#
# The error of the solution is that of the matrix times the condition. The combined layer keeps the
# condition small at every wavenumber. Without its single layer the equation has the interior
# resonances of the kite, and near them the solution loses what the matrix has.

# %%
paper.figure("resonance")

# %%
show("resonance", "combined", "double", "condition_combined", "condition_double")

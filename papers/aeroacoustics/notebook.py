# %% [markdown]
# # Sound around a kite, from a code that nobody opens
#
# Casenave, Ern and Lelièvre (arXiv 1401.3684) put a reduced basis on a boundary element code that
# nobody opens: matrices and right-hand sides are expanded in a few that the code hands out, and
# what the reduced basis needs are products with these. Here the code solves the plane Helmholtz
# equation around a kite with an absorbing surface, in a fluid at rest. Its parameters are the
# wavenumber, the angle of incidence and the impedance.
#
# Every number is computed by the case named with it; `resolvent check aeroacoustics` compares them
# with the claims.

# %%
from resolvent.papers import load

paper = load("aeroacoustics")


def show(case: str, *quantities: str) -> None:
    scalars = paper.run(case).scalars
    for quantity in quantities:
        print(f"{quantity:24} {scalars[quantity]:.3g}")


# %%
paper.figure("fields")

# %% [markdown]
# ## Expansion
#
# The entries are linear in smooth functions of wavenumber and distance, some of them times the
# impedance. One interpolation of all of them gives the weights of the matrices; that of the
# right-hand side, which has a direction, takes more terms.

# %%
paper.figure("errors")

# %%
scalars = paper.run("terms").scalars
for name, error in scalars.items():
    print(f"{name:24} {error:.2g}")

# %% [markdown]
# ## Reduced basis
#
# The greedy choice takes the solutions where the bound is largest. The bound is the dual norm of
# the residual over the smallest singular value, which is sampled, not proven. What the expansion
# misses is estimated by three terms more, at the cost of three matrices and vectors, and is a part
# of what is certified against the code itself; the choice ends where nothing else is left. A
# reduced solution with its weights takes `time_online` seconds on the machine at hand, its bound
# `time_bound`.

# %%
show("modes", "matrices", "vectors", "far_matrices", "error_20", "error_40", "far_20", "far_40")
show("modes", "effectivity_low", "effectivity_high", "reduced_low")
show("modes", "time_online", "time_bound", "time_ratio")

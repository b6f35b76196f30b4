# %% [markdown]
# # Local bases by the sine of the angle
#
# A front that moves leaves the span of any few modes. Cut into pieces, each with a few modes of
# its own, the same family is compressed well, if the pieces are well chosen. *Optimal piecewise
# linear data compression for solutions of parametrized partial differential equations* (2021,
# arXiv 2108.12291) says how: the relative error of approximating $u$ by multiples of $v$ is the
# sine of the angle between them,
#
# $$ \delta(u, v) = \min_c \frac{\|u - c v\|}{\|u\|}
#    = \sqrt{1 - \frac{\langle u, v \rangle^2}{\|u\|^2 \|v\|^2}}, $$
#
# so that clusters around medoids in this dissimilarity are the optimal pieces of one mode each.
# With more modes this is no theorem any more; the figures show what remains of it.
#
# Every number is computed by the case named with it; `resolvent check local-bases` compares them
# with the claims.

# %%
from resolvent.papers import load

paper = load("local-bases")


def show(case: str, *quantities: str) -> None:
    scalars = paper.run(case).scalars
    for quantity in quantities:
        print(f"{quantity:24} {scalars[quantity]:.3g}")


# %% [markdown]
# ## Errors
#
# Three families: a bump that moves and grows, fronts of all positions and heights, and streaks of
# heat in a plate whose conductivity has a preferred direction. The bases have the same number of
# modes whatever the rule by which the snapshots were cut.

# %%
paper.figure("errors")

# %%
show("bump", "global_error", "euclidean_error", "parameters_error", "sine_error")
show("bump", "global_five", "euclidean_five", "parameters_five", "sine_five")
show("bump", "uniform_ratio", "loss_ratio", "mean_sine")

# %% [markdown]
# The bump is a translation family, for which equal intervals are ideal. The sine finds them from
# the snapshots alone. Euclidean clusters spend their pieces where the bumps are large.
#
# ## Clusters
#
# Height is no matter of a linear space. In the plane of position and height clusters of sines are
# vertical stripes; both other rules cut across. For the streaks the angles 0 and $\pi$ are the
# same and at $\kappa = 1$ all angles are: clusters of sines join the two sides of the square and
# have one piece for what is nearly isotropic.

# %%
paper.figure("clusters")

# %%
show("fronts", "euclidean_error", "parameters_error", "sine_error", "gain", "height_spread")
show("fronts", "new_error")

# %% [markdown]
# The `gain` is over the better of both other rules. For fronts of all heights it is large. The
# amplitudes of the streaks differ much less, and there distances are nearly as good as sines: the
# gain depends on the sample, and some samples have none. That over clusters of parameters is clear.

# %%
show("diffusion", "euclidean_error", "parameters_error", "sine_error", "wrapped")
show("diffusion", "gain", "parameters_gain")

# %% [markdown]
# What is won by a partition has to be found again online. The error for new parameters in the
# cluster whose basis is the best, and by which factor it grows in the cluster of the nearest medoid
# in the square of parameters:

# %%
show("diffusion", "new_error", "classifier_loss")

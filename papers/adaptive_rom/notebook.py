# %% [markdown]
# # A reduced model that knows when it is wrong
#
# F. Casenave and N. Akkari (*Mathematical and Computational Applications* 24, 2019, 41) compute the
# fatigue of turbine blades, whose material creeps where it is hot. The temperature is not known
# well, and a reduced model trained with some temperatures fails for others. Their remedy: an
# indicator of the error that needs only the few quadrature points of the reduced model, and one
# time step of the large model where it exceeds a tolerance.
#
# Here the blade is a square plate under antiplane shear with Norton's law of creep, and the
# temperature is a hot spot:
#
# $$ \nabla \cdot \sigma = 0, \qquad \sigma = \nabla u - p, \qquad
#    \dot p = A_0 e^{a \theta(x, t)} |\sigma|^3 \sigma. $$
#
# Every number is computed by the case named with it; `resolvent check adaptive-rom` compares them
# with the claims.

# %%
from resolvent.papers import load

paper = load("adaptive-rom")


def show(case: str, *quantities: str) -> None:
    scalars = paper.run(case).scalars
    for quantity in quantities:
        print(f"{quantity:24} {scalars[quantity]:.3g}")


# %% [markdown]
# ## Few quadrature points
#
# With $u = V c$ the equations have as many unknowns as there are modes, but their integrals run
# over all quadrature points, and each of these evaluates the law of the material. *Empirical
# cubature* keeps few of them: non-negative weights that integrate what all modes of the stress
# work on all modes of the displacement, $\min_{w \ge 0} \|J w - b\|$, found by matching
# pursuit (`nnomp`) until the residual is below a tolerance. There are never more points than
# integrals.

# %%
paper.figure("points")

# %%
show("cubature", "points", "points_nnls", "rows", "least_weight", "volume_error")

# %% [markdown]
# ## An indicator at these points
#
# The law of the material gives the stress at the points, for the temperature of the moment. The
# modes of the stress give it everywhere, fitted to these values (*gappy POD*). If the stress is one
# that the training could produce, the fit is good; what it misses is the indicator. It is
# calibrated by the simulations that are there anyway: a model that knows three of them runs with
# the fourth.
#
# Online the hot spot rests where it has been in training, and departs at 0.3 of the duration.

# %%
paper.figure("errors")

# %%
show("online", "training_rank", "online_rank", "exponent", "spread", "estimate_ratio")
show("online", "points_share", "known_error", "solved_known")
show("online", "fixed_error", "adaptive_error", "solved_share", "final_share")

# %% [markdown]
# Both errors are relative to the tolerance. The adaptive model follows with some large steps, each
# of which adds a mode of displacement, of stress and of creep, and chooses the points anew. A large
# step starts from a creep strain that the reduced model has followed; that error stays, although
# the new modes explain the stress and the indicator falls. So large steps are asked for at half the
# tolerance already.
#
# The indicator is no bound. Where no simulation was hot and no point is near, nothing at the points
# tells of a hot spot; there the error is larger than its estimate by the factor

# %%
show("online", "blind_ratio")

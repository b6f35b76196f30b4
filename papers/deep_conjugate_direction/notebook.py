# %% [markdown]
# # A deep conjugate direction method
#
# Conjugate gradients take their directions from the residual by a recurrence. Kaneda, Akar, Chen,
# Kala, Hyde and Teran (ICML 2023, arXiv 2205.10763) ask a convolutional network for the direction:
# it sees the residual as an image of length one and returns an image that should be parallel to
# $A^{-1} r$. The direction is made conjugate to the last two, and the best step is taken along it.
# So the energy of the error falls in every step, whatever the network says. In this library that is
# flexible CG, and the network is a preconditioner that is not linear:
#
# ```python
# model = DeepConjugateDirection.pretrained("pressure-2d")
# fcg(A, b, M=model(A, mask=fluid), truncate=2)
# ```
#
# The abstract says that the number of iterations is small and does not depend on the size of the
# problem. The systems are the pressure in a plane flow around random discs and boxes: no flow into
# the solids, no pressure outside of the grid. The right-hand side is the outflow of a random smooth
# velocity. Every number below is computed by the case named with it.

# %%
from resolvent.papers import load

paper = load("deep-conjugate-direction")


def show(case: str, *quantities: str) -> None:
    scalars = paper.run(case).scalars
    for quantity in quantities:
        print(f"{quantity:36} {scalars[quantity]:.4g}")


# %% [markdown]
# ## Steps on finer grids
#
# Two networks, trained on grids of 64² and 128² cells, the weights unchanged from grid to grid:
#
# - two levels, as in the paper, with weights of their own on each. How far it sees is fixed, so
#   that on finer grids it needs more and more steps;
# - all levels that a grid has, down to 2 by 2 cells, with the same weights on all of them: shaped
#   as a multigrid cycle, and it begins its training as the additive one.
#
# `..._growth` is the number of steps at 256² cells over that at 64². Of the weights that a training
# goes through, those were kept that took the fewest steps on three validation systems, of 64², 128²
# and 256² cells. None of them is solved here; but 256² is a size that the choice has seen, though
# the gradients have not. At the full scale 512² is one that it has not.
#
# The network that grows is the one shaped like the paper's, so that their claim fails for it. It
# is small, plane and trained for a short time: that says little about theirs, in space. The network
# that nearly doesn't grow is ours. Before its training it is additive multigrid, `dcdm_untrained`,
# so that not all of its steps are saved by learning. The deflated CG has 16 exact eigenvectors, the
# best that Ritz vectors can come to.

# %%
paper.figure("steps")

# %%
for name in ("cg", "deflated", "ic", "multigrid", "dcdm_two_levels", "dcdm_untrained", "dcdm"):
    show("iterations", f"{name}_steps", f"{name}_growth")
show("iterations", "dcdm_replaced", "dcdm_two_levels_replaced")

# %% [markdown]
# ## What a step costs
#
# A step of CG has about 25 flops a cell. Below are those of the networks, and the times of this
# machine, which are no claim. On a processor the network can't win: multigrid takes as few steps,
# each for a small part of the time, and its set-up does not take long either. Even plain CG is
# faster, where its ratio is above 1. What speaks for the network is that its work is products of
# dense matrices in single precision, which a graphics processor is built for, and that its set-up,
# factors for the solids, is less than a step.

# %%
show("iterations", "dcdm_flops", "dcdm_two_levels_flops")
show("iterations", "time_cg_step", "time_multigrid_step", "time_dcdm_step")
show("iterations", "time_dcdm_over_multigrid", "time_dcdm_over_cg")
show("iterations", "time_dcdm_two_levels_over_multigrid", "time_dcdm_two_levels_over_cg")

# %%
paper.figure("residuals")

# %%
paper.figure("cost")

# %% [markdown]
# ## What it was not trained for
#
# The steps with the network, of plain CG and with IC(0), here to a residual of 1e-8. A box
# without solids, many more solids than in the training, a right-hand side that is not smooth, and a
# long strip with an odd number of cells are no trouble. Another operator is: the network sees no
# matrix, and takes the Laplacian for granted. For diffusion in a lognormal medium whose logarithm
# has the deviation 1.5, `lognormal`, it falls far behind IC(0). At a deviation of 1, `mild`, it
# depends on the size: on the small grid of the quick scale it loses too; on the 128² cells of the
# full one it is close to IC(0) in steps, ahead in some media and behind in others. It is only slow
# then, not wrong.

# %%
for family in ("box", "crowded", "noise", "strip", "lognormal", "mild"):
    show("limits", f"{family}_dcdm", f"{family}_cg", f"{family}_ic")

# %% [markdown]
# ## Training
#
# The paper's loss is the residual after the best step, $\|d - c A p\|^2$ with
# $c = p^T d / p^T A p$. That step makes the energy of the error smaller, but the residual may grow
# by any factor, and the gradients follow the rare directions for which it does. So the networks
# here are trained on the energy that is left, $\|x - c p\|_A^2 / \|x\|_A^2$. It lies between 0
# and 1, and costs one product with $A$ less. It needs the solution $x$; but examples are made from
# solutions, so that nothing has to be solved. These are sums of sine modes, the lower half of the
# spectrum weighted by 9, some of them smoother, and what the network itself leaves of them after a
# few steps. Both losses, from the same weights on and equally long, in steps of the solver; `inf`
# where it did not arrive in less than 60:

# %%
show("objectives", "first_steps", "energy_steps", "residual_steps")

# %% [markdown]
# At the quick scale a tenth of the training runs, on small grids; the full scale repeats all of
# it, from the seed, and compares the weights with those that come with the library.
# `..._difference` is the largest one of a weight, over the largest weight: zero at the full scale
# if the training repeats to the last digit.

# %%
for quantity, value in paper.run("training").scalars.items():
    print(f"{quantity:36} {value:.4g}")

# %%
paper.figure("training")

# %% [markdown]
# # Learned preconditioners
#
# Conjugate gradients need a preconditioner, and an incomplete Cholesky factor $L$ is the usual one.
# Li, Chen, Du and Matusik (ICML 2023, arXiv 2305.16432) let a graph network write its entries: the
# rows of the matrix are nodes, its nonzeros are edges, and each edge of the lower triangle ends up
# with a number $L_{ij}$. The diagonal is positive by construction, so $L L^T$ is positive definite
# and the solver stays valid **whatever the network says**: it can be slow, not wrong.
#
# Three models of the family are compared:
#
# - NeuralPCG (2305.16432), the first; it sees the right-hand side too;
# - NeuralIF (2305.16368), smaller, with message passes along the products by $L$ and $L^T$;
# - PreCorrector (2405.15557), which corrects the factor of IC(0), and begins with it.
#
# Networks see the matrix scaled to unit diagonal. A guard makes a few steps with what they say and
# with classical preconditioners, and takes one of those where the network is behind. Every number
# below is computed by the case named with it.

# %%
import math

from resolvent.papers import load

paper = load("learned-preconditioner")


def show(case: str, *quantities: str) -> None:
    scalars = paper.run(case).scalars
    for quantity in quantities:
        print(f"{case:14} {quantity:36} {scalars[quantity]:.4g}")


# %% [markdown]
# ## Matrices like those of the training
#
# Diffusion in lognormal media on 64 by 64 points; the seeds are none of those of the training.
# Iterations to a relative residual of $10^{-8}$, mean over the matrices.

# %%
show("grids", "failures", "fallbacks")
show("grids", "none", "jacobi", "ssor", "ic0", "ict", "multigrid", "neural_if", "precorrector")
show("grids", "neural_if_over_ic0", "precorrector_over_ic0", "precorrector_over_neural_if")

# %% [markdown]
# Both models have the entries of IC(0), and take about half its iterations. The abstract of
# PreCorrector says that networks alone can't have fewer iterations than classical methods, and that
# PreCorrector has. Which is right depends on which classical methods one asks: SSOR, with one
# parameter that is fitted to one matrix, is as good as NeuralIF and hardly behind PreCorrector.
# And multigrid is far ahead of all: a factor on the pattern of the matrix carries information one
# edge at a time, so iterations grow with the size of the grid. Here is the best of the classical
# methods but multigrid, and multigrid.

# %%
show("grids", "best_one_level", "neural_if_over_best_one_level", "precorrector_over_best_one_level")
show("grids", "neural_if_over_multigrid", "precorrector_over_multigrid")

# %% [markdown]
# Iterations are not seconds. Set-up and solve together, median over the matrices, with our solver
# and with SciPy's. The network runs in array operations, while IC(0) and SSOR are set up by
# compiled loops in a fraction of that time, and the guard factors the matrix by IC(0) in any case:
# **for one right-hand side the set-up costs more than the iterations save.**

# %%
scalars = paper.run("grids").scalars
for name in ("none", "jacobi", "ssor", "ic0", "ict", "multigrid"):
    ours, theirs = (1e3 * scalars[f"time_{kind}{name}"] for kind in ("", "scipy_"))
    print(f"{name:14} {ours:8.2f} ms, with SciPy's cg {theirs:8.2f} ms")
for name in ("neural_if", "precorrector"):
    print(f"{name:14} {1e3 * scalars[f'time_{name}']:8.2f} ms")

# %% [markdown]
# ## Families
#
# Implicit steps of the heat equation, the Poisson equation and Newmark steps of the wave equation,
# with linear elements on random meshes of triangles and tetrahedra, and the synthetic sparse
# matrices $B B^T + 10^{-3} I$. The models that come with the library have seen grids only, and the
# guard refuses them on the meshes. NeuralPCG and a second PreCorrector are trained on smaller
# systems of each family, at the quick scale for a second or so.

# %%
paper.figure("families")

# %%
show("families", "failures", "meshes_guarded_over_ic0", "multigrid_wins")
show("families", "meshes_bare_neural_pcg_over_jacobi")
for family in ("poisson_2d", "heat_2d", "wave_2d", "poisson_3d", "heat_3d", "wave_3d"):
    show("families", f"{family}_own_precorrector_over_ic0", f"{family}_bare_neural_pcg_over_ic0")

# %% [markdown]
# Training on the family gains most for the Poisson equation on triangles. Where the mass matrix
# makes the system easy, IC(0) takes a handful of steps and there is little to gain; ICT with as
# many entries, which may choose where they are, is ahead of IC(0) without any training. NeuralPCG
# after so short a training is behind IC(0), and the guard says so; its diagonal
# $L_{ii} = \sqrt{a_{ii}}$ is given, although the pivots of a good factor are smaller.

# %%
data = paper.run("families").arrays
print("milliseconds of set-up and of solve, and iterations")
for k, family in enumerate(data["families"]):
    print(f"\n{family}")
    for m, method in enumerate(data["methods"]):
        setup, solve = 1e3 * data["setup"][k, m], 1e3 * data["solve"][k, m]
        fell = "  guard" if data["fallbacks"][k, m] > 0.5 else ""
        print(f"  {method:18} {setup:9.2f} {solve:9.2f} {data['iterations'][k, m]:8.0f}{fell}")

# %% [markdown]
# ## Other sizes and meshes
#
# On larger grids than those of the training the lead over IC(0) even grows, as that of SSOR does:
# the loss, on solutions, teaches the factor to be right for smooth vectors. Multigrid hardly grows.
# On meshes of triangles the models are useless without the guard: it is the stencil that they have
# learned.

# %%
paper.figure("sizes")

# %%
show("generalisation", "growth_ic0", "growth_ssor", "growth_neural_if", "growth_precorrector")
show("generalisation", "growth_multigrid")
show("generalisation", "meshes_bare_neural_if_largest", "meshes_bare_precorrector_largest")
show("generalisation", "meshes_neural_if_largest", "meshes_precorrector_largest")

# %% [markdown]
# ## Contrasts
#
# Media of two phases, which no model has seen. NeuralIF falls behind IC(0) once the contrast is
# large, and the guard takes IC(0) instead; PreCorrector stays ahead, and is kept mostly.

# %%
paper.figure("contrasts")

# %%
show("grids", "neural_if_unguarded_over_ic0", "neural_if_guarded_over_ic0")
show("grids", "precorrector_unguarded_over_ic0", "precorrector_guarded_over_ic0")
show("grids", "neural_if_fallback_share", "precorrector_fallback_share", "contrast_failures")

# %% [markdown]
# ## When does training pay off?
#
# With $T$ seconds of training, set-ups $s$ and solves $t$ of each of $r$ right-hand sides, a model
# is ahead of another method (primes) after $N = T / (s' + r t' - s - r t)$ matrices, if ever.

# %%
paper.figure("amortisation")

# %%
scalars = paper.run("amortisation").scalars
for model in ("neural_if", "precorrector"):
    print(f"{model}: {scalars[f'time_training_{model}']:.0f} s of training")
    for other in ("ssor", "ic0", "multigrid"):
        for r in (1, 10, 100):
            matrices = scalars[f"time_{model}_{other}_{r}"]
            after = f"after {matrices:.0f} matrices" if math.isfinite(matrices) else "never"
            print(f"  ahead of {other:10} with {r:3} right-hand sides each: {after}")

# %% [markdown]
# ## Training
#
# Reverse passes are written by hand; no framework for deep learning is needed. The weights kept are
# those with the fewest iterations on matrices set aside. PreCorrector begins where IC(0) is. Two
# runs with one seed give the same weights to the last digit; at full scale, so do the recipes of
# the models that come with the library.

# %%
paper.figure("training")

# %%
show("training", "neural_if_loss_falls", "neural_if_count_falls", "neural_if_repeats")
show("training", "precorrector_start_over_ic0", "precorrector_loss_falls")
show("training", "precorrector_count_falls", "precorrector_repeats")

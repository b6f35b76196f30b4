# %% [markdown]
# # Sliced Wasserstein distances with control variates
#
# Nguyen and Ho (ICLR 2024, arXiv 2305.00402) estimate
#
# $$ SW_2^2 = \mathrm E_\theta\, W_2^2(\theta^T x, \theta^T y) $$
#
# by a mean over $L$ random lines, minus a control variate $C(\theta)$ whose mean is known. The
# control is a bound of $W_2^2$ between the Gaussians with the means and covariances of the
# projected points: a quadratic form of $\theta$, whose mean over the sphere is a trace. The lower
# bound has the means alone, the upper one adds the two covariances.
#
# We take the paper's two controls and, not in the paper, both terms each with its own coefficient:
# they are computed anyway. The least squares fit also tells how wrong the estimate is likely to be.
#
# Every number below is computed by the case named with it; `resolvent check
# sliced-control-variates` compares them with the claims.

# %%
from resolvent.papers import load

paper = load("sliced-control-variates")


def show(case: str, *quantities: str) -> None:
    scalars = paper.run(case).scalars
    for quantity in quantities:
        print(f"{case:10} {quantity:20} {scalars[quantity]:.3g}")


# %% [markdown]
# ## Gaussians: what a control sees, it removes
#
# If only the means differ, $W_2^2$ is the lower control up to sampling, and next to no variance is
# left. If only the covariances differ, the lower control says nothing, and the upper one most. If
# both do, one coefficient for two terms is a compromise, and two coefficients are far better.
#
# Printed is the mean square error over the plain one.

# %%
paper.figure("errors")

# %%
for pair in ("means", "covariances", "both"):
    show("gaussians", *(f"{pair}_{control}" for control in ("lower", "upper", "both")))

# %% [markdown]
# The error falls as $L^{-1/2}$ with and without control; printed is how far the exponents are off.
# The reported standard error is close to the true one, but for the least number of lines: there
# the fit of the coefficients costs more than it tells. Printed are the extremes of true over
# reported error, and the largest mean error in units of its standard deviation.

# %%
show("gaussians", "slope_plain", "slope_fitted")
show("gaussians", "honesty_low", "honesty_high", "honesty_few", "bias_plain", "bias_fitted")

# %% [markdown]
# ## Digits
#
# A class of digits is a cloud of images, a point for each. The classes differ most in their means,
# and so the lower control wins for every pair: the upper one has the same coefficient for the
# covariances, which are large and vary in another way. Both terms are best.
#
# A single image is a weighted cloud of pixels in the plane. There the controls span all quadratic
# forms that two numbers can, and gain less: some pairs differ in neither mean nor covariance.

# %%
paper.figure("digits")

# %%
for case in ("digits", "mnist", "images"):
    show(case, "lower_median", "upper_median", "both_median")
    show(case, "lower_worst", "upper_worst", "both_worst", "both_over_best")

# %% [markdown]
# ## The energy distance on the same lines
#
# Hertrich, Wald, Altekrüger and Hagemann (ICLR 2024, arXiv 2305.11463) prove that the discrepancy
# with the kernel $-|x - y|$ is a mean of the same discrepancy on lines, where one sort gives the
# value and all derivatives. The gradient along $P$ lines has an error of order $\sqrt{d / P}$.

# %%
paper.figure("riesz")

# %%
show("riesz", "lines_slope", "dimension_slope", "honesty_gap", "bias")

# %% [markdown]
# A descent that takes other lines in every step needs few of them. Here particles fall to the ink
# of an image; printed is the share of the discrepancy that is left, by lines a step.

# %%
paper.figure("flow")

# %%
show("flow", "left_4", "left_16")

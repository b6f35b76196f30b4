"""B-spline collocation for Riesz equations: Mazza et al., NLAA 2023, arXiv 2106.14834."""

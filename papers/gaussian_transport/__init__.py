"""Closed forms of optimal transport between Gaussians: Janati et al., 2020, arXiv 2006.02572."""

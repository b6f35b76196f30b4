"""Inverses and log-determinants from few parameters: Casenave et al., 2017, arXiv 1710.02488."""

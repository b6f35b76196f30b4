"""Operator preconditioning of physics-informed training: De Ryck et al., arXiv 2310.05801."""

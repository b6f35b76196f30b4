"""Compiled kernels for NumPy: the same mathematics as the generic path, on both cores."""

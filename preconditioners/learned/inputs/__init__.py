"""Matrices and grids as the networks see them."""

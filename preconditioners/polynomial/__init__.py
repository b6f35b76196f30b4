"""Polynomials of A: products only, no inner products, no triangular solves."""

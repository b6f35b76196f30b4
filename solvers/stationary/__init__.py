"""Stationary iterations and Chebyshev iteration."""

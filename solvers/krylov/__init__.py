"""Krylov subspace methods, one recurrence a file."""

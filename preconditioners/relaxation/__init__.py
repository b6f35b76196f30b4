"""Relaxation as a preconditioner: Jacobi, block Jacobi, SSOR."""

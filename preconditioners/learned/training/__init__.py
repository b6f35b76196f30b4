"""Gradient steps, validation by the solver, files of weights."""

"""Compiled loops of the recurrences, for matrices and preconditioners whose form is known."""

"""Incomplete factorisations and sparse approximate inverses."""

"""Multigrid and domain decomposition."""

"""Preconditioned gradient methods for smooth convex functions."""

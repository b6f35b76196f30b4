"""Principled acceleration: Arisaka and Li, ICML 2023, arXiv 2206.08594."""

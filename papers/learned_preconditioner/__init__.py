"""Learned preconditioners: Li, Chen, Du and Matusik, ICML 2023, arXiv 2305.16432, and others."""

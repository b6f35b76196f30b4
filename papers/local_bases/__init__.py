"""Optimal partitions of solution manifolds by k-medoids of sines, 2021, arXiv 2108.12291."""

"""Sinkhorn-Newton-Sparse: Tang, Shavlovsky et al., ICLR 2024, arXiv 2401.12253."""

"""Sliced Wasserstein distances with control variates: Nguyen and Ho, ICLR 2024."""

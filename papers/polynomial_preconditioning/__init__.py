"""Polynomial Preconditioning for Gradient Methods: Doikov, Rodomanov, ICML 2023, 2301.13194."""

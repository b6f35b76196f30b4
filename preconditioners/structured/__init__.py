"""Direct solvers of a nearby structured matrix: fast Poisson, circulant, tau."""

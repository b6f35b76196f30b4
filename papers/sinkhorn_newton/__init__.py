"""A Sinkhorn-Newton method: Brauer, Clason, Lorenz and Wirth, 2017, arXiv 1710.06635."""

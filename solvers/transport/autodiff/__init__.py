"""Transport that a framework's automatic differentiation can go through, on demand.

``from resolvent.solvers.transport.autodiff.torch import sinkhorn_newton`` (``autograd``) or
``from resolvent.solvers.transport.autodiff.jax import sinkhorn_newton`` (``custom_vjp``). Importing
this package imports neither framework.
"""

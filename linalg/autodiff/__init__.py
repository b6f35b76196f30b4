"""Square roots that a framework's automatic differentiation can go through, on demand.

``from resolvent.linalg.autodiff.torch import sqrtm, inv_sqrtm`` (``autograd``) or
``from resolvent.linalg.autodiff.jax import sqrtm, inv_sqrtm`` (``custom_vjp``). Importing this
package imports neither framework.
"""

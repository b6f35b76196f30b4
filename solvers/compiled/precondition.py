"""``M r`` inside a compiled loop, by the form of ``M``."""

from numba.extending import overload

from resolvent.solvers.compiled.known import Given, Identity

__all__ = ["is_identity", "precondition"]


def precondition(M, r, z):  # type: ignore[no-untyped-def]
    """Return ``M r``: ``r`` itself for the identity, else ``z``."""
    raise NotImplementedError


@overload(precondition)
def _precondition_of(M, r, z):  # type: ignore[no-untyped-def]  # noqa: ARG001
    if M.instance_class is Identity:
        return lambda M, r, z: r  # noqa: ARG005
    if M.instance_class is Given:
        return lambda M, r, z: z  # noqa: ARG005
    from resolvent.linalg.compiled.apply import apply

    def applied(M, r, z):  # type: ignore[no-untyped-def]
        apply(M, r, z)
        return z

    return applied


def is_identity(M):  # type: ignore[no-untyped-def]
    """Tell whether ``M`` is the identity, when numba compiles."""
    raise NotImplementedError


@overload(is_identity)
def _is_identity_of(M):  # type: ignore[no-untyped-def]
    answer = M.instance_class is Identity
    return lambda M: answer  # noqa: ARG005

"""How ``method=`` is understood, the same for every function that has one."""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

__all__ = ["resolve"]


def resolve(method: Any, known: Mapping[str, Any], ability: str, home: str) -> Any:
    """Return the method of a name, or the configured method itself.

    Parameters
    ----------
    method : str or object
        What the user passed.
    known : mapping
        Methods by name.
    ability : str
        The function that a method must have.
    home : str
        Module of the methods, for the error text.

    Raises
    ------
    ValueError
        An unknown name, a class instead of an instance, or no method at all.
    """
    found = known.get(method) if isinstance(method, str) else method
    if isinstance(method, str) and found is None:
        near = get_close_matches(method.lower().replace("_", "-"), known, n=1)
        if near:
            raise ValueError(f"unknown method {method!r}; did you mean {near[0]!r}?")
    if found is None or isinstance(found, type) or not hasattr(found, ability):
        raise ValueError(
            f"method must be 'auto', one of {[*known]}, or an instance of a method of {home}, "
            f"got {method!r}"
        )
    return found

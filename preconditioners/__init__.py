"""Approximate inverses ``M @ r``. Empty until the first one lands."""

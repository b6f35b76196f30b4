"""Iterative solvers that return a `resolvent.Solution`. Empty until the first one lands."""

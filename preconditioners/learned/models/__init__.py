"""Weights of trained models, as `resolvent.preconditioners.learned.RECIPES` makes them."""

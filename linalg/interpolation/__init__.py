"""Interpolation from chosen points: fields of a family from few of their values."""

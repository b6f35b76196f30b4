"""Reduced bases: small systems that answer for large ones, with certified errors."""

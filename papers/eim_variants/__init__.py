"""Symmetric, rectangular EIM in any norm: Casenave, Ern and Lelièvre, 2015, arXiv 1508.05330."""

"""Bounds that survive rounding: Casenave, Ern and Lelièvre, 2014, arXiv 1212.0970."""

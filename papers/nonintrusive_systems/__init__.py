"""Systems from a few of their matrices: Casenave, Ern, Lelièvre and Sylvand, arXiv 1307.4330."""

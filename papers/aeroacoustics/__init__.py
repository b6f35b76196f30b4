"""Nonintrusive reduced bases for acoustics: Casenave, Ern and Lelièvre, arXiv 1401.3684."""

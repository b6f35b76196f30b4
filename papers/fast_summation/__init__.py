"""A fast multipole method by empirical interpolation: Casenave, 2014, arXiv 1408.0210."""

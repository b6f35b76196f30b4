"""Parameters of a solver, learned while it is used."""

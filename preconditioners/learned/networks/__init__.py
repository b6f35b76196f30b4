"""Networks on the edges of a matrix and on grids, with reverse passes written by hand."""

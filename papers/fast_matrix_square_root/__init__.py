"""Fast Differentiable Matrix Square Root: Song, Sebe and Wang, ICLR 2022, arXiv 2201.08663."""

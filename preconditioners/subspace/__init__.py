"""Low-rank corrections of the identity."""

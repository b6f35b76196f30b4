"""A race against classical preconditioners that a learned one must not lose."""

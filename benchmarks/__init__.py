"""Side-by-side timings against peers. Not part of the wheel; run from the repository root."""

"""Clusters of snapshots: how far they are from each other, and which of them represent the rest."""

"""Reduced models that enrich themselves online, by Casenave and Akkari, doi 10.3390/mca24020041."""

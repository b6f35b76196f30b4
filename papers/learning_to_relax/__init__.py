"""Learning to Relax: Khodak, Chow, Balcan and Talwalkar, ICLR 2024, arXiv 2310.02246."""

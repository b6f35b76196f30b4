"""A deep conjugate direction method: Kaneda, Akar, Chen, Kala, Hyde and Teran, arXiv 2205.10763."""

"""What a few products with a matrix tell about it: Krylov bases and the ends of the spectrum."""

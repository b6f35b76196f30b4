"""What is made small in training, with derivatives."""

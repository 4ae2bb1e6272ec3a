"""What the operating system asks of a program, and gives it."""

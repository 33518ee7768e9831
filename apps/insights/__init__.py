"""What the library is made of, in numbers, and who appears with whom."""

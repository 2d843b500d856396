"""What a person would pick instead, on the same files and the same questions."""

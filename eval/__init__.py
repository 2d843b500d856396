"""Measures retrieval, answers and speed; compares with peers."""

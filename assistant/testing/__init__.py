"""Doubles that ship with the product, and the suites that every implementation of a port must pass."""

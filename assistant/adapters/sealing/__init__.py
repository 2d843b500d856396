"""Secrets at rest, encrypted with a key of the instance."""

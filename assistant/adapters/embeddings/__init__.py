"""Embedding models: in the process, or behind an OpenAI-compatible endpoint."""

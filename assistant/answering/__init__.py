"""The road of a question: retrieve, prompt, stream, cite, and the road without a model."""

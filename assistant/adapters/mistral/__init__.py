"""Chat models behind any OpenAI-compatible endpoint, through Mistral's own SDK."""

"""Cross-encoders behind a `/rerank` endpoint."""

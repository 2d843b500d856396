"""How the settings of retrieval and refusal were chosen: variants computed from an instance's own vectors."""

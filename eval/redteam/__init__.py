"""The safety set: hostile questions, documents and model replies, each with its owner and its expected outcome."""

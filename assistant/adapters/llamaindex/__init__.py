"""Our retriever in LlamaIndex's terms; nothing of the product depends on it."""

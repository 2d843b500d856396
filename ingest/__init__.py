"""A file comes in, chunks come out. Knows no tenant, no database, no vector store, no web."""

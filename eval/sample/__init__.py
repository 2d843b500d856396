"""The sample corpus: documents of an invented region, their sources, and questions about them."""

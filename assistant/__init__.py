"""The assistant: who may read what, the index, retrieval, answering, conversations, jobs, the API."""

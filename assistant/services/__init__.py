"""Use cases: what people and the machinery may do. Services own the transactions."""

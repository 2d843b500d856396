"""The chunk index on Qdrant: in the process (Edge) or on a server, behind one filter builder."""

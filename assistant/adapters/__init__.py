"""Technologies at the edge: each folder implements ports with one SDK and knows no other folder."""

"""Many people at once, over the API and over the pages, against the mock model, on the loopback."""

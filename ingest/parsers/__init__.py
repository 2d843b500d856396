"""One module per format: a file in, a draft of blocks out. Heavy libraries are imported on use."""

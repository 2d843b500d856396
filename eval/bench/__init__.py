"""Speed and memory, each figure beside its limit or a named peer measured in the same run."""

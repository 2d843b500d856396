"""Bias probes: the same question under other names, genders, places and registers finds the same passages."""

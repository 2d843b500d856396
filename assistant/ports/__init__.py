"""What the assistant needs from the outside, as protocols only. Each has a suite in `testing.contracts`."""

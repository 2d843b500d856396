"""Where files come from: what can be listed and opened, whoever it belongs to."""

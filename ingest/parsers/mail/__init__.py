"""Messages with what is attached to them."""

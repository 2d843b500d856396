"""What the formats of office programs share: their XML and archives, and two programs that convert them."""

"""The vocabulary of the assistant: frozen dataclasses and pure functions, free of any technology."""

"""Decks, slide by slide."""

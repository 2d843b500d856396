"""Migrations of the relational store, oldest first by the date in their names."""

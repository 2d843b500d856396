"""Spreadsheets and CSV: what their cells show, and the tables in them."""

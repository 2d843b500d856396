"""Pages made of pieces, whatever read them: headings, tables, notes, lines and their boxes."""

"""PDF: hidden text taken out, laid out by one engine, checked page by page against another."""

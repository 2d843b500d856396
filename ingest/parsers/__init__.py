"""One room per family of formats: a file in, a draft of blocks out. Heavy libraries load on use.

Only `ingest.reading` calls the parsers of whole formats; which family may know which stands in the
contract "parser-families".
"""

"""The file store on a local folder."""

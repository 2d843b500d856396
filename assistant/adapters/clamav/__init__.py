"""The virus scanner behind ClamAV's socket."""

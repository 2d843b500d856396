"""Pages and files that are images: which ones, how they are turned, what is read on them."""

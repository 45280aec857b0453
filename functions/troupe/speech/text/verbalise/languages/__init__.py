"""One module per language: `rules(base, region)`."""

"""Tools for maintainers: see the Makefile."""

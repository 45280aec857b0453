"""What maintainers run now and then: see the Makefile."""

"""Migrations: changes of stored documents that a new version needs, run with
`python -m troupe migrate`. See docs/decisions/030-migrations.md."""

"""What a domain hands over when a user exports their data."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from troupe.adapters.firestore import Document

# A document, with the fields that are the user's to have, or the path of a file in storage.
Exported = Document | str
# Takes a uid. Yields as it reads, because a user may have more than fits into memory.
Exporter = Callable[[str], Iterator[Exported]]

"""The task function that does the work of rooms, so that no chat waits behind a book."""

QUEUE = "relay"

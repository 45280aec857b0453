"""Comments on calls, reviews and scripts."""

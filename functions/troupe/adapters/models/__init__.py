"""The model files that engines read: what exists, where they are, and how they get there."""

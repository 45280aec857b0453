"""What happened in companies, counted as it happens."""

"""What people say about calls, companies and characters."""

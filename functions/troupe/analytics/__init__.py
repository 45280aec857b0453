"""What companies can see of their numbers: dashboards, and series of chosen figures."""

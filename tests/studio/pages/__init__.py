"""The pages of the studio and their states, one module per page: each has CASES."""

"""The web studio, in a browser on the whole stack."""

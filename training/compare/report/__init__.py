"""Write the report of a comparison from its files."""

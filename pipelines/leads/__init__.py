"""People whom a user already has: rows of a list, a table or a query, each read as a `Lead` or told why not."""

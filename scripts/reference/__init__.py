"""The pages of docs/reference, one module a page. `page` makes a page; LookupError says what the code leaves unsaid."""

"""What a person runs: the command line, `sync`, the webhook receiver, the SQL views."""

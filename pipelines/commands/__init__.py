"""One file a command: its options, and what it prints. What is heavy is imported only when the command runs."""

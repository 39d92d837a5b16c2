"""What tests share: a project folder with a sandbox of its own, and the command line run in it."""

"""What the package says about itself, read from its own files. Pure: no engine, no disk."""

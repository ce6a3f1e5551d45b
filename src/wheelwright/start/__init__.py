"""The way into a repository: what is there, what is missing, and GitHub's settings."""

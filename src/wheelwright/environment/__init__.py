"""What is installed for a run: environment, test dependencies, services, tools (pure)."""

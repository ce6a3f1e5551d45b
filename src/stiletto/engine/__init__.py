"""The shell around the pure core: evaluates recipes with the store and the sandbox."""

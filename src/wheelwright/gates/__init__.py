"""Gates: each plans its command and turns the tool's output into a result. Pure."""

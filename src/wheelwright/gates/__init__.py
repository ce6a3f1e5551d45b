"""Gates: each plans its command and turns what the tool said into a result. Pure."""

"""Does what was decided: git, the index, GitHub, builds; and looks at what they show."""

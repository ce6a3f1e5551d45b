"""Reports of a matrix run: table, Markdown, annotations, a page, history. Pure."""

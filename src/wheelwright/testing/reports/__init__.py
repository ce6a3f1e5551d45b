"""What a matrix run is turned into: table, Markdown, annotations, a page, history. Pure."""

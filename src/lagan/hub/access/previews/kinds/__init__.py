"""One module a kind of file, each with `draw(asked, source, drawn)`; imported only in the drawing
process, and only the one that is needed."""

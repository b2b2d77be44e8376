"""What is in a file, shown without opening it: pictures, text, tables and trees, drawn by a
confined process that reads the file by ranges."""

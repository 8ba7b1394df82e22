"""The recording format: writer, reader, salvage."""

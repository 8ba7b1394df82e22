"""Files of others in, tables for others out. Import the modules; this file imports nothing."""

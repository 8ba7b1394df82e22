"""The numbers of the report, and its page."""

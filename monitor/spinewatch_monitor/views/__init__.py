"""One file per page; no rules in here."""

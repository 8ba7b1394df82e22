"""How bytes reach the machine: one file per transport."""

"""ImuBatch in, posture out: pure numpy, scipy and vqf. Import the modules; this file imports nothing."""

"""Posture in, pictures, alerts and reports out. Import the modules; this file imports nothing."""

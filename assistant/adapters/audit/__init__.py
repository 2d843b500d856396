"""Audit trails."""

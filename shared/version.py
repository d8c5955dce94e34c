"""The version of the gateway, which both programs share."""

VERSION = "1.0.0"
"""Semantic versioning, for what users rely on: settings, answers, exit statuses, the forms of logs
and status. The frames on the snapshot socket have a version of their own, see `shared.frame`."""

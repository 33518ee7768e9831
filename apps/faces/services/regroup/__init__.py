"""Grouping all faces anew: what nobody has spoken of changes, the rest is proposed."""

from apps.faces.services.regroup.run import Plan, Sample, foresee, regroup

__all__ = ["Plan", "Sample", "foresee", "regroup"]

from django.db import models


class Scope(models.TextChoices):
    """What a token may do at most; never more than its owner may."""

    READ = "read", "Read"
    WRITE = "write", "Read and change"
    OPS = "ops", "Read, change and operate"


class Role(models.TextChoices):
    """The groups that MediaHub keeps in step with its models; each includes those before it."""

    VIEWER = "viewer", "Viewer: sees the catalogue"
    EDITOR = "editor", "Editor: changes the catalogue"
    OPERATOR = "operator", "Operator: runs libraries, scans and jobs"
    ADMINISTRATOR = "administrator", "Administrator: everything, people and tokens too"

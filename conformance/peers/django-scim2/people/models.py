"""The user and the group that the package's adapters expect, made of the package's mixins."""

from django.contrib.auth.models import AbstractUser
from django.db import models
from django_scim.models import AbstractSCIMGroupMixin, AbstractSCIMUserMixin


class Group(AbstractSCIMGroupMixin):
    """A name; the mixin has the rest."""

    name = models.CharField(max_length=255)


class User(AbstractSCIMUserMixin, AbstractUser):
    """Django's own user, with groups under the name the package's adapter expects."""

    scim_groups = models.ManyToManyField(Group, related_name="user_set")

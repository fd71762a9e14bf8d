"""People, programs and who is what in which program."""

from typing import ClassVar
from uuid import UUID

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.crypto import salted_hmac
from uuid_utils.compat import uuid7

from identity import rules
from identity.states import ProgramStatus, Role


class UserQuerySet(models.QuerySet["User"]):
    """People."""

    def for_user(self, user: "User") -> "UserQuerySet":
        """The people ``user`` may see: those of the programs where he may read people."""
        programs = Membership.objects.programs_where(user, "user.read")
        return self.filter(memberships__program__in=programs).distinct()


class UserManager(BaseUserManager["User"].from_queryset(UserQuerySet)):  # type: ignore[misc]
    """Finds people by the address they sign in with."""

    @classmethod
    def normalize_email(cls, email: str | None) -> str:
        return (email or "").strip().lower()

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=self.normalize_email(username))  # type: ignore[no-any-return]


class User(AbstractBaseUser):
    """A person who signs in. What he may do comes from his memberships alone; there is no superuser."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    email = models.EmailField(max_length=254, unique=True)
    name = models.CharField(max_length=120, blank=True)
    phone = models.CharField(max_length=20, blank=True)
    time_zone = models.CharField(max_length=64, default="UTC")  # in which pages show them times
    telegram_chat_id = models.CharField(max_length=40, blank=True)
    is_active = models.BooleanField(default=True)
    # A second factor that is set up after a reset has no vote for a while: see `possible_voters`.
    second_factor_reset_at = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects: ClassVar = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"

    class Meta:
        constraints = (
            # With this, unique means unique whatever the capitals, whoever writes the row.
            models.CheckConstraint(name="identity_user_email_is_lower_case", condition=models.Q(email=Lower("email"))),
        )

    def __str__(self) -> str:
        return self.name or self.email

    def clean(self) -> None:
        self.email = UserManager.normalize_email(self.email)

    def get_full_name(self) -> str:
        return self.name or self.email

    def get_short_name(self) -> str:
        return self.name.split(" ")[0] if self.name else self.email.split("@")[0]

    def permissions(self) -> frozenset[str]:
        """Every permission that this person holds anywhere; what they may touch is a matter of scope."""
        if not self.is_active:
            return frozenset()
        roles = self.memberships.values_list("role", "program__slug").distinct()
        return frozenset().union(
            *(rules.permissions_of(role, in_house=slug == rules.HOUSE_SLUG) for role, slug in roles)
        )

    @property
    def credentials_mark(self) -> str:
        """What every sign-in stands on: it changes with the password, and when the second factor is reset."""
        reset_at = self.second_factor_reset_at
        return self.password if reset_at is None else f"{self.password} {reset_at.timestamp():f}"

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        # A session that no table knows of, or that begins while others are ended, ends by this.
        salt = "identity.models.people.User.get_session_auth_hash"
        return salted_hmac(salt, self.credentials_mark, secret=secret, algorithm="sha256").hexdigest()

    def may(self, permission: str) -> bool:
        """Whether any of this person's roles carries ``permission``."""
        return permission in self.permissions()

    def may_in_house(self, permission: str) -> bool:
        """Whether this person holds ``permission`` over what belongs to no program: in the house, and operates it."""
        in_house = self.memberships.filter(program__slug=rules.HOUSE_SLUG).values_list("role", flat=True)
        held = frozenset[str]().union(*(rules.permissions_of(role, in_house=True) for role in in_house))
        return self.is_active and {permission, "operations.read"} <= held

    # Django's admin asks these of every user. Our screens ask `may` instead, so a screen that forgot to is closed.
    def has_perm(self, _permission: str, _object: object = None) -> bool:
        return False

    def has_perms(self, _permissions: object, _object: object = None) -> bool:
        return False

    def has_module_perms(self, _app_label: str) -> bool:
        return False


class ProgramQuerySet(models.QuerySet["Program"]):
    """Programs."""

    def for_user(self, user: User) -> "ProgramQuerySet":
        """The programs ``user`` belongs to; all of them for the house's own staff."""
        return self.filter(pk__in=Membership.objects.programs_where(user, "program.read"))


class Program(models.Model):
    """A tenant: money, people and rules of one program never meet another's."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(max_length=120)
    slug = models.CharField(max_length=60, unique=True)
    status = models.CharField(max_length=10, choices=ProgramStatus, default=ProgramStatus.ACTIVE)
    time_zone = models.CharField(max_length=64, default="UTC")
    # A value and not a key: assets live one floor up, in the ledger.
    default_asset_code = models.CharField(max_length=20, default="USD")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects: ClassVar = ProgramQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.CheckConstraint(
                name="identity_program_slug_is_url_safe",
                condition=models.Q(slug__regex=r"^[a-z0-9]+(-[a-z0-9]+)*$"),
            ),
            models.CheckConstraint(
                name="identity_program_status_is_known",
                condition=models.Q(status__in=ProgramStatus.values),
            ),
            models.CheckConstraint(name="identity_program_is_named", condition=~models.Q(name="")),
        )

    def __str__(self) -> str:
        return self.name


class MembershipQuerySet(models.QuerySet["Membership"]):
    """Who is what in which program."""

    def for_user(self, user: User) -> "MembershipQuerySet":
        """The memberships ``user`` may see."""
        return self.filter(program__in=self.model.objects.programs_where(user, "membership.read"))

    def in_house(self) -> "MembershipQuerySet":
        """Those of the house's own staff."""
        return self.filter(program__slug=rules.HOUSE_SLUG, role__in=rules.STAFF_ROLES)

    def holds_in_house(self, user: User, permission: str) -> bool:
        """Whether ``user`` holds ``permission`` as staff of the house: then they hold it everywhere."""
        return self.in_house().filter(user=user, role__in=rules.roles_with(permission)).exists()

    def programs_where(self, user: User, permission: str) -> "models.QuerySet[Program, UUID]":
        """The ids of the programs in which ``user`` holds ``permission``; staff of the house hold theirs everywhere."""
        held = self.filter(user=user, role__in=rules.roles_with(permission))
        in_house = held.in_house()
        if permission in rules.HOUSE_ONLY:
            held = in_house
        return (
            Program.objects.filter(models.Q(models.Exists(in_house)) | models.Q(pk__in=held.values("program")))
            .order_by()
            .values_list("pk", flat=True)
        )

    def programs_with_own(self, user: User, permission: str) -> "models.QuerySet[Program, UUID]":
        """The ids of the programs in which ``user`` holds ``permission`` over what is their own."""
        held = self.filter(user=user, role__in=rules.roles_with_own(permission))
        return Program.objects.filter(pk__in=held.values("program")).order_by().values_list("pk", flat=True)


class Membership(models.Model):
    """A person's role in a program."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey("identity.User", on_delete=models.PROTECT, related_name="memberships")
    program = models.ForeignKey("identity.Program", on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=20, choices=Role)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects: ClassVar = MembershipQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(name="identity_membership_once", fields=("user", "program", "role")),
            models.CheckConstraint(name="identity_membership_role_is_known", condition=models.Q(role__in=Role.values)),
        )

    def __str__(self) -> str:
        return f"{self.user} is {self.get_role_display()} in {self.program}"

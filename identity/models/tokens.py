"""Sign-ins of the API: what a token must still stand on, wherever it went."""

from django.db import models
from uuid_utils.compat import uuid7


class TokenFamily(models.Model):
    """One sign-in, and all tokens that came from it; revoking it ends them all."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey("identity.User", on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "token families"

    def __str__(self) -> str:
        return f"Sign-in of {self.user_id} at {self.created_at:%Y-%m-%d %H:%M}"


class RefreshToken(models.Model):
    """A refresh token, by the hash of its id. It works once."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    family = models.ForeignKey("identity.TokenFamily", on_delete=models.PROTECT, related_name="refresh_tokens")
    jti_hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                name="identity_refreshtoken_hash_is_sha256", condition=models.Q(jti_hash__regex=r"^[0-9a-f]{64}$")
            ),
        )

    def __str__(self) -> str:
        return f"Refresh token of {self.family_id}"


class UsedCode(models.Model):
    """A one-time code that somebody has used, for as long as an authenticator app could show it again."""

    user = models.ForeignKey("identity.User", on_delete=models.PROTECT, related_name="+")
    code_hash = models.CharField(max_length=64)
    used_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(name="identity_usedcode_once", fields=("user", "code_hash")),)

    def __str__(self) -> str:
        return f"Code of {self.user_id}"

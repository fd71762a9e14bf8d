"""Wallet addresses that people have proven to be theirs, and the texts that they were given to sign."""

from typing import ClassVar

from django.db import models
from uuid_utils.compat import uuid7

from identity import proofs
from identity.models.people import User


class WalletAddressQuerySet(models.QuerySet["WalletAddress"]):
    """Addresses."""

    def for_user(self, user: User) -> "WalletAddressQuerySet":
        """The person's own."""
        return self.filter(user=user)

    def locked(self) -> "WalletAddressQuerySet":
        """Take the address's lock."""
        return self.select_for_update(no_key=True, of=("self",)).order_by("pk")


class WalletAddress(models.Model):
    """An address whose key somebody holds. One key opens it on every chain, so it belongs to one person on all."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey("identity.User", on_delete=models.PROTECT, related_name="wallet_addresses")
    address = models.CharField(max_length=42, unique=True)
    chain_id = models.PositiveBigIntegerField()  # of the last proof
    proven_at = models.DateTimeField()

    objects: ClassVar = WalletAddressQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "wallet addresses"
        ordering = ("-id",)
        constraints = (
            # With this, unique means unique whatever the capitals.
            models.CheckConstraint(
                name="identity_walletaddress_is_lower_case", condition=models.Q(address__regex=r"^0x[0-9a-f]{40}$")
            ),
            models.CheckConstraint(
                name="identity_walletaddress_names_a_chain",
                condition=models.Q(chain_id__gte=1, chain_id__lte=proofs.LARGEST_CHAIN_ID),
            ),
        )

    def __str__(self) -> str:
        return self.shown

    @property
    def shown(self) -> str:
        """The address with its checksum."""
        return proofs.checksummed(self.address)


class AddressChallenge(models.Model):
    """A text that somebody was given to sign. It is good once."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey("identity.User", on_delete=models.PROTECT, related_name="+")
    nonce = models.CharField(max_length=64, unique=True)
    text = models.CharField(max_length=1_000)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"Text for {self.user_id} until {self.expires_at:%Y-%m-%d %H:%M}"

"""What the API takes of what is owed outside."""

from rest_framework import serializers

from wallets.api.serializers.wallets import OnceInput


class AddressInput(OnceInput):
    """Where something owed goes, as its rail knows it, and whose account that is."""

    destination = serializers.CharField(max_length=120)
    holder = serializers.CharField(max_length=120, required=False, default="", allow_blank=True)

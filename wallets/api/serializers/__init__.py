"""What the API shows of wallets and rails, and what it takes."""

from wallets.api.serializers.rails import DraftInput, HookOutput, RailAccountOutput, RailEventOutput

__all__ = ("DraftInput", "HookOutput", "RailAccountOutput", "RailEventOutput")

"""Why a setting is not what somebody asks it to be."""

from audit.errors import DomainError


class UnknownSetting(DomainError):
    """Raised when a setting is named that no room has, or that the program has not because it is the house's."""

    code = "unknown_setting"
    status = 422
    message = "There is no setting called {setting} here."


class SettingMakesNoSense(DomainError):
    """Raised when a value is not of the setting's type, or out of its bounds."""

    code = "setting_makes_no_sense"
    status = 422
    message = "{setting} {reason}."


class SettingChanged(DomainError):
    """Raised when a change names another version than the one that stands now."""

    code = "setting_changed"
    status = 409
    message = "{setting} has changed since you read it: version {version} stands now. Look at it again."


class SettingNeedsProposal(DomainError):
    """Raised when somebody alone changes a setting that moves money or guards what does."""

    code = "setting_needs_proposal"
    status = 409
    message = "Two people decide on {setting}: propose it, as identity.change_setting."


class SettingNeedsNoProposal(DomainError):
    """Raised when a change is proposed that one person can make."""

    code = "setting_needs_no_proposal"
    status = 409
    message = "{setting} needs no second person: change it directly."


class SettingUnreadable(DomainError):
    """Raised when a setting that is not guessed, one of money or a secret, can't be read as it is stored."""

    code = "setting_unreadable"
    status = 503
    message = "{setting} can't be read: {reason}. What depends on it waits, and nothing was changed."

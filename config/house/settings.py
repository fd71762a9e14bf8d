"""The settings of the house itself."""

from typing import Final

from config.house.mail import check_address
from identity.settable import SettingSpec
from identity.values import Boolean, Text

SETTINGS: Final = (
    SettingSpec(
        key="house.name",
        type=Text(longest=40),
        default="Countinghouse",
        purpose="What pages, mails and authenticator apps call this house.",
        is_per_program=False,
    ),
    SettingSpec(
        key="house.sign_up_open",
        type=Boolean(),
        default=True,
        purpose="Whether people who were not here before may sign up by themselves. They have no role then.",
        is_per_program=False,
    ),
    SettingSpec(
        key="house.mail_server",
        type=Text(longest=500, check=check_address),
        purpose="Where mail leaves, as smtp+tls://user:password@host:587, instead of EMAIL_URL. Links that let people "
        "in pass through it.",
        is_per_program=False,
        needs_two=True,
        is_secret=True,
    ),
)

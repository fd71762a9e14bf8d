"""The variables that say what lies outside: the chain, mail, and where else people may sign in."""

from config.environment.parsing import email_url, nodes, private_key, url
from config.environment.variable import Variable

OUTSIDE: tuple[Variable, ...] = (
    Variable(
        name="RPC_URL",
        parse=nodes,
        example="1=https://ethereum.example.com/key,8453=https://base.example.com/key",
        meaning="JSON-RPC addresses of EVM nodes by chain id, or one for a single chain. Empty: no chain is read.",
    ),
    Variable(
        name="MPESA_URL",
        parse=url("http", "https"),
        default="https://sandbox.safaricom.co.ke",
        meaning="Where M-Pesa is called: its sandbox, `https://api.safaricom.co.ke`, or a simulator.",
    ),
    Variable(
        name="KCB_URL",
        parse=url("http", "https"),
        default="https://uat.buni.kcbgroup.com",
        meaning="Where KCB is called: its sandbox, `https://api.buni.kcbgroup.com`, or a simulator.",
    ),
    Variable(
        name="RELAYER_PRIVATE_KEY",
        parse=private_key,
        meaning="Signs on-chain payouts. Give it to the `payouts` workers only.",
    ),
    Variable(
        name="EMAIL_URL",
        parse=email_url,
        required=True,
        example="smtp+tls://user:password@mail.example.com:587",
        meaning="Where mail leaves. Local: files under `VAR_DIR/mail`.",
    ),
    Variable(
        name="DEFAULT_FROM_EMAIL",
        default="Countinghouse <no-reply@localhost>",
        meaning="Sender of mails.",
    ),
    Variable(
        name="GOOGLE_CLIENT_ID",
        example="1234567890-abc.apps.googleusercontent.com",
        meaning="Sign-in with Google, as its console names this site. Empty: not offered.",
    ),
    Variable(
        name="GOOGLE_CLIENT_SECRET",
        meaning="The secret that goes with it.",
    ),
    Variable(
        name="GITHUB_CLIENT_ID",
        example="Iv1.0123456789abcdef",
        meaning="Sign-in with GitHub, as its OAuth app names this site. Empty: not offered.",
    ),
    Variable(
        name="GITHUB_CLIENT_SECRET",
        meaning="The secret that goes with it.",
    ),
    Variable(
        name="OIDC_URL",
        parse=url("http", "https"),
        example="https://login.example.com/realms/staff",
        meaning="An OpenID Connect provider, by its issuer. Empty: not offered.",
    ),
    Variable(
        name="OIDC_NAME",
        default="Single sign-on",
        meaning="What people call that provider.",
    ),
    Variable(
        name="OIDC_CLIENT_ID",
        example="countinghouse",
        meaning="How that provider names this site.",
    ),
    Variable(
        name="OIDC_CLIENT_SECRET",
        meaning="The secret that goes with it.",
    ),
)

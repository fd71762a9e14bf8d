"""Speak to a running house as a rail does, with all that goes wrong between the two."""

import json
import signal
from argparse import RawDescriptionHelpFormatter
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError

from audit.errors import DomainError
from config.settings import environment
from config.simulators import SERVERS, SIMULATORS, bank
from config.simulators.frame import Answer, CannotSimulate, Simulator, send
from config.simulators.server import Server
from wallets.models import RailAccount
from wallets.queries.rail_accounts import hook_path, secrets_of

ALL: Final = "all"


class Command(BaseCommand):
    """Exit 0 when each notice was believed that should be and no other, 1 when one wasn't, 2 when it could not tell."""

    help = "Tell a running house, as a rail does, of payments that nobody made."

    def add_arguments(self, parser: CommandParser) -> None:
        rails = parser.add_subparsers(
            dest="rail", required=True, metavar="RAIL", help=", ".join((*SIMULATORS, *SERVERS, bank.RAIL))
        )
        for simulator in SIMULATORS.values():
            told = "\n".join(f"  {name:<16} {says}" for name, says in simulator.scenarios.items())
            of_rail = rails.add_parser(
                simulator.rail,
                help=simulator.label,
                description=f"Scenarios:\n{told}\n  {ALL:<16} all of these that the rail knows",
                formatter_class=RawDescriptionHelpFormatter,
            )
            of_rail.add_argument("scenario", choices=(*simulator.scenarios, ALL), metavar="SCENARIO")
            of_rail.add_argument("--program", default="", help="whose rail account it is, by slug")
            of_rail.add_argument("--account", default=simulator.rail, help=f"its name ({simulator.rail})")
            of_rail.add_argument("--secret", default="", help="what to sign with, instead of the account's secret")
            of_rail.add_argument(
                "--to", default="", help="the hook's address on this machine, instead of the account's"
            )
            of_rail.add_argument("--json", action="store_true", help="for scripts")
            simulator.add_arguments(of_rail)
        for server in SERVERS.values():
            told = "\n".join(f"  {digits:<6} {says}" for digits, says in server.scenarios.items())
            of_rail = rails.add_parser(
                server.rail,
                help=server.label,
                description=f"Answers on 127.0.0.1 until it is stopped. By the last digits of who is paid:\n{told}",
                formatter_class=RawDescriptionHelpFormatter,
            )
            of_rail.add_argument("--port", type=int, default=server.port, help=f"where it listens ({server.port})")

        by_file = rails.add_parser(
            bank.RAIL,
            help=bank.LABEL,
            description="By the last digits of whose account is paid:\n"
            + "\n".join(f"  {digits:<6} {says}" for digits, says in bank.SCENARIOS.items()),
            formatter_class=RawDescriptionHelpFormatter,
        )
        by_file.add_argument("--file", type=Path, required=True, help="what the bank is told, as the house wrote it")
        by_file.add_argument("--out", type=Path, help="where its answer goes (beside it: NAME-result.csv)")

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.IS_PRODUCTION:
            raise CommandError("Payments that nobody made are never told of in production.", returncode=2)
        if options["rail"] in SERVERS:
            self._serve(SERVERS[options["rail"]], options["port"])
            return
        if options["rail"] == bank.RAIL:
            self._answer(options["file"], options["out"])
            return
        simulator = SIMULATORS[options["rail"]]
        try:
            to, secret = _whom(simulator, options)
            answers = self._tell(simulator, to, secret, options)
        except (CannotSimulate, DomainError) as refusal:
            raise CommandError(str(refusal), returncode=2) from refusal
        unexpected = sum(not answer.is_expected for _, answer in answers)
        if options["json"]:
            self.stdout.write(json.dumps([_as_json(scenario, answer) for scenario, answer in answers]))
        elif not unexpected:
            self.stdout.write(f"{len(answers)} sent; each was answered as it should be.")
        if unexpected:
            raise CommandError(f"{unexpected} of {len(answers)} were not answered as they should be.", returncode=1)

    def _serve(self, kind: type[Server], port: int) -> None:
        """Answer until somebody stops it."""
        try:
            server = kind(port)
        except CannotSimulate as refusal:
            raise CommandError(str(refusal), returncode=2) from refusal
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        self.stdout.write(f"{kind.label}: {server.url}. Stop it with Ctrl-C.")
        self.stdout.flush()
        try:
            server.serve()
        except KeyboardInterrupt:
            self.stdout.write("Stopped.")

    def _answer(self, told: Path, out: Path | None) -> None:
        """Write what a bank says came of a file."""
        answer = out or told.with_name(f"{told.stem}-result.csv")
        try:
            answer.write_bytes(bank.answered(told.read_bytes()))
        except (CannotSimulate, OSError) as refusal:
            raise CommandError(str(refusal), returncode=2) from refusal
        self.stdout.write(f"The bank's answer: {answer}. Have somebody read it who has not written {told.name}.")

    def _tell(
        self, simulator: Simulator, to: str, secret: str, options: dict[str, Any]
    ) -> list[tuple[str, Answer]]:  # fmt: skip
        answers = []
        chosen = options["scenario"]
        for scenario in simulator.known(options) if chosen == ALL else (chosen,):
            if not options["json"]:
                self.stdout.write(f"{scenario}: {simulator.scenarios[scenario]}")
            for answer in send(simulator.deliveries(scenario, secret, options), to=to):
                answers.append((scenario, answer))
                if not options["json"]:
                    mark = "" if answer.is_expected else "  NOT AS EXPECTED"
                    self.stdout.write(f"  {answer.delivery.says:<56} {answer.status} {_in_short(answer)}{mark}")
        return answers


def _whom(simulator: Simulator, options: dict[str, Any]) -> tuple[str, str]:
    """Return the address that is called, and what is signed with; the account is asked for what isn't given."""
    to, secret = options["to"], options["secret"]
    if to and secret:
        return to, secret
    if not options["program"]:
        raise CannotSimulate("Say whose rail account it is (--program), or where to send and what to sign with.")
    named = {"program__slug": options["program"], "name": options["account"], "rail": simulator.rail}
    is_name = "".join(named.values()).isascii() and "\0" not in "".join(named.values())
    try:
        account = RailAccount.objects.filter(**named).first() if is_name else None
    except OperationalError as fault:
        raise CannotSimulate(f"The database can't be asked: {str(fault).splitlines()[0]}.") from fault
    if account is None:
        raise CannotSimulate(f"{options['program']} has no rail account {options['account']} at {simulator.rail}.")
    if not secret:
        name = simulator.secret_named(options)
        # Of two, the first: the second is the one that is on its way out.
        secret = secrets_of(account).get(name, "").split(" ")[0]
        if not secret:
            raise CannotSimulate(f"The account {account} has no secret {name}.")
    return to or f"http://127.0.0.1:{environment['PORT']}{hook_path(account)}", secret


def _in_short(answer: Answer) -> str:
    if not isinstance(answer.body, dict):
        return str(answer.body)[:80]
    if answer.status == 200:
        return f"{answer.body.get('state')} {answer.body.get('id')}"
    reason = answer.body.get("params", {}).get("reason", answer.body.get("message", ""))
    return f"{answer.body.get('code')}: {reason}"


def _as_json(scenario: str, answer: Answer) -> dict[str, Any]:
    return {
        "scenario": scenario, "sent": answer.delivery.says, "status": answer.status, "answer": answer.body,
        "is_expected": answer.is_expected,
    }  # fmt: skip

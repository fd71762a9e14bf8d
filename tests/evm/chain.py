"""A real chain on this machine, and the tokens that live on it."""

import json
import os
import shutil
import socket
import subprocess
import time
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
CHAIN_ID = 31_337
COMPILED = json.loads((Path(__file__).parent / "tokens.json").read_text())
PATIENCE_SECONDS = 20


class Refused(Exception):
    """Raised when the chain refuses what it was asked."""


def program() -> str:
    """Return where the chain's program is, or say how it gets there."""
    named = os.environ.get("ANVIL")
    found = (
        [shutil.which(named)] if named else sorted(ROOT.glob("var/chain/node_modules/@foundry-rs/anvil-*/bin/anvil"))
    )
    if not found or not found[0]:
        pytest.fail("the local chain is not installed: make chain (or set ANVIL to its path)", pytrace=False)
    return str(found[0])


def words(*values: int | str) -> str:
    """Return numbers and addresses as contracts take them: 32 bytes each."""
    numbers = [int(value, 16) if isinstance(value, str) else value for value in values]
    return "".join(f"{number:064x}" for number in numbers)


@dataclass
class Chain:
    """A node that mines a block for each transaction, unless it is told not to."""

    port: int
    chain_id: int = CHAIN_ID
    accounts: list[str] = field(default_factory=list)
    mines_at_once: bool = True

    @property
    def place(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"http://{self.place}"

    def ask(self, method: str, *params: Any) -> Any:
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
        node = HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_SECONDS)
        try:
            node.request("POST", "/", body, {"content-type": "application/json"})
            said = json.load(node.getresponse())
        finally:
            node.close()
        if "error" in said:
            raise Refused(said["error"])
        return said["result"]

    def send(
        self, to: str | None = None, *, data: str = "0x", value: int = 0, by: int = 0, is_urgent: bool = False
    ) -> str:
        """Send a transaction, and return its hash; also of one that will fail. Urgent ones come first in a block."""
        tip = 10**11 if is_urgent else 10**9
        sent = {"from": self.accounts[by], "data": data, "value": hex(value), "gas": hex(2_000_000)}
        sent |= {"maxPriorityFeePerGas": hex(tip), "maxFeePerGas": hex(10**10 + tip)}
        found: str = self.ask("eth_sendTransaction", {**sent, "to": to} if to else sent)
        if self.mines_at_once:
            self.mine()
        return found

    def receipt(self, tx_hash: str) -> Any:
        return self.ask("eth_getTransactionReceipt", tx_hash)

    def send_code(self, name: str, *values: int | str, by: int = 0, is_urgent: bool = False) -> str:
        """Send a contract's code, and return the transaction's hash."""
        return self.send(data=COMPILED[name]["bytecode"] + words(*values), by=by, is_urgent=is_urgent)

    def deploy(self, name: str, *values: int | str) -> "Contract":
        made = self.receipt(self.send_code(name, *values))
        assert made["status"] == "0x1"
        return Contract(self, made["contractAddress"].lower(), COMPILED[name]["selectors"])

    def mine(self, blocks: int = 1) -> None:
        self.ask("anvil_mine", hex(blocks))

    def wait_with_mining(self) -> None:
        """Keep what is sent from now on waiting until ``mine``."""
        self.mines_at_once = False

    def forget(self, blocks: int) -> None:
        """Replace the last blocks by others that hold nothing, as a chain does that another has outgrown."""
        self.ask("anvil_reorg", blocks, [])

    def price(self, gwei: int) -> None:
        """Let gas cost so much in the next block."""
        self.ask("anvil_setNextBlockBaseFeePerGas", hex(gwei * 10**9))

    def calm(self) -> None:
        """Forget what going back does not: what waits, and what gas costs."""
        self.ask("anvil_dropAllTransactions")
        self.price(1)

    def raw(self, tx_hash: str) -> str:
        """Return a transaction as it was signed, so that it can be sent again."""
        found: str = self.ask("eth_getRawTransactionByHash", tx_hash)
        return found

    def send_again(self, raw: str) -> str:
        found: str = self.ask("eth_sendRawTransaction", raw)
        return found


@dataclass
class Contract:
    """One that was deployed."""

    chain: Chain
    address: str
    selectors: dict[str, str]

    def call(self, method: str, *values: int | str, by: int = 0, value: int = 0) -> str:
        """Call one of its methods in a transaction, and return the transaction's hash."""
        (selector,) = [each for name, each in self.selectors.items() if name.partition("(")[0] == method]
        return self.chain.send(self.address, data=f"0x{selector}{words(*values)}", by=by, value=value)


def start(*, chain_id: int = CHAIN_ID) -> tuple[subprocess.Popen[bytes], Chain]:
    """Start a chain on a free port of this machine."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [program(), "--host", "127.0.0.1", "--port", str(port), "--chain-id", str(chain_id)]
    # It would mine a moment after it has answered; so we tell it when.
    command += ["--no-mining", "--silent"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    chain = Chain(port, chain_id)
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    while not chain.accounts:
        try:
            chain.accounts = [each.lower() for each in chain.ask("eth_accounts")]
        except OSError:
            if process.poll() is not None or time.monotonic() > give_up_at:
                process.kill()
                process.wait()
                pytest.fail("the local chain did not start", pytrace=False)
            time.sleep(0.02)
    return process, chain


def stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(PATIENCE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()

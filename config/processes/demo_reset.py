"""`make demo-reset`: remove the embedded database; the next start makes a fresh one with demo data."""

import shutil
import subprocess
import sys

from config.environment import BASE_DIR, BadEnvironment, load
from config.environment.variables import PRODUCTION
from config.postgres.connection import embedded_server


def main() -> None:
    """Remove and make again; refuse while anything uses the database, or when it is not ours."""
    try:
        environment = load()
    except BadEnvironment as problem:
        sys.exit(str(problem))
    if environment["DATABASE_URL"] or environment["ENVIRONMENT"] == PRODUCTION:
        sys.exit("DATABASE_URL names a server of your own: demo-reset only ever touches the embedded one.")
    server = embedded_server(environment)
    if not server.remove():
        sys.exit("The embedded database is in use. Stop `make run` first.")
    # They speak of the database that was removed, and would call the new one a forgery.
    (environment.var_dir / "anchors.jsonl").unlink(missing_ok=True)
    shutil.rmtree(environment.var_dir / "mail", ignore_errors=True)
    for arguments in (["migrate", "--no-input", "-v", "0"], ["seed", "--demo"]):
        subprocess.run([sys.executable, str(BASE_DIR / "manage.py"), *arguments], check=True, cwd=BASE_DIR)


if __name__ == "__main__":
    main()

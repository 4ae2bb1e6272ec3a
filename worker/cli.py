"""The worker's commands in one Typer app; each is a file in `commands/`."""

import typer

from worker.commands.batch import batch
from worker.commands.corrections import corrections
from worker.commands.evaluate import evaluate
from worker.commands.predict import predict
from worker.commands.repair import repair
from worker.commands.report import report
from worker.commands.service import app as service
from worker.commands.settings import settings
from worker.commands.status import status
from worker.commands.verify import verify
from worker.commands.watch import watch
from worker.commands.why import why

app = typer.Typer(
    name="digitdrop",
    help="Drop pictures of handwritten digits into a folder; read the answers in a CSV.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

for command in (
    watch, status, why, batch, predict, evaluate, verify, repair, corrections, report,
):  # fmt: skip
    app.command()(command)
app.add_typer(service, name="service")
app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(settings)

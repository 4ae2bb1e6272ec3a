"""`digitdrop service install | uninstall | status`: the worker as a service of systemd."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from digitdrop.cli.commands.watch import watch
from digitdrop.cli.console import print_json
from digitdrop.cli.options import AsJson
from digitdrop.cli.service_unit import runs_as, unit_of, with_options_of
from digitdrop.system import search_path

if TYPE_CHECKING:
    from digitdrop.systemd.systemctl import Manager, Scope

NAME = "digitdrop"

service_app = typer.Typer(help="Run the worker as a service of systemd.", no_args_is_help=True)

Name = Annotated[str, typer.Option(help="Of the service; several may run side by side.")]
IsUser = Annotated[
    bool | None,
    typer.Option(
        "--user/--system",
        help="A service of your own, or one of the system: by default the latter for root.",
        show_default=False,
    ),
]


@service_app.command()
@with_options_of(watch)
def install(
    context: typer.Context,
    name: Name = NAME,
    is_user: IsUser = None,
    run_as: Annotated[
        str | None,
        typer.Option(
            metavar="USER",
            help="User of a service of the system; else the inbox's owner, or who used sudo.",
        ),
    ] = None,
    start: Annotated[
        bool, typer.Option("--start/--no-start", help="Start it now, or at the next boot.")
    ] = True,
    replace: Annotated[
        bool, typer.Option("--replace", help="Put these settings in place of the installed ones.")
    ] = False,
    show: Annotated[
        bool, typer.Option("--print", help="Show the unit and do nothing else.")
    ] = False,
    **settings: object,
) -> None:
    """Have the worker run now and after each boot, with the settings given here.

    Example: digitdrop service install --inbox scans --outbox results --keep-done 30d
    """
    from digitdrop.systemd import unit
    from digitdrop.systemd.install import install_service
    from digitdrop.systemd.systemctl import Manager, Scope, checked_name, default_scope

    name, scope = checked_name(name), _scope(is_user) or default_scope()
    manager = Manager.of(scope)
    if not show:
        manager.check()
    wanted = unit_of(context, settings, user=lambda inbox: runs_as(run_as, inbox, scope))
    search_path.refuse_program_folders(inbox=wanted.inbox, outbox=wanted.outbox)
    if show:
        typer.echo(unit.text(wanted), nl=False)
        return
    for line in install_service(manager, name, wanted, replace=replace, start=start):
        typer.echo(line)
    own = "" if scope is Scope.SYSTEM else " --user"
    typer.echo(f"how it is: digitdrop service status; its log: journalctl{own} -u {name}")


@service_app.command()
def uninstall(context: typer.Context, name: Name = NAME, is_user: IsUser = None) -> None:
    """Stop the service and remove it; pictures, report and folders stay as they are.

    Example: digitdrop service uninstall
    """
    from digitdrop.systemd.install import uninstall_service
    from digitdrop.systemd.systemctl import checked_name, installed

    name = checked_name(name)
    manager = installed(name, _scope(is_user))
    manager.check()
    inbox, outbox = _folders(context, manager, name)
    for line in uninstall_service(manager, name):
        typer.echo(line)
    typer.echo(f"left as they are, with pictures and report: {inbox} and {outbox}")


@service_app.command("status")
def service_status(
    context: typer.Context,
    name: Name = NAME,
    is_user: IsUser = None,
    as_json: AsJson = False,
) -> None:
    """Show the state of the service and of its worker.

    Example: digitdrop service status
    """
    from digitdrop.cli.commands.status import as_dict, examine_worker, print_condition
    from digitdrop.systemd.systemctl import checked_name, installed

    name = checked_name(name)
    manager = installed(name, _scope(is_user))
    service = manager.show(name)
    condition, found = examine_worker(*_folders(context, manager, name))
    is_well = service.get("ActiveState") == "active" and not found
    if as_json:
        print_json({"service": service, "worker": as_dict(condition, found)})
    else:
        typer.echo(_state(name, service))
        sys.stdout.flush()
        print_condition(condition, found)
    raise typer.Exit(int(not is_well))


def _scope(is_user: bool | None) -> "Scope | None":
    from digitdrop.systemd.systemctl import Scope

    return None if is_user is None else Scope.USER if is_user else Scope.SYSTEM


def _folders(context: typer.Context, manager: "Manager", name: str) -> tuple[Path, Path]:
    """Return inbox and outbox of an installed unit."""
    from digitdrop.cli.settings import commands, parse_alone

    command = commands(context)["watch"]
    options = parse_alone(command, "watch", manager.arguments(name)).params
    return Path(options["inbox"]), Path(options["outbox"])


def _state(name: str, service: dict[str, str]) -> str:
    state = f"{service['ActiveState']} ({service['SubState']})"
    restarts = f", started again {service['NRestarts']} times" * (service["NRestarts"] != "0")
    says = f"\nit says: {service['StatusText']}" * bool(service["StatusText"])
    since = f" since {service['StateChangeTimestamp']}" * bool(service["StateChangeTimestamp"])
    return f"{name}: {state}{since}, {service['UnitFileState']}{restarts}{says}"

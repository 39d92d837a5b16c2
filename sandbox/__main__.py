"""``python -m sandbox``: starts both imitation vendors; prints where they are, as one JSON line, once they answer."""

from __future__ import annotations

import argparse
import gc
import json
import sys
from collections.abc import Sequence

from sandbox.behaviour import Behaviour, questions
from sandbox.behaviour_json import alternatives, change_behaviour, write_behaviour
from sandbox.credits import DEFAULT_ALLOWANCE, PLANS
from sandbox.shape import KINDS, USUAL, Shape
from sandbox.world import DEFAULT_CENTS, Start, Vendor


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the server. Exit codes: 0 ended by a signal or by its parent, 2 wrong usage."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.list_switches:
        _list_switches()
        return 0
    from sandbox.server import open_socket, serve

    try:
        behaviour = change_behaviour(Behaviour(), json.loads(options.behaviour))
        bound = open_socket(options.host, options.port)
        shape = Shape(options.kind, options.top_share, options.unknown_share)
        start = Start(options.people, options.seed, options.plan, options.credits, behaviour, options.cents, shape)
        vendor = Vendor(start)
    except OSError as error:
        sys.stderr.write(
            f"sandbox: cannot listen on {options.host}:{options.port} ({error.strerror}). Nothing was started. Choose "
            f"another port, or end the program that has it.\n"
        )
        return 2
    except ValueError as error:
        sys.stderr.write(f"sandbox: {error}. Nothing was started.\n")
        return 2
    gc.freeze()
    second_key = options.sixtyfour_api_key
    serve(vendor, bound, options.api_key, sixtyfour_api_key=second_key, exit_with_parent=options.exit_with_parent)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m sandbox", description="An imitation of both vendors' APIs on this machine."
    )
    parser.add_argument("--host", default="127.0.0.1", help="a loopback address")
    parser.add_argument("--port", type=int, default=0, help="0: any free port")
    parser.add_argument("--people", type=int, default=1000, help="size of the population, 1 to 1000000")
    parser.add_argument("--seed", type=int, default=1, help="another seed, other people")
    parser.add_argument(
        "--kind", choices=KINDS, default=USUAL.kind, help="how people are spread over the values of filters"
    )
    parser.add_argument(
        "--top-share", type=float, default=USUAL.top_share, help="skewed: the share of one value of each filter"
    )
    parser.add_argument(
        "--unknown-share", type=float, default=USUAL.unknown_share, help="skewed: the share without a listed value"
    )
    parser.add_argument("--plan", choices=PLANS, default="multi_provider", help="decides prices and shapes of results")
    parser.add_argument("--credits", type=float, default=DEFAULT_ALLOWANCE, help="the allowance at the start")
    parser.add_argument("--api-key", default="sandbox-key", help="the only key that is accepted")
    parser.add_argument("--cents", type=float, default=DEFAULT_CENTS, help="Sixtyfour's balance at the start")
    parser.add_argument("--sixtyfour-api-key", help="the key of Sixtyfour, if it is another")
    parser.add_argument("--behaviour", default="{}", metavar="JSON", help="switches; see --switches")
    parser.add_argument("--exit-with-parent", action="store_true", help="end when stdin ends")
    parser.add_argument(
        "--switches",
        "--list-switches",
        dest="list_switches",
        action="store_true",
        help="print every switch, its default, its alternatives, its question",
    )
    return parser


def _list_switches() -> None:
    defaults = write_behaviour(Behaviour())
    for name, question in questions().items():
        words = ", ".join(json.dumps(word) for word in alternatives(name) if word != defaults[name])
        others = f"    or: {words}\n" if words else ""
        sys.stdout.write(f"{name} = {json.dumps(defaults[name])}\n    {question}\n{others}")


if __name__ == "__main__":
    sys.exit(main())

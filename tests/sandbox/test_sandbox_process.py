"""The sandbox as a process: how it starts, what it prints, how it ends."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from urllib.request import urlopen

import pytest

from sandbox import Server, running
from sandbox.__main__ import main
from sandbox.behaviour import Behaviour

COMMAND = [sys.executable, "-m", "sandbox", "--people", "10"]
ROOT = str(Path(__file__).resolve().parents[2])


@contextmanager
def child(*options: str) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """A sandbox started by hand, and its address."""
    pipe = subprocess.PIPE
    with subprocess.Popen([*COMMAND, *options], stdin=pipe, stdout=pipe, stderr=pipe, cwd=ROOT) as process:
        assert process.stdout is not None
        try:
            yield process, json.loads(process.stdout.readline())["url"]
        finally:
            if process.poll() is None:
                process.kill()


def refusal(*options: str) -> tuple[int, str]:
    """Exit code and last line on stderr of a sandbox that does not start."""
    done = subprocess.run([*COMMAND, *options], capture_output=True, text=True, timeout=20, check=False, cwd=ROOT)
    assert done.stdout == ""
    return done.returncode, done.stderr.strip().splitlines()[-1]


def refused(capture: pytest.CaptureFixture[str], *options: str) -> tuple[object, str]:
    """The same in this process, which is told all the same before any server is there."""
    code: object
    try:
        code = main(["--people", "10", *options])
    except SystemExit as ended:
        code = ended.code
    out, err = capture.readouterr()
    assert out == ""
    return code, err.strip().splitlines()[-1]


def test_one_line_says_where_it_is() -> None:
    with running(people=10) as server:
        assert server.url.startswith("http://127.0.0.1:")
        assert server.api_key == "sandbox-key"
        assert json.load(urlopen(f"{server.url}/_sandbox/health"))["people"] == 10


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_quickly_and_without_a_word(number: int) -> None:
    with child() as (process, _):
        start = time.monotonic()
        process.send_signal(number)
        assert process.wait(5) == 0
        assert time.monotonic() - start < 1.5
        assert process.stderr is not None
        assert process.stderr.read() == b""


def test_a_call_without_answer_does_not_keep_it_alive() -> None:
    faults = '{"faults": [{"operation": "credits", "fault": "silence_before"}]}'
    with child("--behaviour", faults) as (process, url):
        host, port = url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as connection:
            connection.sendall(b"GET /api/v1/credits HTTP/1.1\r\nHost: x\r\nX-API-KEY: sandbox-key\r\n\r\n")
            while not Server(url, "").books()["requests"]:
                time.sleep(0.02)
            time.sleep(0.1)
            start = time.monotonic()
            process.send_signal(signal.SIGTERM)
            assert process.wait(5) == 0
        assert time.monotonic() - start < 1.5
        assert process.stderr is not None
        assert process.stderr.read() == b""


def test_it_ends_with_its_parent() -> None:
    """The parent of the sandbox is killed and cannot tell it anything."""
    code = f"import sys; sys.path.insert(0, {ROOT!r})\nimport sandbox, time\n"
    code += "with sandbox.running(people=10) as server:\n    print(server.url, flush=True)\n    time.sleep(60)\n"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        url = parent.stdout.readline().strip()
        assert Server(url, "sandbox-key").request("GET", "/api/v1/credits").status == 200
        parent.kill()
        parent.wait()
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            Server(url, "sandbox-key").request("GET", "/api/v1/credits")
        except ConnectionError:
            return
        time.sleep(0.05)
    raise AssertionError("the sandbox outlived its parent")


def test_it_does_not_watch_stdin_unless_told_to() -> None:
    with child() as (process, url):
        assert process.stdin is not None
        process.stdin.close()
        time.sleep(0.3)
        assert Server(url, "sandbox-key").request("GET", "/api/v1/credits").status == 200


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::", "example.org"])
def test_it_listens_on_loopback_alone(host: str, capsys: pytest.CaptureFixture[str]) -> None:
    status, line = refused(capsys, "--host", host)
    assert status == 2
    assert host in line


def test_it_listens_on_the_loopback_of_ipv6_too() -> None:
    with child("--host", "::1") as (_, url):
        assert url.startswith("http://[::1]:")
        assert json.load(urlopen(f"{url}/_sandbox/health"))["status"] == "ok"


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (["--people", "0"], "1 to 1,000,000"),
        (["--behaviour", "{"], "Expecting"),
        (["--behaviour", '{"latencies": 1}'], "latencies"),
        (["--plan", "enterprise"], "enterprise"),
    ],
)
def test_wrong_usage_is_explained(options: list[str], word: str, capsys: pytest.CaptureFixture[str]) -> None:
    status, line = refused(capsys, *options)
    assert status == 2
    assert word in line


def test_a_failed_start_says_what_the_child_said() -> None:
    with (
        pytest.raises(RuntimeError, match=r"(?s)exit code 2.*there is no switch 'latencies'"),
        running(behaviour={"latencies": 1}),
    ):
        raise AssertionError("it started")


def test_a_port_in_use_is_said() -> None:
    with running(people=10) as server:
        port = server.url.rpartition(":")[2]
        status, line = refusal("--port", port)
        assert status == 2
        assert "in use" in line


@pytest.mark.parametrize("folder", [".", "sandbox"])
def test_it_starts_from_any_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str) -> None:
    """The package's own folder included, where a module could hide one of the standard library."""
    monkeypatch.chdir(tmp_path if folder == "." else Path(ROOT) / folder)
    with running(people=10) as server:
        assert len(server.people()) == 10


def test_a_thousand_people_are_there_within_two_seconds() -> None:
    start = time.monotonic()
    with running(people=1000):
        assert time.monotonic() - start < 2


def test_importing_the_package_loads_no_server() -> None:
    code = "import sys, sandbox; print([name for name in ('uvicorn', 'aiohttp', 'orjson') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("option", ["--switches", "--list-switches"])
def test_the_switches_can_be_listed(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([option]) == 0
    out = capsys.readouterr().out
    assert 'search_envelope = "bare"\n    is a search answer' in out
    assert '\n    or: "people", "results", "data"\n' in out
    names = [line.partition(" = ")[0] for line in out.splitlines() if not line.startswith(" ")]
    assert names == [switch.name for switch in fields(Behaviour)]

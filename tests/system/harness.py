"""Starts the real parts of Ilenia on loopback for the system tests, and ends them again."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
API_KEY = "devkey"
API_SECRET = "a-secret-for-tests-on-loopback-only"


def free_port(kind: int = socket.SOCK_STREAM) -> int:
    """A port of 127.0.0.1 that nobody listens on."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def ilenia_binary() -> Path:
    """The program under test: `ILENIA_BIN`, else the workspace's development build."""
    target = Path(os.environ.get("CARGO_TARGET_DIR", REPOSITORY / "target"))
    binary = Path(os.environ.get("ILENIA_BIN", target / "debug" / "ilenia"))
    if not binary.exists():
        raise FileNotFoundError(f"{binary} is missing: run `cargo build -p ilenia`, or `make test`")
    return binary


def livekit_binary() -> str:
    """The LiveKit server: `LIVEKIT_SERVER_BIN`, `PATH`, or the project's cache."""
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "ilenia/bin/livekit-server"
    for candidate in (os.environ.get("LIVEKIT_SERVER_BIN"), shutil.which("livekit-server"), str(cache)):
        if candidate and Path(candidate).exists():
            return candidate
    raise FileNotFoundError("no LiveKit server: run `make setup`")


@dataclass
class Process:
    """A child with its output in a file; ended by SIGTERM, then SIGKILL."""

    name: str
    arguments: list[str]
    log: Path
    environment: dict[str, str] = field(default_factory=dict)
    child: subprocess.Popen | None = None

    def start(self) -> Process:
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("HF_", "LIVEKIT_"))}
        with self.log.open("ab") as log:
            self.child = subprocess.Popen(
                self.arguments, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                env=environment | self.environment,
            )
        return self

    def alive(self) -> bool:
        return self.child is not None and self.child.poll() is None

    def stop(self, within: float = 15.0) -> int:
        """Asks the child to end; returns its exit code. Raises when it had to be killed."""
        assert self.child is not None
        if self.alive():
            self.child.send_signal(signal.SIGTERM)
        try:
            return self.child.wait(within)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
            raise AssertionError(f"{self.name} did not end within {within} s of SIGTERM") from None

    def kill(self) -> None:
        """Ends the child at once, as a crash would."""
        assert self.child is not None
        self.child.kill()
        self.child.wait()

    def output(self) -> str:
        return self.log.read_text(errors="replace")


class LiveKit:
    """A LiveKit server on free ports that stay the same when it is started again."""

    def __init__(self, directory: Path, webhook: str | None = None):
        self.port = free_port()
        self.url = f"ws://127.0.0.1:{self.port}"
        self.health = f"http://127.0.0.1:{self.port}/"
        config = directory / "livekit.yaml"
        config.write_text(
            f"""
port: {self.port}
bind_addresses: [127.0.0.1]
rtc:
  tcp_port: {free_port()}
  udp_port: {free_port(socket.SOCK_DGRAM)}
  node_ip: 127.0.0.1
  enable_loopback_candidate: true
  use_external_ip: false
  interfaces: {{includes: [lo]}}
keys: {{{API_KEY}: {API_SECRET}}}
logging: {{level: info}}
"""
            + (f"webhook: {{api_key: {API_KEY}, urls: [{webhook!r}]}}\n" if webhook else "")
        )
        self.process = Process("livekit", [livekit_binary(), "--config", str(config)], directory / "livekit.log")

    def start(self) -> Process:
        """Starts it and waits until it answers."""
        self.process.start()
        wait_for_http(self.health, self.process)
        return self.process


class Stack:
    """One LiveKit server, one engine server and any number of `ilenia` commands, all on free ports."""

    def __init__(self, directory: Path):
        self.directory = directory
        self.processes: list[Process] = []
        self.livekit = LiveKit(directory)
        self.url = self.livekit.url
        self.engines_port = free_port()
        self.engines_url = f"http://127.0.0.1:{self.engines_port}"
        self.asr_url = f"{self.engines_url}/asr"
        self.mt_url = f"{self.engines_url}/v1"
        self.tts_url = f"{self.engines_url}/tts"

    def start_livekit(self) -> Process:
        """The same server each time: on the same ports after it was stopped."""
        process = self.livekit.start()
        if process not in self.processes:
            self.processes.append(process)
        return process

    def start_engines(self) -> Process:
        engines = self.ilenia("engines", "engines", "--port", str(self.engines_port))
        wait_for_http(f"{self.engines_url}/health", engines)
        return engines

    def agent(self, room: str, kind: str, language: str, *more: str) -> Process:
        return self.ilenia(
            f"{kind}-{language}", "agent", "connect", "--room", room, "--agent", kind, "--language", language, *more
        )

    def ilenia(self, name: str, *arguments: str) -> Process:
        return self.run(name, [str(ilenia_binary()), *arguments])

    def run(self, name: str, arguments: list[str]) -> Process:
        log = self.directory / f"{name}-{len(self.processes)}.log"
        process = Process(name, arguments, log, self.environment()).start()
        self.processes.append(process)
        return process

    def environment(self) -> dict[str, str]:
        return {
            "LIVEKIT_URL": self.url,
            "LIVEKIT_API_KEY": API_KEY,
            "LIVEKIT_API_SECRET": API_SECRET,
            "HF_ASR_URL": self.asr_url,
            "HF_MT_URL": self.mt_url,
            "HF_TTS_URL": self.tts_url,
            "ILENIA_LOG": "info",
        }

    def stop(self) -> None:
        """Ends everything, without the patience that agents ask for."""
        alive = [process for process in self.processes if process.alive()]
        for process in alive:
            process.child.terminate()
        for process in alive:
            with contextlib.suppress(AssertionError):
                process.stop(2.0)

    def report(self) -> str:
        """The end of every process' output, for a test that failed."""
        return "\n".join(f"--- {p.name}\n{p.output()[-4000:]}" for p in self.processes)


def wait_for_http(url: str, process: Process, within: float = 30.0) -> None:
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        if not process.alive():
            raise AssertionError(f"{process.name} ended early:\n{process.output()[-4000:]}")
        try:
            with urllib.request.urlopen(url, timeout=1) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.05)
    raise AssertionError(f"{process.name} did not answer at {url} within {within} s:\n{process.output()[-4000:]}")


async def until(condition, within: float, what: str, every: float = 0.05):
    """Waits for `condition()` to hold and returns what it gave."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        if value := condition():
            return value
        await asyncio.sleep(every)
    raise AssertionError(f"not within {within} s: {what}")

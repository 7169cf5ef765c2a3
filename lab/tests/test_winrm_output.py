# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Output over several Receives is complete and in order, cut as the seed says or as full as an envelope allows."""

from __future__ import annotations

import hashlib

import pytest
import winrm

from portkeeper_lab.winrm.client import protocol
from portkeeper_lab.winrm.server import Options, WinRMServer
from portkeeper_lab.winrm.shellhost import PASSWORD, USER, ShellHost, wait_for

KIB = 1024
ENVELOPE = 153600


class Meter:
    """Notes the sizes of a client's answers."""

    def __init__(self, client):
        self.client = client
        self.sizes = []
        self._send = client.transport.send_message
        client.transport.send_message = self.send

    def send(self, message):
        answer = self._send(message)
        self.sizes.append(len(answer))
        return answer


def receive_all(client, shell, line):
    command = client.run_command(shell, line)
    parts, errors, done, code = [], [], False, -1
    while not done:
        out, err, code, done = client.get_command_output_raw(shell, command)
        parts.append(out)
        errors.append(err)
    return parts, b"".join(errors), code


@pytest.fixture
def blob(tmp_path):
    data = b"".join(hashlib.sha256(str(number).encode()).digest() for number in range(12000))
    path = tmp_path / "blob"
    path.write_bytes(data)
    return path, data


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_hostile_cuts_keep_everything_in_order(blob, seed):
    path, data = blob
    with WinRMServer(ShellHost(), {USER: PASSWORD}, options=Options(seed=seed)) as server:
        client = protocol(server)
        meter = Meter(client)
        shell = client.open_shell()
        parts, errors, code = receive_all(client, shell, f"cat {path}; cat {path} >&2; exit 259")
        assert b"".join(parts) == data
        assert errors == data
        assert code == 259 % 256
        assert server.counters.receives > 20
        assert max(meter.sizes) <= ENVELOPE
        assert server.counters.output_bytes == 2 * len(data)
        client.close_shell(shell)


def cut_sizes(seed):
    host = ShellHost()
    with WinRMServer(host, {USER: PASSWORD}, options=Options(seed=seed)) as server:
        client = protocol(server)
        shell = client.open_shell()
        command = client.run_command(shell, "head -c 50000 /dev/zero")
        assert wait_for(lambda: host.processes[0].child.poll() is not None)
        sizes, done = [], False
        while not done:
            out, _, _, done = client.get_command_output_raw(shell, command)
            sizes.append(len(out))
        client.close_shell(shell)
        return sizes


def test_the_seed_repeats_the_cuts():
    first = cut_sizes(7)
    assert sum(first) == 50000
    assert first == cut_sizes(7)
    assert first != cut_sizes(8)


def test_the_seed_is_printed(capsys):
    with WinRMServer(ShellHost(), {USER: PASSWORD}) as server:
        assert f"seed {server.options.seed}" in capsys.readouterr().err
    lines = []
    with WinRMServer(ShellHost(), {USER: PASSWORD}, options=Options(seed=99, log=lines.append)) as server:
        assert lines == [f"winrm {server.port}: hostile chunks, seed 99"]


@pytest.mark.parametrize("size", [0, 1, 64 * KIB - 1, 64 * KIB, 64 * KIB + 1, 128 * KIB, 190 * KIB, 500 * KIB])
def test_full_chunks_need_one_receive_per_started_64_kib(size):
    with WinRMServer(ShellHost(), {USER: PASSWORD}, options=Options(full_chunks=True)) as server:
        client = protocol(server)
        meter = Meter(client)
        shell = client.open_shell()
        parts, _, code = receive_all(client, shell, f"head -c {size} /dev/zero")
        assert sum(map(len, parts)) == size
        assert code == 0
        assert server.counters.receives <= max(1, -(-size // (64 * KIB)))
        assert max(meter.sizes) <= ENVELOPE
        client.close_shell(shell)


def test_full_chunks_wait_for_slow_output():
    with WinRMServer(ShellHost(), {USER: PASSWORD}, options=Options(full_chunks=True)) as server:
        client = protocol(server)
        shell = client.open_shell()
        line = "for n in 1 2 3 4; do echo $n; echo e$n >&2; sleep 0.1; done"
        output = client.get_command_output(shell, client.run_command(shell, line))
        assert output == (b"1\n2\n3\n4\n", b"e1\ne2\ne3\ne4\n", 0)
        assert server.counters.receives == 1
        client.close_shell(shell)


def test_full_chunks_hand_out_what_there_is_when_the_time_is_over():
    with WinRMServer(ShellHost(), {USER: PASSWORD}, options=Options(full_chunks=True)) as server:
        client = protocol(server, timeout=1)
        shell = client.open_shell()
        command = client.run_command(shell, "echo early; sleep 300")
        assert client.get_command_output_raw(shell, command) == (b"early\n", b"", -1, False)
        client.close_shell(shell)


@pytest.mark.parametrize("full", [True, False])
def test_a_smaller_envelope_of_the_client_counts(blob, full):
    path, data = blob
    with WinRMServer(ShellHost(), {USER: PASSWORD}, options=Options(full_chunks=full)) as server:
        client = protocol(server)
        build = client.build_wsman_header

        def smaller(*arguments, **named):
            header = build(*arguments, **named)
            header["env:Header"]["w:MaxEnvelopeSize"]["#text"] = "16384"
            return header

        client.build_wsman_header = smaller
        meter = Meter(client)
        shell = client.open_shell()
        parts, _, _ = receive_all(client, shell, f"cat {path}")
        assert b"".join(parts) == data
        assert max(meter.sizes) <= 16384
        client.close_shell(shell)


def test_a_request_over_the_envelope_is_refused():
    with WinRMServer(ShellHost(), {USER: PASSWORD}) as server:
        client = protocol(server)
        shell = client.open_shell()
        command = client.run_command(shell, "cat > /dev/null")
        client.send_command_input(shell, command, b"x" * (100 * KIB))
        with pytest.raises(winrm.exceptions.WSManFaultError) as caught:
            client.send_command_input(shell, command, b"x" * (150 * KIB))
        assert caught.value.wsman_fault_code == 2150858805
        client.close_shell(shell)


def test_bytes_of_every_value_and_exit_codes_of_32_bits():
    host = ShellHost()
    with WinRMServer(host, {USER: PASSWORD}) as server:
        client = protocol(server)
        shell = client.open_shell()
        parts, _, _ = receive_all(client, shell, "printf '\\000\\377\\033[2J<&>'")
        assert b"".join(parts) == b"\x00\xff\x1b[2J<&>"
        command = client.run_command(shell, "sleep 300")
        host.processes[-1].kill_tree()
        assert client.get_command_output(shell, command)[2] == 2**32 - 9
        client.close_shell(shell)

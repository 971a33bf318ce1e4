#!/usr/bin/env python3
"""A small agent for a connmapperl display, after protocol.md: Python 3 and its standard library, no code of connmapperl.

It connects, says Hello, sends a snapshot and then changes as the command line tells them, prints what the display says,
and ends when the display has acknowledged all of it. It does not connect anew and keeps nothing: see protocol.md for what
an agent must do besides.

What to send, in order:
  snapshot=LOCAL,PEER,PROGRAM    a connection that is open from the start; all of these come first
  open=LOCAL,PEER,PROGRAM        one that opens
  update=NUMBER,SENT,RECEIVED    new byte counts; connections count from 1 as they stand on the command line
  close=NUMBER                   one that closes
LOCAL and PEER are like 192.0.2.1:443 or [2001:db8::1]:443.
"""

import argparse
import hashlib
import ipaddress
import os
import socket
import ssl
import struct
import sys
import time

DEFAULT_PORT = 6789
PROTOCOL_VERSION = 1
MAX_FRAME_BYTES = 64 * 1024
HEARTBEAT_SECS = 5
SILENCE_SECS = 15
METHOD_POLLING = 2
REASONS = ["UNSPECIFIED", "WRONG_SECRET", "REVOKED", "VERSION", "IN_USE", "TOO_MANY", "MALFORMED", "GAP", "CLOSING",
           "REPLACED"]


# Protobuf, as much of it as is needed. A field is a key (number and wire type) and a value.

def varint(number):
    out = bytearray()
    number &= (1 << 64) - 1
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def uint(field, number):
    """uint32, uint64, int64, bool and enum; left out where it is 0, unless it is `optional`."""
    return optional_uint(field, number) if number else b""


def optional_uint(field, number):
    return varint(field << 3) + varint(number)


def sint(field, number):
    """sint64: 0, -1, 1, -2 ... become 0, 1, 2, 3 ..."""
    return uint(field, number << 1 ^ number >> 63)


def fixed32(field, number):
    return varint(field << 3 | 5) + struct.pack("<I", number)


def fixed64(field, number):
    return varint(field << 3 | 1) + struct.pack("<Q", number)


def data(field, value):
    """string, bytes and messages within."""
    return varint(field << 3 | 2) + varint(len(value)) + value


def text(field, value):
    return data(field, value.encode())


def read_varint(message, at):
    number = shift = 0
    while True:
        byte = message[at]
        at += 1
        number |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return number & (1 << 64) - 1, at


def fields(message):
    """Field numbers with their values, the last of each; what the caller does not know it does not ask for."""
    found, at = {}, 0
    while at < len(message):
        key, at = read_varint(message, at)
        wire_type = key & 7
        if wire_type == 0:
            value, at = read_varint(message, at)
        else:
            if wire_type == 2:
                length, at = read_varint(message, at)
            else:
                length = {1: 8, 5: 4}[wire_type]
            value, at = message[at:at + length], at + length
            if len(value) < length:
                raise ValueError("a field is cut short")
        found[key >> 3] = value
    return found


def int64(number):
    return number - (1 << 64) if number >> 63 else number


# Messages.

def endpoint(argument):
    host, _, port = argument.rpartition(":")
    return ipaddress.ip_address(host.strip("[]")), int(port)


def address(argument, first_field):
    """Four fields: ..._v4, ..._v6_high, ..._v6_low, ..._port."""
    host, port = endpoint(argument)
    if host.version == 4:
        out = fixed32(first_field, int(host))
    else:
        out = fixed64(first_field + 1, int(host) >> 64)
        out += fixed64(first_field + 2, int(host) & (1 << 64) - 1)
    return out + uint(first_field + 3, port)


class Agent:
    def __init__(self, link):
        self.link = link
        self.sequence = 0
        self.opened_at_sequence = []
        self.names = {}
        # The display's last heartbeat: what its clock said, and when it came by ours.
        self.heard = (0, 0.0)

    def say(self, kind, message):
        frame = data(kind, message)
        self.link.sendall(struct.pack(">I", len(frame)) + frame)

    def hello(self, name, secret):
        machine = hashlib.sha256(b"example-client " + socket.gethostname().encode()).digest()[:16]
        self.say(1, uint(1, PROTOCOL_VERSION) + text(2, name) + data(3, machine) + data(4, boot_id())
                 + fixed64(5, int.from_bytes(os.urandom(8), "big") | 1) + text(6, "example-client 1")
                 + uint(7, METHOD_POLLING) + text(8, secret) + uint(9, unix_millis()) + uint(10, 1000))

    def status(self):
        self.say(5, uint(1, METHOD_POLLING) + uint(2, 1000) + text(3, "what it says was typed by somebody"))

    def heartbeat(self):
        echo, came = self.heard
        held = int((time.monotonic() - came) * 1e6) if echo else 0
        self.say(4, uint(1, time.time_ns() // 1000) + uint(2, echo) + uint(3, held))

    def program(self, name, news):
        """Number of a name; if the display has not been told it yet, it is appended to the frame's news."""
        if name not in self.names:
            self.names[name] = len(self.names) + 1
            news.append(uint(1, self.names[name]) + text(2, name))
        return self.names[name]

    def socket(self, argument, news):
        local, peer, name = argument.split(",")
        owner = uint(1, self.program(name, news)) + uint(2, os.getpid())
        return address(local, 1) + address(peer, 5) + data(11, owner) + uint(12, os.getuid())

    def open_connection(self):
        self.sequence += 1
        self.opened_at_sequence.append(self.sequence)
        return len(self.opened_at_sequence)

    def snapshot(self, arguments):
        news, connections = [], b""
        for argument in arguments:
            connection = self.open_connection()
            connections += data(4, uint(1, connection) + uint(2, self.sequence) + uint(3, 60_000)
                                + data(4, self.socket(argument, news)))
        self.say(2, uint(1, self.sequence) + uint(2, unix_millis())
                 + b"".join(data(3, program) for program in news) + connections)

    def events(self, arguments):
        first, news, changes = self.sequence + 1, [], b""
        for argument in arguments:
            kind, _, rest = argument.partition("=")
            if kind == "open":
                what, number = data(3, self.socket(rest, news)), self.open_connection()
            else:
                number, *counters = map(int, rest.split(","))
                self.sequence += 1
                if kind == "update":
                    sent, received = counters
                    what = data(4, data(1, optional_uint(1, sent) + optional_uint(2, received)))
                else:
                    what = data(5, b"")
            changes += data(4, uint(1, number) + sint(2, -5) + what)
        if changes:
            self.say(3, uint(1, first) + uint(2, unix_millis())
                     + b"".join(data(3, program) for program in news) + changes)


def unix_millis():
    return time.time_ns() // 1_000_000


def boot_id():
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
            return bytes.fromhex(file.read().strip().replace("-", ""))
    except OSError:
        return bytes(16)


def connect(server, certificate_path):
    """TLS 1.3 with the pinned certificate. Python checks the handshake's signature even under CERT_NONE."""
    host, _, port = server.rpartition(":") if server.rpartition(":")[2].isdigit() else (server, "", DEFAULT_PORT)
    with open(certificate_path, encoding="ascii") as file:
        pinned = ssl.PEM_cert_to_DER_cert(file.read())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    link = context.wrap_socket(socket.create_connection((host.strip("[]"), int(port)), timeout=SILENCE_SECS))
    if hashlib.sha256(link.getpeercert(binary_form=True)).digest() != hashlib.sha256(pinned).digest():
        sys.exit("the display shows another certificate")
    return link


class Reader:
    """Cuts what comes into frames."""

    def __init__(self, link):
        self.link = link
        self.came = b""

    def exactly(self, count):
        while len(self.came) < count:
            read = self.link.recv(16 * 1024)
            if not read:
                raise EOFError
            self.came += read
        taken, self.came = self.came[:count], self.came[count:]
        return taken

    def frame(self):
        # A timeout may come within a frame, so nothing is taken before all of it is there.
        length, = struct.unpack(">I", self.peek(4))
        if length > MAX_FRAME_BYTES:
            raise ValueError(f"a frame of {length} bytes")
        self.peek(4 + length)
        return fields(self.exactly(4 + length)[4:])

    def peek(self, count):
        taken = self.exactly(count)
        self.came = taken + self.came
        return taken


def run(options):
    with open(options.token_file, encoding="utf-8") as file:
        secret = file.read().strip()
    link = connect(options.server, options.cert)
    agent, reader = Agent(link), Reader(link)
    agent.hello(options.name, secret)
    last_heard = time.monotonic()
    while True:
        link.settimeout(HEARTBEAT_SECS)
        try:
            frame = reader.frame()
        except TimeoutError:
            if time.monotonic() - last_heard > SILENCE_SECS:
                sys.exit("the display is silent")
            agent.heartbeat()
            continue
        except EOFError:
            sys.exit("the display hung up")
        last_heard = time.monotonic()
        if 1 in frame:
            welcome = fields(frame[1])
            print(f"welcome version={welcome.get(1, 0)} display={welcome.get(2, b'').decode()}"
                  f" name={welcome.get(3, b'').decode()} resume_after={welcome.get(4, 0)}"
                  f" needs_snapshot={bool(welcome.get(5, 0))}", flush=True)
            agent.status()
            # A run that has just begun always needs a snapshot, be it an empty one.
            agent.snapshot([what.partition("=")[2] for what in options.what if what.startswith("snapshot=")])
            agent.events([what for what in options.what if not what.startswith("snapshot=")])
            agent.heartbeat()
        elif 2 in frame:
            refused = fields(frame[2])
            number = refused.get(1, 0)
            reason = REASONS[number] if number < len(REASONS) else str(number)
            sys.exit(f"refused {reason}: {refused.get(2, b'').decode()}")
        elif 3 in frame:
            acknowledged = fields(frame[3]).get(1, 0)
            print(f"acknowledged {acknowledged} of {agent.sequence}", flush=True)
            if acknowledged >= agent.sequence:
                return
        elif 4 in frame:
            heartbeat = fields(frame[4])
            theirs, echo, held = (int64(heartbeat.get(field, 0)) for field in (1, 2, 3))
            now = time.time_ns() // 1000
            if echo:
                delay = now - echo - held
                offset = (theirs - held - echo + theirs - now) // 2
                print(f"heartbeat delay={delay} offset={offset} microseconds", flush=True)
            else:
                print("heartbeat", flush=True)
            is_first = not agent.heard[0]
            agent.heard = (theirs, time.monotonic())
            if is_first:
                agent.heartbeat()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", required=True, metavar="HOST[:PORT]")
    parser.add_argument("--cert", required=True, metavar="PEM", help="the display's certificate")
    parser.add_argument("--token-file", required=True, metavar="FILE", help="holds the token or the password")
    parser.add_argument("--name", default=socket.gethostname())
    parser.add_argument("what", nargs="*", metavar="WHAT")
    run(parser.parse_args())


if __name__ == "__main__":
    main()

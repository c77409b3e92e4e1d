"""Whether a broker still takes what the shop's old client sends:  kafka_versions.py HOST:PORT[,...]

Asks with ApiVersions v0 for the range of Produce (key 0) and exits 0 if it begins at 0, 1 if not (Kafka
4 and later), 69 if nobody answers.
"""

import socket
import struct
import sys

API_VERSIONS, PRODUCE = 18, 0


def receive(connection, count):
    data = b""
    while len(data) < count:
        part = connection.recv(count - len(data))
        if not part:
            raise ConnectionError("the connection was closed in the middle of the answer")
        data += part
    return data


def produce_versions(host, port):
    """(lowest, highest) version of Produce."""
    client = b"lensart-test"
    request = struct.pack(">hhih", API_VERSIONS, 0, 1, len(client)) + client
    with socket.create_connection((host, port), timeout=10) as connection:
        connection.sendall(struct.pack(">i", len(request)) + request)
        answer = receive(connection, struct.unpack(">i", receive(connection, 4))[0])
    _, error, count = struct.unpack_from(">ihi", answer)
    if error:
        raise ConnectionError(f"Kafka's error code {error}")
    ranges = {key: (low, high) for key, low, high in struct.iter_unpack(">hhh", answer[10:10 + 6 * count])}
    return ranges[PRODUCE]


def main(arguments):
    if len(arguments) != 1 or ":" not in arguments[0]:
        print(__doc__, file=sys.stderr)
        return 64
    host, _, port = arguments[0].split(",")[0].rpartition(":")
    try:
        low, high = produce_versions(host, int(port))
    except (OSError, ValueError) as error:
        print(f"{arguments[0]}: {error}")
        return 69
    print(f"Produce {low} to {high}")
    if low > 0:
        print("the shop's client sends Produce v0; run a broker below Kafka 4, or use the gateway")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

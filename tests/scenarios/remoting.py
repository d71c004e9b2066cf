# SPDX-License-Identifier: Apache-2.0
"""A small client of RocketMQ's remoting protocol, for tests: python3 and nothing else.

It knows the wire (rocketmq wire 1.1-1.3, 1.9-1.13, 2.7) and nothing of how a real client behaves: no routes, no retries, no
heartbeats. That is what tests want: every byte is theirs, and so is every mistake.
"""
import itertools
import json
import socket
import struct
import time
from dataclasses import dataclass, field

SEND, PULL, QUERY, QUERY_OFFSET, UPDATE_OFFSET, PUT_TOPIC, ALL_TOPICS = 10, 11, 12, 14, 15, 17, 21
SEARCH_OFFSET, MAX_OFFSET, MIN_OFFSET, VIEW, HEART_BEAT, ALL_OFFSETS = 29, 30, 31, 33, 34, 43
ROUTE, CLUSTER_INFO, PUT_GROUP, ALL_GROUPS, DELETE_TOPIC, SEND_V2, SEND_BATCH = 105, 106, 200, 201, 215, 310, 320
TOPIC_CONFIG, GROUP_CONFIG, RUNTIME_INFO = 351, 352, 28

SUCCESS, SYSTEM_ERROR, UNSUPPORTED, TOPIC_NOT_FOUND = 0, 1, 3, 17
PULL_NOT_FOUND, PULL_RETRY, PULL_MOVED, QUERY_NOT_FOUND = 19, 20, 21, 22

RESPONSE, ONEWAY = 1, 2
JSON_HEADER, BINARY_HEADER = 0, 1
LANGUAGE_OTHER, VERSION_5_3_3 = 7, 479
SUSPEND, SUBSCRIPTION = 2, 4  # bits of a pull's sysFlag

NAME_END, PAIR_END = "\x01", "\x02"


class RemotingError(Exception):
    """An answer with a code that was not expected."""

    def __init__(self, code, remark):
        super().__init__(f"code {code}: {remark}")
        self.code = code
        self.remark = remark


# --- headers and frames (1.1, 1.2, 1.3) -------------------------------------------------------------------------

@dataclass
class Command:
    code: int
    ext: dict = field(default_factory=dict)
    body: bytes = b""
    flag: int = 0
    opaque: int = 0
    remark: str = ""
    serialize: int = JSON_HEADER


def json_header(command):
    header = {"code": command.code, "flag": command.flag, "language": "OTHER", "opaque": command.opaque,
              "serializeTypeCurrentRPC": "JSON", "version": VERSION_5_3_3}
    if command.ext:
        header["extFields"] = {name: text(value) for name, value in command.ext.items()}
    return json.dumps(header, separators=(",", ":")).encode()


def binary_header(command):
    remark = command.remark.encode()
    pairs = b"".join(struct.pack(">h", len(name)) + name.encode() + struct.pack(">i", len(data)) + data
                     for name, data in ((name, text(value).encode()) for name, value in command.ext.items()))
    return (struct.pack(">hBhiii", command.code, LANGUAGE_OTHER, VERSION_5_3_3, command.opaque, command.flag, len(remark))
            + remark + struct.pack(">i", len(pairs)) + pairs)


def text(value):
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def encode(command):
    header = json_header(command) if command.serialize == JSON_HEADER else binary_header(command)
    return frame(header, command.body, command.serialize)


def frame(header, body=b"", serialize=JSON_HEADER):
    return struct.pack(">iI", 4 + len(header) + len(body), serialize << 24 | len(header)) + header + body


def decode(data):
    """A command from what follows a frame's length."""
    mark, = struct.unpack_from(">I", data)
    size = mark & 0xFFFFFF
    header, body = data[4:4 + size], bytes(data[4 + size:])
    if mark >> 24 == JSON_HEADER:
        fields = json.loads(header)
        return Command(fields["code"], fields.get("extFields") or {}, body, fields.get("flag", 0), fields["opaque"],
                       fields.get("remark") or "", JSON_HEADER)
    code, _, _, opaque, flag, length = struct.unpack_from(">hBhiii", header)
    at = 17 + length
    remark = header[17:at].decode()
    pairs_end = at + 4 + struct.unpack_from(">i", header, at)[0]
    at, ext = at + 4, {}
    while at < pairs_end:
        length, = struct.unpack_from(">h", header, at)
        name, at = header[at + 2:at + 2 + length].decode(), at + 2 + length
        length, = struct.unpack_from(">i", header, at)
        ext[name], at = header[at + 4:at + 4 + length].decode(), at + 4 + length
    return Command(code, ext, body, flag, opaque, remark, BINARY_HEADER)


# --- stored messages (1.11, 1.12, 1.13) -------------------------------------------------------------------------

@dataclass
class Record:
    topic: str
    queue_id: int
    offset: int
    position: int
    body: bytes
    properties: dict
    flag: int
    sys_flag: int
    born_ms: int
    store_ms: int
    reconsume_times: int
    size: int


FIXED = struct.Struct(">iIIiiqqiq")  # up to bornTimestamp
MAGIC_SHORT_TOPIC, MAGIC_LONG_TOPIC = 0xDAA320A7, 0xDAA320AB


def records(data):
    """The messages of a pull's body, decoded whole."""
    at = 0
    while at < len(data):
        size, magic, _, queue_id, flag, offset, position, sys_flag, born_ms = FIXED.unpack_from(data, at)
        if magic not in (MAGIC_SHORT_TOPIC, MAGIC_LONG_TOPIC):
            raise ValueError(f"magic {magic:#x} at byte {at}")
        here = at + FIXED.size + (20 if sys_flag & 16 else 8)
        store_ms, = struct.unpack_from(">q", data, here)
        here += 8 + (20 if sys_flag & 32 else 8)
        reconsume_times, _, length = struct.unpack_from(">iqi", data, here)
        body, here = data[here + 16:here + 16 + length], here + 16 + length
        wide = magic == MAGIC_LONG_TOPIC
        length, = struct.unpack_from(">H" if wide else ">B", data, here)
        here += 2 if wide else 1
        topic, here = data[here:here + length].decode(), here + length
        length, = struct.unpack_from(">H", data, here)
        properties = parse_properties(data[here + 2:here + 2 + length].decode())
        if here + 2 + length != at + size:
            raise ValueError(f"a record of {size} bytes has {here + 2 + length - at}")
        yield Record(topic, queue_id, offset, position, bytes(body), properties, flag, sys_flag, born_ms, store_ms,
                     reconsume_times, size)
        at += size


def bodies(data):
    """(queue offset, body) of each message of a pull's body: all that a check of millions has time for. IPv4 hosts only."""
    at = 0
    while at < len(data):
        size, = struct.unpack_from(">i", data, at)
        offset, = struct.unpack_from(">q", data, at + 20)
        length, = struct.unpack_from(">i", data, at + 84)
        yield offset, data[at + 88:at + 88 + length]
        at += size


def format_properties(properties):
    return "".join(f"{name}{NAME_END}{value}{PAIR_END}" for name, value in properties.items())


def parse_properties(packed):
    return dict(pair.split(NAME_END, 1) for pair in packed.split(PAIR_END) if NAME_END in pair)


def batch_body(messages):
    """The body of a batch (1.10): messages are (body, properties)."""
    out = []
    for body, properties in messages:
        packed = format_properties(properties).encode()
        out.append(struct.pack(">iiiii", 22 + len(body) + len(packed), 0, 0, 0, len(body)) + body
                   + struct.pack(">H", len(packed)) + packed)
    return b"".join(out)


# --- the connection ---------------------------------------------------------------------------------------------

class Client:
    """One connection. call() waits for its answer; post(), flush() and read() pipeline."""

    def __init__(self, port, serialize=JSON_HEADER, timeout=10.0):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.serialize = serialize
        self.opaques = itertools.count(1)
        self.out = bytearray()
        self.input = bytearray()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def post(self, code, ext=None, body=b"", flag=0):
        """Takes a request to be sent with the next flush(); returns its opaque."""
        opaque = next(self.opaques)
        self.out += encode(Command(code, ext or {}, body, flag, opaque, serialize=self.serialize))
        return opaque

    def flush(self):
        self.socket.sendall(self.out)
        self.out.clear()

    def read(self):
        """The next command from the server, whatever it is. ConnectionError when the server has closed."""
        while len(self.input) < 4 or len(self.input) < 4 + struct.unpack_from(">i", self.input)[0]:
            data = self.socket.recv(1 << 20)
            if not data:
                raise ConnectionError("the server closed the connection")
            self.input += data
        end = 4 + struct.unpack_from(">i", self.input)[0]
        command = decode(self.input[4:end])
        del self.input[:end]
        return command

    def call(self, code, ext=None, body=b"", expect=(SUCCESS,)):
        """Sends one request and returns its answer; what the server asks in between is ignored."""
        opaque = self.post(code, ext, body)
        self.flush()
        while True:
            answer = self.read()
            if answer.flag & RESPONSE and answer.opaque == opaque:
                break
        if expect is not None and answer.code not in expect:
            raise RemotingError(answer.code, answer.remark)
        return answer

    # Messages

    def send(self, topic, body, queue_id=0, **more):
        """Returns (queue, offset, offset message id)."""
        answer = self.call(SEND_V2, send_fields(topic, queue_id, **more), body)
        return int(answer.ext["queueId"]), int(answer.ext["queueOffset"]), answer.ext["msgId"]

    def send_batch(self, topic, messages, queue_id=0, **more):
        """messages are (body, properties); returns (queue, offset of the first, message ids)."""
        answer = self.call(SEND_BATCH, send_fields(topic, queue_id, m=True, **more), batch_body(messages))
        return int(answer.ext["queueId"]), int(answer.ext["queueOffset"]), answer.ext["msgId"].split(",")

    def pull(self, topic, queue_id, offset, **more):
        return self.call(PULL, pull_fields(topic, queue_id, offset, **more),
                         expect=(SUCCESS, PULL_NOT_FOUND, PULL_RETRY, PULL_MOVED))

    def pull_bodies(self, topic, queue_id, offset=0, end=None):
        """Yields the bodies of all answers that hold messages from `offset` up to the queue's end, or `end`."""
        if end is None:
            end = self.max_offset(topic, queue_id)
        while offset < end:
            answer = self.pull(topic, queue_id, offset)
            if answer.code == SUCCESS:
                yield answer.body
            elif int(answer.ext["nextBeginOffset"]) <= offset:
                raise RemotingError(answer.code, f"no message at {topic}/{queue_id}/{offset} of {end}: {answer.remark}")
            offset = int(answer.ext["nextBeginOffset"])

    def pull_all(self, topic, queue_id, offset=0):
        """All records of a queue from `offset` on."""
        return [record for body in self.pull_bodies(topic, queue_id, offset) for record in records(body)]

    def view(self, position, topic=""):
        return next(records(self.call(VIEW, {"offset": position, "topic": topic}).body))

    def query_key(self, topic, key, begin_ms=0, end_ms=1 << 62, maximum=64):
        answer = self.call(QUERY, {"topic": topic, "key": key, "maxNum": maximum, "beginTimestamp": begin_ms,
                                   "endTimestamp": end_ms}, expect=(SUCCESS, QUERY_NOT_FOUND))
        return list(records(answer.body)) if answer.code == SUCCESS else []

    # Offsets

    def max_offset(self, topic, queue_id):
        return int(self.call(MAX_OFFSET, {"topic": topic, "queueId": queue_id}).ext["offset"])

    def min_offset(self, topic, queue_id):
        return int(self.call(MIN_OFFSET, {"topic": topic, "queueId": queue_id}).ext["offset"])

    def search_offset(self, topic, queue_id, time_ms, boundary="lower"):
        fields = {"topic": topic, "queueId": queue_id, "timestamp": time_ms, "boundaryType": boundary}
        return int(self.call(SEARCH_OFFSET, fields).ext["offset"])

    def commit(self, group, topic, queue_id, offset):
        self.call(UPDATE_OFFSET, {"consumerGroup": group, "topic": topic, "queueId": queue_id, "commitOffset": offset})

    def committed(self, group, topic, queue_id):
        """The group's offset, or None where it has none."""
        answer = self.call(QUERY_OFFSET, {"consumerGroup": group, "topic": topic, "queueId": queue_id,
                                          "setZeroIfNotFound": False}, expect=(SUCCESS, QUERY_NOT_FOUND))
        return int(answer.ext["offset"]) if answer.code == SUCCESS else None

    # Administration

    def put_topic(self, topic, queues=4, permission=6, order=False, attributes=""):
        self.call(PUT_TOPIC, {"topic": topic, "defaultTopic": "TBW102", "readQueueNums": queues, "writeQueueNums": queues,
                              "perm": permission, "topicFilterType": "SINGLE_TAG", "topicSysFlag": 0, "order": order,
                              "attributes": attributes})

    def topic_config(self, topic):
        """The topic's configuration, or None."""
        answer = self.call(TOPIC_CONFIG, {"topic": topic}, expect=None)
        if answer.code != SUCCESS:
            return None
        config = json.loads(answer.body)
        return config.get("topicConfig", config)

    def put_group(self, group, **settings):
        self.call(PUT_GROUP, body=json.dumps({"groupName": group, **settings}).encode())

    def group_config(self, group):
        return json.loads(self.call(GROUP_CONFIG, {"group": group}).body)

    def route(self, topic):
        """The topic's route, asked of a name server."""
        return json.loads(self.call(ROUTE, {"topic": topic, "acceptStandardJsonOnly": True}).body)


def send_fields(topic, queue_id=0, properties=None, **more):
    return {"a": "scenario", "b": topic, "c": "TBW102", "d": 4, "e": queue_id, "f": 0, "g": int(time.time() * 1000), "h": 0,
            "i": format_properties(properties or {}), "j": 0, "k": False, "l": 16, "m": False, "n": "broker-a", **more}


def pull_fields(topic, queue_id, offset, group="scenario", wait_ms=0, maximum=4096, expression="*"):
    return {"consumerGroup": group, "topic": topic, "queueId": queue_id, "queueOffset": offset, "maxMsgNums": maximum,
            "sysFlag": SUBSCRIPTION | (SUSPEND if wait_ms else 0), "commitOffset": 0, "suspendTimeoutMillis": wait_ms,
            "subscription": expression, "subVersion": 1, "expressionType": "TAG"}

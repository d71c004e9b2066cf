#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""light_queues_test [--queues N]: many light queues, kept over kill -9 and over a stop, and what each costs in memory.

Messages name a hundred light queues each. Every queue must have its message, at the offset that the stored message tells, before and
after the server was killed and stopped; batches that are one record likewise. --queues 1000000 is the size that is promised.
"""
import argparse

import harness
import remoting

NAMED, MEMORY_EACH = 100, 1000


def name(number):
    return f"%LMQ%device_{number:07d}"


def send(server, queues):
    with server.client(timeout=60) as client:
        for begin in range(0, queues, NAMED):
            names = ",".join(name(n) for n in range(begin, begin + NAMED))
            client.post(remoting.SEND_V2, remoting.send_fields("devices", 0, {"INNER_MULTI_DISPATCH": names}), str(begin).encode())
        client.flush()
        for _ in range(0, queues, NAMED):
            answer = client.read()
            assert answer.code == remoting.SUCCESS, answer.remark


def check(server, queues, offset=0):
    with server.client() as client:
        for number in [*range(0, queues, max(1, queues // 500)), queues - 1]:
            answer = client.pull(name(number), 0, offset)
            record = next(remoting.records(answer.body))
            assert record.body == str(number - number % NAMED).encode(), (number, record)
            assert record.properties["INNER_MULTI_QUEUE_OFFSET"].split(",")[number % NAMED] == str(offset), number
            assert answer.ext["maxOffset"] == str(offset + 1), (number, answer.ext)


def check_batches(server, end):
    with server.client() as client:
        answer = client.pull("batches", 0, end - 3)
        record = next(remoting.records(answer.body))
        assert (record.properties["INNER_NUM"], record.properties["INNER_BASE"]) == ("5", str(end - 5)), record
        assert answer.ext["nextBeginOffset"] == str(end), answer.ext


def run(queues):
    with harness.Server() as server:
        with server.client() as client:
            client.put_topic("devices", 1)
            client.put_topic("batches", 1, attributes="+queue.type=BatchCQ")
            topics = len(server_topics(client))
            for _ in range(3):
                client.send_batch("batches", [(b"x", {}) for _ in range(5)], properties={"UNIQ_KEY": "K"})
        before = server.resident_bytes()
        send(server, queues)
        check(server, queues)
        more = server.resident_bytes() - before
        with server.client() as client:
            assert len(server_topics(client)) == topics, "a light queue is a topic"
        server.kill()
        server.start()
        check(server, queues)
        check_batches(server, 15)
        send(server, queues)
        check(server, queues, offset=1)
        assert server.stop() == 0
        server.start()
        check(server, queues, offset=1)
        check_batches(server, 15)
        print(f"{queues} light queues: {more / queues:.0f} bytes each, ready in {server.start_seconds * 1000:.0f} ms", flush=True)
        assert queues < 10_000 or more < queues * MEMORY_EACH, f"{more / queues:.0f} bytes each"


def server_topics(client):
    return client.call(remoting.ALL_TOPICS).body.split(b'"topicName"')


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--queues", type=int, default=20_000)
    run(parser.parse_args().queues)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Commands that show and steer what waits, and what became of a message: timer, tx, message trace|trace-path, sub --pop."""
import json
import os
import time
import unittest
import uuid

import cli_test
import harness
import remoting
from cli_test import NOT_FOUND, USAGE, run

PREPARED = 4  # bit of a message's sysFlag


def setUpModule():
    cli_test.setUpModule()


class Waiting(cli_test.Case):
    def until(self, *arguments, wanted, what):
        """What a command prints as JSON, once `wanted` of it is true."""
        def look():
            done = run(*arguments, "-o", "json")
            value = json.loads(done.stdout) if done.returncode == 0 else None
            return (value,) if value is not None and wanted(value) else None
        return harness.wait_until(look, cli_test.SECONDS, what)[0]

    def broker(self):
        """A client of the broker that has all topics of these tests."""
        topic = self.topic()
        address = self.json("route", topic)["brokers"][0]["addresses"]["0"]
        return topic, remoting.Client(int(address.rsplit(":", 1)[1]))


class Timers(Waiting):
    def waiting(self, topic, count):
        return self.until("timer", "list", "--topic", topic, wanted=lambda rows: len(rows) == count, what=f"{count} that wait")

    def test_a_message_that_waits_is_listed_shown_and_recalled(self):
        topic = self.topic()
        before = time.time_ns() // 1_000_000
        first, second = (self.json("pub", topic, "later", "--delay", "1h", "--key", key) for key in ("k1", "k2"))
        rows = self.waiting(topic, 2)
        self.assertEqual({row["id"] for row in rows}, {first["id"], second["id"]})
        self.assertEqual(rows, sorted(rows, key=lambda row: row["due_ms"]))
        shown = self.json("timer", "show", first["id"])
        self.assertEqual((shown["topic"], shown["keys"], shown["delay_level"]), (topic, "k1", 0))
        self.assertTrue(before + 3_590_000 <= shown["due_ms"] <= before + 3_700_000, shown)
        self.assertIn(first["id"], self.bolide("timer", "list", "--topic", topic))
        self.assertIn(topic, self.bolide("timer", "show", first["id"]))
        self.assertEqual(self.bolide("timer", "recall", shown["recall_handle"]), f"message {first['id']} recalled\n")
        self.assertEqual([row["id"] for row in self.waiting(topic, 1)], [second["id"]])
        self.bolide("timer", "show", first["id"], status=NOT_FOUND)
        self.bolide("timer", "recall", second["recall_handle"])
        self.waiting(topic, 0)

    def test_a_message_that_waits_has_a_time_and_no_place_yet(self):
        topic = self.topic()
        sent = self.json("pub", topic, "later", "--delay", "1h")
        self.assertEqual((sent["queue"], sent["offset"]), (None, None))
        told = self.bolide("pub", topic, "later", "--delay", "1h")
        self.assertRegex(told, rf"^topic={topic} broker=\S+ due=\d{{4}}-\S+Z id=[0-9A-F]{{32}} recall_handle=\S+\n$")
        rows = self.waiting(topic, 2)
        self.assertEqual(self.json("timer", "show", sent["id"])["due_ms"], sent["due_ms"])
        path = self.json("message", "trace-path", topic, sent["id"])
        self.assertEqual((path["due_ms"], path["stored"], path["groups"]), (sent["due_ms"], [], []))
        self.assertIn(f"bolide timer show {sent['id']}", self.bolide("message", "trace-path", topic, sent["id"]))
        for row in rows:
            self.bolide("timer", "recall", row["recall_handle"])
        self.waiting(topic, 0)

    def test_a_message_that_was_delivered_is_not_recalled(self):
        topic = self.topic()
        sent = self.json("pub", topic, "soon", "--delay", "1s")
        self.assertEqual(self.read(topic, 1)[0]["id"], sent["id"])
        self.eventually(lambda: run("message", "find", topic, sent["id"], "--id"))
        self.assertIn("delivered already", self.bolide("timer", "recall", sent["recall_handle"], status=USAGE))

    def test_what_waits_is_counted_by_time(self):
        topic = self.topic()
        for delay in ("1h", "1h", "30h"):
            self.bolide("pub", topic, "later", "--delay", delay)
        self.waiting(topic, 3)
        counts = self.json("timer", "list", "--topic", topic, "--count", "--every", "24h")
        self.assertEqual(sum(row["messages"] for row in counts), 3)
        self.assertIn(len(counts), (2, 3))  # midnight may lie between the first two
        self.assertTrue(all(row["due_ms"] % 86_400_000 == 0 and row["topic"] == topic for row in counts))
        self.assertIn("MESSAGES", self.bolide("timer", "list", "--count"))

    def test_a_delay_level_waits_too(self):
        topic = self.topic()
        sent = self.json("pub", topic, "later", "--property", "DELAY=18")
        [row] = self.waiting(topic, 1)
        self.assertEqual((row["id"], row["delay_level"]), (sent["id"], 18))
        self.assertNotIn("recall_handle", row)
        self.assertNotIn("recall_handle", sent)

    def test_what_is_no_handle_is_refused(self):
        self.bolide("timer", "recall", "nonsense", status=USAGE)


class Transactions(Waiting):
    def test_an_open_transaction_is_listed_until_it_ends(self):
        topic, client = self.broker()
        group, key = "payers-" + uuid.uuid4().hex[:8], uuid.uuid4().hex.upper()
        with client:
            properties = {"TRAN_MSG": "true", "PGROUP": group, "UNIQ_KEY": key}
            _, offset, offset_id = client.send(topic, b"half", f=PREPARED, a=group, properties=properties)
            [row] = self.until("tx", "list", "--group", group, wanted=lambda rows: len(rows) == 1, what="it is open")
            self.assertEqual((row["topic"], row["group"], row["id"]), (topic, group, key))
            self.assertEqual(row["offset_id"], offset_id)
            self.assertIsNone(row["checks"], "nobody was asked, and it is not said that they were not")
            self.assertTrue(0 <= row["age_ms"] < 60_000, row)
            self.assertIn(key, self.bolide("tx", "list"))
            client.call(37, {"topic": topic, "producerGroup": group, "tranStateTableOffset": offset,
                             "commitLogOffset": int(offset_id[16:], 16), "commitOrRollback": 12,
                             "fromTransactionCheck": False, "msgId": key, "transactionId": key})
        self.until("tx", "list", "--group", group, wanted=lambda rows: rows == [], what="it has ended")
        self.assertEqual(self.json("tx", "list", "--given-up", "--group", group), [])

    def test_what_was_not_given_up_is_not_resumed(self):
        topic = self.topic()
        sent = self.json("pub", topic, "plain")
        if "BOLIDE_TEST_NAMESRV" not in os.environ:  # Apache's takes any message back
            self.bolide("tx", "resume", sent["offset_id"], status=NOT_FOUND)
        self.bolide("tx", "resume", "nonsense", status=USAGE)


class Traces(Waiting):
    def test_what_clients_wrote_about_a_message_is_shown(self):
        topic, group = self.topic(), "cli-" + uuid.uuid4().hex[:12]
        sent = self.json("pub", topic, "traced", "--trace", "--key", "k-" + topic, "--tag", "red")
        self.assertEqual(self.bolide("sub", topic, "--group", group, "--from", "first", "--count", "1", "--trace"), "traced\n")
        for name in (sent["id"], "k-" + topic):
            events = self.until("message", "trace", name, what="both events",
                                wanted=lambda rows: [row.get("status") for row in rows] == ["success"] * 2)
            self.assertEqual([row["event"] for row in events], ["sent", "consumed"])
            self.assertEqual([row["id"] for row in events], [sent["id"]] * 2)
            self.assertEqual(events[0]["topic"], topic)
            self.assertEqual((events[0]["tag"], events[0]["keys"]), ("red", "k-" + topic))
            self.assertEqual(events[0]["offset_id"], sent["offset_id"])
            self.assertEqual((events[1]["group"], events[1]["attempt"]), (group, 1))
        self.assertIn("consumed", self.bolide("message", "trace", sent["id"]))

    def test_where_nobody_has_traced_yet_it_is_said_how_to(self):
        told = self.bolide("message", "trace", uuid.uuid4().hex.upper(), "--trace-topic", "no-such-topic", status=NOT_FOUND)
        self.assertIn("nobody has traced into topic no-such-topic yet", told)
        self.assertIn("pub --trace", told)

    def test_a_message_that_nobody_traced_has_no_trace(self):
        self.bolide("pub", self.topic(), "traced", "--trace")  # which makes the topic of traces
        self.bolide("message", "trace", uuid.uuid4().hex.upper(), status=NOT_FOUND)


class Paths(Waiting):
    def path(self, topic, sent, state, what):
        return self.until("message", "trace-path", topic, sent["id"], what=what,
                          wanted=lambda path: [group["state"] for group in path["groups"]] == [state])

    def test_a_message_is_followed_through_a_group(self):
        topic, group = self.topic("--queues", "1"), "cli-" + uuid.uuid4().hex[:12]
        first, second = self.json("pub", topic, "one"), self.json("pub", topic, "two")
        self.assertEqual(self.bolide("sub", topic, "--group", group, "--from", "first", "--count", "1"), "one\n")
        path = self.path(topic, first, "consumed", "the first is consumed")
        [stored] = path["stored"]
        self.assertEqual((stored["topic"], stored["queue"], stored["offset"], stored["offset_id"]),
                         (topic, 0, 0, first["offset_id"]))
        self.assertEqual((path["groups"][0]["group"], path["groups"][0]["committed"]), (group, 1))
        self.assertEqual(self.path(topic, second, "waiting", "the second waits")["groups"][0]["retries"], 0)
        self.assertIn("waiting", self.bolide("message", "trace-path", topic, second["id"]))

    def test_retries_and_dead_letters_are_found(self):
        topic, client = self.broker()
        group = "cli-" + uuid.uuid4().hex[:12]
        self.bolide("group", "create", group)
        sent = self.json("pub", topic, "bad", "--queue", "0")
        with client:
            client.commit(group, topic, 0, 1)
            client.call(36, {"offset": int(sent["offset_id"][16:], 16), "group": group, "delayLevel": 1,
                             "originMsgId": sent["id"], "originTopic": topic, "maxReconsumeTimes": 3})
            path = self.path(topic, sent, "retried", "its retry")
            self.assertEqual(path["groups"][0]["retries"], 1)
            [copy] = path["groups"][0]["retry_copies"]
            self.assertEqual((copy["topic"], copy["reconsume_times"]), ("%RETRY%" + group, 1))
            client.call(36, {"offset": int(copy["offset_id"][16:], 16), "group": group, "delayLevel": -1,
                             "originMsgId": sent["id"], "originTopic": topic, "maxReconsumeTimes": 3})
        path = self.path(topic, sent, "dead", "its dead letter")
        self.assertEqual(path["groups"][0]["dead_copies"][0]["topic"], "%DLQ%" + group)

    def test_a_message_that_is_not_there_is_not_found(self):
        self.bolide("message", "trace-path", self.topic(), uuid.uuid4().hex.upper(), status=NOT_FOUND)


class Pops(Waiting):
    def test_messages_are_lent_and_acknowledged(self):
        topic, group = self.topic(), "cli-" + uuid.uuid4().hex[:12]
        for i in range(5):
            self.bolide("pub", topic, f"m{i}")
        lent = self.json_lines("sub", topic, "--group", group, "--pop", "--from", "first", "--count", "5", "--invisible", "3s")
        self.assertEqual({message["body"] for message in lent}, {f"m{i}" for i in range(5)})
        self.assertEqual(self.bolide("sub", topic, "--group", group, "--pop", "--from", "first", "--wait", "5s"), "")

    def test_options_that_do_not_fit_are_refused(self):
        for arguments in (["--pop"], ["--invisible", "1s"], ["--trace"]):
            self.bolide("sub", "t", *arguments, status=USAGE)
        for place in ("last", "15m"):
            self.assertIn("group reset", self.bolide("sub", "t", "--group", "g", "--pop", "--from", place, status=USAGE))


if __name__ == "__main__":
    unittest.main()

// SPDX-License-Identifier: Apache-2.0
//
// Push consumers: sharing, take-over, broadcasting, order, filters, where a new group starts, failed messages.

use std::collections::{HashMap, HashSet};

use rocketmq_client_rust::producer::message_queue_selector::MessageQueueSelector;
use rocketmq_client_rust::producer::mq_producer::MQProducer;
use rocketmq_client_rust::producer::queue_selector::SelectMessageQueueByHash;
use rocketmq_common::common::message::message_ext::MessageExt;
use rocketmq_common::common::message::message_queue::MessageQueue;
use rocketmq_common::common::message::message_single::Message;

use crate::Case;
use crate::ctx::{Ctx, Named, Outcome, equal, eventually, holds, send, stored};
use crate::server::wait;
use crate::sink::{Setup, Sink, body_of, property_of};

pub const CASES: &[Case] = &[
    ("two_members_share_the_queues", share),
    ("an_orderly_consumer_tries_a_failed_message_again_in_place", orderly_again),
    ("an_orderly_consumer_gets_each_key_in_order", orderly),
    ("one_push_consumer_gets_every_message_once", one_consumer),
    ("broadcasting_gives_each_member_every_message", broadcasting),
    ("tags_select_what_a_consumer_gets", tags),
    ("a_new_group_from_last_starts_behind_what_is_there", from_last),
    ("a_new_group_from_a_time_gets_what_came_since", from_time),
];

fn one_consumer(t: &Ctx) -> Outcome {
    let (topic, mut p) = (t.topic(4)?, t.producer()?);
    let early = t.send_many(&mut p, &topic, 100, "early ")?;
    let sink = t.push(Setup { topic: &topic, ..Setup::default() })?;
    sink.await_count(100)?;
    let late = t.send_many(&mut p, &topic, 100, "late ")?;
    sink.await_exactly(&[early, late].concat())
}

fn queues_of(messages: &[MessageExt]) -> HashSet<i32> {
    messages.iter().map(MessageExt::queue_id).collect()
}

fn share(t: &Ctx) -> Outcome {
    let (topic, mut p, group) = (t.topic(4)?, t.producer()?, t.unique("G"));
    let a = t.push(Setup { topic: &topic, group: &group, ..Setup::default() })?;
    a.await_exactly(&t.send_many(&mut p, &topic, 8, "alone ")?)?;
    let b = t.push(Setup { topic: &topic, group: &group, ..Setup::default() })?;
    let mut wave = 0;
    eventually("two queues each", 30, || {
        wave += 1;
        let (before, beside) = (a.count(), b.count());
        t.send_many(&mut p, &topic, 8, &format!("wave {wave} "))?;
        eventually("a wave", 15, || holds("all came", a.count() - before + b.count() - beside >= 8))?;
        let (mine, yours) = (queues_of(&a.got()[before..]), queues_of(&b.got()[beside..]));
        equal("queues of both", (2, 2), (mine.len(), yours.len()))
    })
}

fn broadcasting(t: &Ctx) -> Outcome {
    let (topic, mut p, group) = (t.topic(4)?, t.producer()?, t.unique("G"));
    let member = || t.push(Setup { topic: &topic, group: &group, broadcasting: true, ..Setup::default() });
    let (a, b) = (member()?, member()?);
    let bodies = t.send_many(&mut p, &topic, 40, "b ")?;
    a.await_exactly(&bodies)?;
    b.await_exactly(&bodies)
}

fn send_keys(t: &Ctx, topic: &str, from: usize, to: usize) -> Outcome {
    let mut p = t.producer()?;
    for i in from..to {
        let key = format!("k{}", i % 5);
        let m = Message::builder().topic(topic).key(key.as_str()).body_slice(format!("{i:04}").as_bytes()).build_unchecked();
        let select = |queues: &[MessageQueue], m: &Message, key: &String| SelectMessageQueueByHash.select(queues, m, key);
        stored(wait(p.send_with_selector(m, select, key)).named("send")?)?;
    }
    Ok(())
}

fn in_order(sink: &Sink) -> Outcome {
    let mut last: HashMap<String, String> = HashMap::new();
    for message in sink.got() {
        let (key, body) = (property_of(&message, "KEYS"), body_of(&message));
        let before = last.insert(key.clone(), body.clone()).unwrap_or_default();
        holds(&format!("key {key}: {body} came behind {before}"), body > before)?;
    }
    Ok(())
}

fn orderly(t: &Ctx) -> Outcome {
    let topic = t.topic(4)?;
    let sink = t.push(Setup { topic: &topic, orderly: true, ..Setup::default() })?;
    send_keys(t, &topic, 0, 100)?;
    sink.await_count(100)?;
    equal("messages", 100, sink.count())?;
    in_order(&sink)
}

fn orderly_again(t: &Ctx) -> Outcome {
    let (topic, mut p) = (t.topic(1)?, t.producer()?);
    let bodies = t.send_many(&mut p, &topic, 3, "m")?;
    let sink = t.push(Setup { topic: &topic, orderly: true, fail_first: 1, ..Setup::default() })?;
    sink.await_count(4)?;
    equal("bodies", [&bodies[..1], &bodies].concat(), sink.bodies())
}

fn tags(t: &Ctx) -> Outcome {
    let (topic, mut p) = (t.topic(2)?, t.producer()?);
    let some = t.push(Setup { topic: &topic, tags: "red || blue", ..Setup::default() })?;
    let all = t.push(Setup { topic: &topic, ..Setup::default() })?;
    let (mut chosen, mut every) = (Vec::new(), Vec::new());
    for i in 0..30 {
        let tag = ["red", "green", "blue"][i % 3];
        let body = format!("{tag} {i}");
        send(&mut p, Message::builder().topic(topic.as_str()).tags(tag).body_slice(body.as_bytes()).build_unchecked())?;
        every.push(body.clone());
        if tag != "green" {
            chosen.push(body);
        }
    }
    all.await_exactly(&every)?;
    some.await_exactly(&chosen)
}

/// This client asks for the largest offset itself, unless the server knows where the group is.
fn from_last(t: &Ctx) -> Outcome {
    let (topic, mut p) = (t.topic(1)?, t.producer()?);
    let old = t.send_many(&mut p, &topic, 10, "old ")?;
    let sink = t.push(Setup { topic: &topic, from_last: true, ..Setup::default() })?;
    let new = t.send_many(&mut p, &topic, 10, "new ")?;
    // A queue that was never trimmed: there the server says 0.
    sink.await_exactly(&[old, new].concat())
}

fn from_time(t: &Ctx) -> Outcome {
    let (topic, mut p) = (t.topic(1)?, t.producer()?);
    let bodies = t.send_many(&mut p, &topic, 10, "m ")?;
    t.push(Setup { topic: &topic, since: "20200101000000", ..Setup::default() })?.await_exactly(&bodies)
}


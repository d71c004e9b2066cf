// SPDX-License-Identifier: Apache-2.0
//
// Producers: the ways to send, what a message carries, limits.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use rocketmq_client_rust::producer::message_queue_selector::MessageQueueSelector;
use rocketmq_client_rust::producer::mq_producer::MQProducer;
use rocketmq_client_rust::producer::queue_selector::{SelectMessageQueueByHash, SelectMessageQueueByRandom};
use rocketmq_common::common::message::MessageTrait;
use rocketmq_common::common::message::message_queue::MessageQueue;
use rocketmq_common::common::message::message_single::Message;

use crate::Case;
use crate::ctx::{Ctx, Named, Outcome, equal, eventually, holds, message, numbered, queue_of, send, send_to, stored};
use crate::server::wait;
use crate::sink::{Setup, body_of, property_of};

pub const CASES: &[Case] = &[
    ("sync_sends_count_the_offsets_of_a_queue", sync_sends),
    ("async_sends_answer_each_message", async_sends),
    ("async_sends_to_a_queue_go_there", async_to_a_queue),
    ("one_way_sends_arrive", one_way),
    ("a_batch_arrives_whole_and_in_order", batch),
    ("a_batch_to_a_queue_goes_there", batch_to_a_queue),
    ("a_hash_selector_keeps_a_key_in_one_queue", hash_selector),
    ("a_random_selector_reaches_every_queue", random_selector),
    ("a_message_carries_tag_keys_and_properties", carries),
    ("unicode_bodies_and_properties_come_back_whole", unicode),
    ("a_body_of_four_megabytes_less_one_arrives", big),
    ("a_body_over_four_megabytes_is_refused", too_big),
    ("a_compressed_body_comes_back_whole", compressed),
    ("what_came_back_names_the_message", names),
];

const MEGABYTE: usize = 1 << 20;

fn sync_sends(t: &Ctx) -> Outcome {
    let (topic, mut p) = (t.topic(1)?, t.producer()?);
    for i in 0..10 {
        equal("offset", i, send_to(&mut p, message(&topic, "m"), &t.queues(&topic)[0])?.queue_offset)?;
    }
    Ok(())
}

/// What the answers to asynchronous sends said: the ids, or what went wrong.
#[derive(Clone, Default)]
struct Answers(Arc<Mutex<Vec<Result<String, String>>>>);

impl Answers {
    fn count(&self) -> usize {
        self.0.lock().expect("no panic before").len()
    }

    fn await_ids(&self, count: usize) -> Outcome<HashSet<String>> {
        eventually("the answers", 30, || holds(&format!("{} of {count} came", self.count()), self.count() >= count))?;
        self.0.lock().expect("no panic before").iter().cloned().collect()
    }
}

macro_rules! answering {
    ($answers:expr) => {{
        let answers = $answers.clone();
        move |sent: Option<&rocketmq_client_rust::producer::send_result::SendResult>, error: Option<&dyn std::error::Error>| {
            let answer = match (sent, error) {
                (Some(sent), None) => Ok(sent.msg_id.clone().unwrap_or_default().to_string()),
                (_, error) => Err(error.map_or("neither result nor error".to_string(), |error| error.to_string())),
            };
            answers.0.lock().expect("no panic before").push(answer);
        }
    }};
}

fn async_sends(t: &Ctx) -> Outcome {
    let (topic, mut p) = (t.topic(4)?, t.producer()?);
    let sink = t.push(Setup { topic: &topic, ..Setup::default() })?;
    let (bodies, answers) = (numbered("a", 100), Answers::default());
    for body in &bodies {
        wait(p.send_with_callback(message(&topic, body), answering!(answers))).named("async send")?;
    }
    equal("different ids", 100, answers.await_ids(100)?.len())?;
    sink.await_exactly(&bodies)
}

fn async_to_a_queue(t: &Ctx) -> Outcome {
    let (topic, mut p) = (t.topic(4)?, t.producer()?);
    let sink = t.push(Setup { topic: &topic, ..Setup::default() })?;
    let (bodies, answers, queue) = (numbered("a", 20), Answers::default(), t.queues(&topic)[2].clone());
    for body in &bodies {
        wait(p.send_to_queue_with_callback(message(&topic, body), queue.clone(), answering!(answers))).named("async send")?;
    }
    equal("different ids", 20, answers.await_ids(20)?.len())?;
    sink.await_exactly(&bodies)?;
    holds("all are in queue 2", sink.got().iter().all(|message| message.queue_id() == 2))
}

fn one_way(t: &Ctx) -> Outcome {
    let (topic, mut p, bodies) = (t.topic(4)?, t.producer()?, numbered("o", 50));
    for body in &bodies {
        wait(p.send_oneway(message(&topic, body))).named("one-way send")?;
    }
    t.push(Setup { topic: &topic, ..Setup::default() })?.await_exactly(&bodies)
}

fn of_a_batch(topic: &str, bodies: &[String]) -> Vec<Message> {
    let one = |body: &String| Message::builder().topic(topic).tags("T").key(body.as_str()).body_slice(body.as_bytes()).build_unchecked();
    bodies.iter().map(one).collect()
}

fn batch(t: &Ctx) -> Outcome {
    let (topic, mut p) = (t.topic(4)?, t.producer()?);
    let bodies: Vec<_> = (0..50).map(|i| format!("b{i:02}")).collect();
    let sent = stored(Some(wait(p.send_batch(of_a_batch(&topic, &bodies))).named("batch")?))?;
    let sink = t.push(Setup { topic: &topic, tags: "T", ..Setup::default() })?;
    sink.await_exactly(&bodies)?;
    let mut got = sink.got();
    got.sort_by_key(|message| message.queue_offset());
    for (i, message) in got.iter().enumerate() {
        equal("offset", sent.queue_offset as i64 + i as i64, message.queue_offset())?;
        equal("body", bodies[i].clone(), body_of(message))?;
        equal("keys", bodies[i].clone(), property_of(message, "KEYS"))?;
        equal("queue", queue_of(&sent), message.queue_id())?;
    }
    Ok(())
}

fn batch_to_a_queue(t: &Ctx) -> Outcome {
    let (topic, mut p, bodies) = (t.topic(4)?, t.producer()?, numbered("b", 10));
    for begin in [0, 10] {
        let sent = wait(p.send_batch_to_queue(of_a_batch(&topic, &bodies), t.queues(&topic)[1].clone())).named("batch")?;
        equal("queue", 1, queue_of(&sent))?;
        equal("offset", begin, sent.queue_offset)?;
    }
    t.push(Setup { topic: &topic, ..Setup::default() })?.await_exactly(&[bodies.clone(), bodies].concat())
}

fn hash_selector(t: &Ctx) -> Outcome {
    let (topic, mut p, mut used) = (t.topic(8)?, t.producer()?, HashMap::new());
    for i in 0..64 {
        let key = format!("key{}", i % 16);
        let select = |queues: &[MessageQueue], m: &Message, key: &String| SelectMessageQueueByHash.select(queues, m, key);
        let sent = stored(wait(p.send_with_selector(message(&topic, "m"), select, key.clone())).named("send")?)?;
        equal(&format!("queue of {key}"), *used.entry(key).or_insert(queue_of(&sent)), queue_of(&sent))?;
    }
    holds("several queues are used", used.values().collect::<HashSet<_>>().len() > 1)
}

fn random_selector(t: &Ctx) -> Outcome {
    let (topic, mut p, mut used) = (t.topic(4)?, t.producer()?, HashSet::new());
    for _ in 0..200 {
        let select = |queues: &[MessageQueue], m: &Message, key: &()| SelectMessageQueueByRandom.select(queues, m, key);
        used.insert(queue_of(&stored(wait(p.send_with_selector(message(&topic, "m"), select, ())).named("send")?)?));
    }
    equal("queues reached", 4, used.len())
}

fn carries(t: &Ctx) -> Outcome {
    let (topic, mut p) = (t.topic(1)?, t.producer()?);
    let keys = vec!["k1".to_string(), "k2".to_string()];
    let mut m = Message::builder().topic(topic.as_str()).tags("tag").keys(keys).body_slice(b"body").build_unchecked();
    m.set_flag(7);
    m.put_user_property("colour".into(), "green".into()).named("property")?;
    m.put_user_property("equals".into(), "a=b;c&d".into()).named("property")?;
    send(&mut p, m)?;
    let sink = t.push(Setup { topic: &topic, ..Setup::default() })?;
    sink.await_count(1)?;
    let got = &sink.got()[0];
    equal("tag", "tag".to_string(), property_of(got, "TAGS"))?;
    equal("keys", "k1 k2".to_string(), property_of(got, "KEYS"))?;
    equal("flag", 7, got.flag())?;
    equal("property", "green".to_string(), property_of(got, "colour"))?;
    equal("property with signs", "a=b;c&d".to_string(), property_of(got, "equals"))
}

fn unicode(t: &Ctx) -> Outcome {
    let (topic, mut p, text) = (t.topic(1)?, t.producer()?, "žluť 消息 \u{1F680} \"quoted\" \\ {[,:]}");
    let mut m = Message::builder().topic(topic.as_str()).tags("štítek").key("клюЧ").body_slice(text.as_bytes()).build_unchecked();
    m.put_user_property("имя".into(), text.into()).named("property")?;
    send(&mut p, m)?;
    let sink = t.push(Setup { topic: &topic, ..Setup::default() })?;
    sink.await_count(1)?;
    let got = &sink.got()[0];
    equal("body", text.to_string(), body_of(got))?;
    equal("tag", "štítek".to_string(), property_of(got, "TAGS"))?;
    equal("keys", "клюЧ".to_string(), property_of(got, "KEYS"))?;
    equal("property", text.to_string(), property_of(got, "имя"))
}

/// Bytes that do not compress.
fn noise(size: usize) -> Bytes {
    let mut state = 0x9E37_79B9_7F4A_7C15u64;
    let next = |_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    };
    (0..size).map(next).collect::<Vec<_>>().into()
}

fn comes_back(t: &Ctx, topic: &str, body: &Bytes) -> Outcome {
    let sink = t.push(Setup { topic, ..Setup::default() })?;
    sink.await_count(1)?;
    holds("the body is the same", sink.got()[0].body().as_ref() == Some(body))
}

fn big(t: &Ctx) -> Outcome {
    let (topic, body) = (t.topic(1)?, noise(4 * MEGABYTE - 1));
    let mut p = t.producer_with(|builder| builder.compress_msg_body_over_howmuch(1 << 30))?;
    send(&mut p, Message::builder().topic(topic.as_str()).body(body.clone()).build_unchecked())?;
    comes_back(t, &topic, &body)
}

fn too_big(t: &Ctx) -> Outcome {
    let topic = t.topic(1)?;
    let mut p = t.producer_with(|builder| builder.compress_msg_body_over_howmuch(1 << 30).max_message_size(1 << 30))?;
    let sent = wait(p.send(Message::builder().topic(topic.as_str()).body(noise(4 * MEGABYTE + 1)).build_unchecked()));
    holds("it was refused", sent.is_err())?;
    // The producer lives on.
    send(&mut p, message(&topic, "small")).map(drop)
}

fn compressed(t: &Ctx) -> Outcome {
    let (topic, body) = (t.topic(1)?, Bytes::from("compress me ".repeat(10_000)));
    let mut p = t.producer_with(|builder| builder.compress_msg_body_over_howmuch(100))?;
    send(&mut p, Message::builder().topic(topic.as_str()).body(body.clone()).build_unchecked())?;
    comes_back(t, &topic, &body)
}

fn names(t: &Ctx) -> Outcome {
    let before = SystemTime::now().duration_since(UNIX_EPOCH).named("clock")?.as_millis() as i64 - 60_000;
    let (topic, mut p) = (t.topic(1)?, t.producer()?);
    let sent = send(&mut p, message(&topic, "m"))?;
    let sink = t.push(Setup { topic: &topic, ..Setup::default() })?;
    sink.await_count(1)?;
    let got = &sink.got()[0];
    equal("id that the client made", sent.msg_id.unwrap_or_default().to_string(), property_of(got, "UNIQ_KEY"))?;
    equal("id that the server made", sent.offset_msg_id.unwrap_or_default(), got.msg_id().to_string())?;
    equal("offset", sent.queue_offset as i64, got.queue_offset())?;
    equal("store host", t.broker.clone(), got.store_host().to_string())?;
    holds("born and stored in this minute", got.born_timestamp() > before && got.store_timestamp() > before)
}


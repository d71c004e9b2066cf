// SPDX-License-Identifier: Apache-2.0
//
// Messages that arrive later than they are sent: the levels, times, recall.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rocketmq_client_rust::producer::mq_producer::MQProducer;
use rocketmq_common::common::message::message_builder::MessageBuilder;
use rocketmq_common::common::message::message_single::Message;

use crate::Case;
use crate::ctx::{Ctx, Named, Outcome, equal, holds, message, send};
use crate::server::wait;
use crate::sink::Setup;

pub const CASES: &[Case] = &[
    ("a_delay_level_delays", level),
    ("a_delay_in_seconds_delays", seconds),
    ("a_delay_in_milliseconds_delays", milliseconds),
    ("a_time_of_delivery_is_kept", at_a_time),
    ("a_recalled_message_never_comes", recalled),
];

const SECOND: Duration = Duration::from_secs(1);

fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

fn delayed(t: &Ctx, by: impl FnOnce(MessageBuilder) -> MessageBuilder) -> Outcome {
    let (topic, mut p) = (t.topic(1)?, t.producer()?);
    let sink = t.push(Setup { topic: &topic, ..Setup::default() })?;
    let before = now();
    send(&mut p, by(Message::builder().topic(topic.as_str()).body_slice(b"late")).build_unchecked())?;
    sink.await_exactly(&["late".to_string()])?;
    let took = Duration::from_millis(sink.got()[0].store_timestamp() as u64).saturating_sub(before);
    holds(&format!("3 s between, but for the clock of the server: {took:?}"), took > SECOND * 2 && took < SECOND * 20)
}

/// The third one is 10 s, the second 5 s.
fn level(t: &Ctx) -> Outcome {
    delayed(t, |m| m.delay_level(2))
}

fn seconds(t: &Ctx) -> Outcome {
    delayed(t, |m| m.delay_secs(3))
}

fn milliseconds(t: &Ctx) -> Outcome {
    delayed(t, |m| m.delay_millis(3_000))
}

fn at_a_time(t: &Ctx) -> Outcome {
    delayed(t, |m| m.deliver_time_ms((now() + SECOND * 3).as_millis() as u64))
}

fn recalled(t: &Ctx) -> Outcome {
    let (topic, mut p) = (t.topic(1)?, t.producer()?);
    let sink = t.push(Setup { topic: &topic, ..Setup::default() })?;
    let late = |body: &str, seconds| Message::builder().topic(topic.as_str()).body_slice(body.as_bytes()).delay_secs(seconds).build_unchecked();
    let sent = send(&mut p, late("recalled", 5))?;
    let handle = sent.recall_handle().ok_or("no handle to recall it")?.to_string();
    let id = wait(p.recall_message(topic.as_str(), handle)).named("recall")?;
    equal("id of what was recalled", sent.msg_id.unwrap_or_default().to_string(), id)?;
    // What is due after it came first.
    send(&mut p, late("other", 8))?;
    send(&mut p, message(&topic, "at once"))?;
    sink.await_exactly(&["at once".to_string(), "other".to_string()])
}

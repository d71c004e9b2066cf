// SPDX-License-Identifier: Apache-2.0
//
// Consumers whose queues the server hands out: popping.

use rocketmq_client_rust::admin::mq_admin_ext_async::MQAdminExt;
use rocketmq_common::common::message::message_enum::MessageRequestMode;

use crate::Case;
use crate::ctx::{Ctx, Named, Outcome, equal, eventually};
use crate::server::{REQUEST_MS, wait};
use crate::sink::Setup;

pub const CASES: &[Case] = &[
    ("a_popping_consumer_gets_every_message_once", one_popper),
    ("two_popping_members_get_every_message_between_them", two_poppers),
    ("what_was_popped_and_acknowledged_does_not_come_again", continues),
    ("a_failed_popped_message_comes_again", failed),
];

/// A group that pops this topic from now on.
fn popping_group(t: &Ctx, topic: &str) -> Outcome<String> {
    let group = t.unique("G");
    let (broker, pop) = (t.broker.as_str().into(), MessageRequestMode::Pop);
    wait(t.admin.set_message_request_mode(broker, topic.into(), group.as_str().into(), pop, 8, REQUEST_MS)).named("request mode")?;
    Ok(group)
}

fn one_popper(t: &Ctx) -> Outcome {
    let (topic, mut p) = (t.topic(4)?, t.producer()?);
    let group = popping_group(t, &topic)?;
    let early = t.send_many(&mut p, &topic, 40, "early ")?;
    let sink = t.push(Setup { topic: &topic, group: &group, pop: true, ..Setup::default() })?;
    sink.await_count(40)?;
    let late = t.send_many(&mut p, &topic, 40, "late ")?;
    sink.await_exactly(&[early, late].concat())
}

fn two_poppers(t: &Ctx) -> Outcome {
    let (topic, mut p) = (t.topic(2)?, t.producer()?);
    let group = popping_group(t, &topic)?;
    let a = t.push(Setup { topic: &topic, group: &group, pop: true, ..Setup::default() })?;
    let b = t.push(Setup { topic: &topic, group: &group, pop: true, ..Setup::default() })?;
    let bodies = t.send_many(&mut p, &topic, 100, "m ")?;
    eventually("all between them", 30, || equal("messages", bodies.len(), a.count() + b.count()))?;
    let mut got = [a.bodies(), b.bodies()].concat();
    got.sort();
    equal("bodies", crate::ctx::sorted(&bodies), got)
}

fn continues(t: &Ctx) -> Outcome {
    let (topic, mut p) = (t.topic(2)?, t.producer()?);
    let group = popping_group(t, &topic)?;
    let first = t.push(Setup { topic: &topic, group: &group, pop: true, ..Setup::default() })?;
    first.await_exactly(&t.send_many(&mut p, &topic, 20, "first ")?)?;
    first.stop();
    let later = t.send_many(&mut p, &topic, 20, "later ")?;
    t.push(Setup { topic: &topic, group: &group, pop: true, ..Setup::default() })?.await_exactly(&later)
}

fn failed(t: &Ctx) -> Outcome {
    let (topic, mut p) = (t.topic(1)?, t.producer()?);
    let group = popping_group(t, &topic)?;
    let sink = t.push(Setup { topic: &topic, group: &group, pop: true, fail_first: 1, ..Setup::default() })?;
    t.send_many(&mut p, &topic, 1, "again ")?;
    eventually("it comes again", 60, || equal("bodies", vec!["again 0".to_string(); 2], sink.bodies()))
}

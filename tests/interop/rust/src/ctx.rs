// SPDX-License-Identifier: Apache-2.0
//
// What one case works with: the server, producers, checks whose failure says what was expected and what came, and a
// list of what to shut down behind the case.

use std::cell::RefCell;
use std::fmt::{Debug, Display};
use std::ops::Deref;
use std::sync::Arc;
use std::thread::sleep;
use std::time::{Duration, Instant};

use rocketmq_client_rust::admin::mq_admin_ext_async::MQAdminExt;
use rocketmq_client_rust::producer::default_mq_produce_builder::DefaultMQProducerBuilder;
use rocketmq_client_rust::producer::default_mq_producer::DefaultMQProducer;
use rocketmq_client_rust::producer::mq_producer::MQProducer;
use rocketmq_client_rust::producer::send_result::SendResult;
use rocketmq_client_rust::producer::send_status::SendStatus;
use rocketmq_common::common::config::TopicConfig;
use rocketmq_common::common::message::message_queue::MessageQueue;
use rocketmq_common::common::message::message_single::Message;

use crate::server::{REQUEST_MS, Server, wait};

/// The error says what was expected and what came.
pub type Outcome<T = ()> = Result<T, String>;

pub trait Named<T> {
    fn named(self, what: &str) -> Outcome<T>;
}

impl<T, E: Display> Named<T> for Result<T, E> {
    fn named(self, what: &str) -> Outcome<T> {
        self.map_err(|error| format!("{what}: {error}"))
    }
}

pub fn equal<T: PartialEq + Debug>(what: &str, expected: T, got: T) -> Outcome {
    if expected == got { Ok(()) } else { Err(format!("{what}: expected {}, got {}", brief(&expected), brief(&got))) }
}

pub fn holds(what: &str, it: bool) -> Outcome {
    if it { Ok(()) } else { Err(format!("not so: {what}")) }
}

fn brief(value: &impl Debug) -> String {
    let text = format!("{value:?}");
    if text.chars().count() <= 300 { text } else { text.chars().take(300).chain("...".chars()).collect() }
}

/// Asks again until the probe has an answer; fails with its last error after so many seconds.
pub fn eventually<T>(what: &str, seconds: u64, mut probe: impl FnMut() -> Outcome<T>) -> Outcome<T> {
    let end = Instant::now() + Duration::from_secs(seconds);
    loop {
        match probe() {
            Ok(value) => return Ok(value),
            Err(cause) if Instant::now() > end => return Err(format!("{what} not within {seconds} s; {cause}")),
            Err(_) => sleep(Duration::from_millis(20)),
        }
    }
}

pub fn message(topic: &str, body: &str) -> Message {
    Message::builder().topic(topic).body_slice(body.as_bytes()).build_unchecked()
}

pub fn sorted(texts: &[String]) -> Vec<String> {
    let mut all = texts.to_vec();
    all.sort();
    all
}

/// The bodies "prefix0" and so on.
pub fn numbered(prefix: &str, count: usize) -> Vec<String> {
    (0..count).map(|i| format!("{prefix}{i}")).collect()
}

/// Sends and wants it stored.
pub fn send(p: &mut DefaultMQProducer, m: Message) -> Outcome<SendResult> {
    stored(wait(p.send(m)).named("send")?)
}

pub fn send_to(p: &mut DefaultMQProducer, m: Message, queue: &MessageQueue) -> Outcome<SendResult> {
    stored(wait(p.send_to_queue(m, queue.clone())).named("send to a queue")?)
}

pub fn stored(sent: Option<SendResult>) -> Outcome<SendResult> {
    let sent = sent.ok_or("a send without a result")?;
    equal("status of the send", SendStatus::SendOk, sent.send_status)?;
    Ok(sent)
}

pub fn queue_of(sent: &SendResult) -> i32 {
    sent.message_queue.as_ref().map_or(-1, MessageQueue::queue_id)
}

pub struct Ctx {
    server: Arc<Server>,
    closes: RefCell<Vec<Box<dyn FnOnce() + Send>>>,
}

impl Deref for Ctx {
    type Target = Server;
    fn deref(&self) -> &Server {
        &self.server
    }
}

impl Ctx {
    pub fn new(server: Arc<Server>) -> Self {
        Self { server, closes: RefCell::default() }
    }

    pub fn own(&self, end: impl FnOnce() + Send + 'static) {
        self.closes.borrow_mut().push(Box::new(end));
    }

    pub fn close(&self) {
        for end in self.closes.take().into_iter().rev() {
            end();
        }
    }

    /// Creates a topic and waits until the name server gives its route.
    pub fn topic(&self, queues: u32) -> Outcome<String> {
        let name = self.unique("T");
        self.set_topic(&name, queues)?;
        eventually("route of the new topic", 10, || equal("queues", queues as usize, self.queues(&name).len()))?;
        Ok(name)
    }

    pub fn set_topic(&self, name: &str, queues: u32) -> Outcome {
        let mut config = TopicConfig::with_queues(name, queues, queues);
        config.perm = 6;
        wait(self.admin.create_and_update_topic_config(self.broker.as_str().into(), config)).named("create topic")
    }

    /// A started one that never tries again, so that a count of messages means something.
    pub fn producer(&self) -> Outcome<DefaultMQProducer> {
        self.producer_with(|builder| builder)
    }

    pub fn producer_with(
        &self,
        more: impl FnOnce(DefaultMQProducerBuilder) -> DefaultMQProducerBuilder,
    ) -> Outcome<DefaultMQProducer> {
        let builder = DefaultMQProducer::builder()
            .client_config(self.config("p"))
            .producer_group(self.unique("P"))
            .send_msg_timeout(REQUEST_MS as u32)
            .retry_times_when_send_failed(0)
            .retry_times_when_send_async_failed(0);
        let mut p = more(builder).build();
        wait(p.start()).named("start of a producer")?;
        let mut owned = p.clone();
        self.own(move || wait(owned.shutdown()));
        Ok(p)
    }

    /// Sends bodies prefix0.. round robin over the queues; gives the bodies.
    pub fn send_many(&self, p: &mut DefaultMQProducer, topic: &str, count: usize, prefix: &str) -> Outcome<Vec<String>> {
        let (queues, bodies) = (self.queues(topic), numbered(prefix, count));
        for (body, queue) in bodies.iter().zip(queues.iter().cycle()) {
            equal("queue sent to", queue.queue_id(), queue_of(&send_to(p, message(topic, body), queue)?))?;
        }
        Ok(bodies)
    }
}
